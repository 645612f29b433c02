"""A made-up chain that a test lets grow, fork and lie; it answers what the watcher asks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from eth_abi.abi import encode

from cortensor_tui.chain.contracts.abi import load_interface
from cortensor_tui.chain.rpc.client import Call, EndpointError, RpcError
from cortensor_tui.domain.endpoints import EndpointFault
from cortensor_tui.domain.problems import Problem, ProblemError
from tests.support.scripted_rpc import ScriptedRpc

QUEUE, SESSIONS = "0x" + "aa" * 20, "0x" + "bb" * 20
NODE, STRANGER = "0x" + "11" * 20, "0x" + "22" * 20
_EVENTS = {event.name: event for event in load_interface("SessionQueueV2").events.values()}


class Block:
    """One block and its logs."""

    def __init__(self, number: int, digest: int, logs: list[dict[str, Any]]) -> None:
        self.number, self.hash, self.logs = number, f"0x{digest:064x}", logs
        for index, entry in enumerate(logs):
            entry |= {"blockNumber": hex(number), "blockHash": self.hash, "logIndex": hex(index)}

    def header(self) -> dict[str, Any]:
        return {"number": hex(self.number), "hash": self.hash, "timestamp": hex(self.number)}


def queue_log(name: str, session_id: int, task_id: int, *rest: Any, transaction: int = 0) -> dict[str, Any]:
    """A log of the queue, as an endpoint tells it."""
    event = _EVENTS[name]
    return {
        "address": QUEUE,
        "topics": [event.topic0],
        "data": "0x" + encode(event.types, (session_id, task_id, *rest)).hex(),
        "transactionHash": f"0x{transaction:064x}",
    }


class ForkingChain(ScriptedRpc):
    """An `Rpc`. `lie` may change the logs of an answer, `fault` may raise instead of answering."""

    def __init__(self) -> None:
        self._digests = itertools.count(1)
        self.blocks = [Block(0, 0, [])]
        self.lie: Callable[[list[dict[str, Any]]], list[Any]] = lambda logs: list(logs)
        self.fault: Callable[[Call], ProblemError | None] = lambda call: None
        self.requests = 0
        self.most_span = 10_000
        self.refuses_ahead = False  # a range that begins after the head, as anvil does

    def mine(self, *logs: dict[str, Any]) -> None:
        """Add a block. Each log is in a transaction of its own, the same one on every fork."""
        self.blocks.append(Block(len(self.blocks), next(self._digests), [dict(entry) for entry in logs]))

    def drop(self, depth: int) -> None:
        """Take the newest blocks away; the first one stays."""
        del self.blocks[max(1, len(self.blocks) - depth) :]

    def logs(self, first: int = 0, last: int | None = None) -> list[dict[str, Any]]:
        """Return every log on the chain, in order."""
        return [
            entry for block in self.blocks[first : None if last is None else last + 1] for entry in block.logs
        ]

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        self.requests += 1
        answers: list[Any] = []
        for call in calls:
            error = self.fault(call)
            if error is not None and not isinstance(error, RpcError):
                raise error
            answers.append(error if error is not None else self._answer(*call))
        return answers

    def _answer(self, method: str, params: Sequence[Any]) -> Any:
        if method == "eth_getBlockByNumber":
            number = len(self.blocks) - 1 if params[0] == "latest" else int(params[0], 16)
            return self.blocks[number].header() if number < len(self.blocks) else None
        assert method == "eth_getLogs", method
        asked = params[0]
        first = int(asked["fromBlock"], 16)
        last = len(self.blocks) - 1 if asked["toBlock"] == "latest" else int(asked["toBlock"], 16)
        if self.refuses_ahead and first >= len(self.blocks):
            return RpcError(-32602, f"block height is {len(self.blocks) - 1} but requested was {first}")
        if last - first + 1 > self.most_span:
            return RpcError(-32005, f"the range is larger than {self.most_span} blocks")
        return self.lie(self.logs(first, last))


def no_answer() -> EndpointError:
    """What a client raises when an endpoint did not answer."""
    problem = Problem(code="no_rpc", what="The chain endpoint did not answer", why="it took too long")
    return EndpointError(problem, EndpointFault.TIMEOUT)
