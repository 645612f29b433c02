"""Contracts that a test makes up: an endpoint that answers each function from a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eth_abi.abi import encode

from cortensor_tui.chain.contracts.abi import Function, decode_arguments, load_interface
from cortensor_tui.chain.rpc.client import Call, RpcError
from cortensor_tui.domain.networks import Generation
from tests.support.scripted_rpc import ScriptedRpc


class ScriptedContracts(ScriptedRpc):
    """An endpoint behind which functions answer from a table; any other reverts, as an unknown one does."""

    def __init__(self, generation: Generation, answers: Mapping[str, tuple[Any, ...]]) -> None:
        self.asked: list[str] = []
        self.requests = 0
        self._answers = answers
        self._functions = {
            function.selector: function
            for contract in ("SessionV2", "SessionQueueV2")
            for function in load_interface(contract, generation).functions.values()
        }

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        self.requests += 1
        return [self._answer(params[0]["data"]) for _, params in calls]

    def _answer(self, calldata: str) -> Any:
        function = self._functions.get(bytes.fromhex(calldata[2:10]))
        if function is None or function.name not in self._answers:
            return RpcError(3, "execution reverted", "0x")
        self.asked.append(function.name)
        assert decode_arguments(function, calldata) is not None
        return answer_of(function, self._answers[function.name])


def answer_of(function: Function, values: tuple[Any, ...]) -> str:
    return "0x" + encode(function.outputs, values).hex()
