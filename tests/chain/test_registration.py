"""Whether the network has registered the node: told where a public contract tells it, unknown elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from cortensor_tui.chain.networks.profiles import load_profiles
from cortensor_tui.chain.networks.registration import read_registration
from cortensor_tui.chain.rpc.client import Call, RpcError
from tests.support.scripted_rpc import ScriptedRpc

NODE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
LEVELS = "0x6C1255dCd8EFc56A1D4cBF0787f30A049E5Ff093"
WORD = "0x" + "0" * 63


class OneAnswer(ScriptedRpc):
    """An endpoint that answers every call alike, or refuses it."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.asked: list[tuple[str, Any]] = []

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        [call] = calls
        self.asked.append(call)
        return [self._answer]


@pytest.mark.parametrize(
    ("answer", "is_registered", "said"),
    [
        (WORD + "1", True, f"registered, says CognitiveLevel at {LEVELS}"),
        (WORD + "0", False, f"not registered, says CognitiveLevel at {LEVELS}"),
        ("0x", None, "answered something else"),
        (RpcError(3, "execution reverted: paused"), None, "refused: execution reverted: paused"),
    ],
)
async def test_a_network_with_a_public_contract_tells(
    answer: Any, is_registered: bool | None, said: str
) -> None:
    rpc = OneAnswer(answer)
    told = await read_registration(rpc, load_profiles()["devnet7"], NODE)
    assert told.is_registered is is_registered
    assert said in told.detail
    [(method, (call, block))] = rpc.asked
    assert (method, call["to"], block) == ("eth_call", LEVELS, "latest")
    assert call["data"].endswith(NODE[2:].lower())


@pytest.mark.parametrize("network", ["local", "testnet-0", "testnet-1"])
async def test_a_network_without_one_is_not_asked(network: str) -> None:
    rpc = OneAnswer(AssertionError("asked"))
    told = await read_registration(rpc, load_profiles()[network], NODE)
    assert told.is_registered is None
    assert "not readable on this network" in told.detail
    assert rpc.asked == []
