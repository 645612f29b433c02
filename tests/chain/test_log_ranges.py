"""Ranges of logs: an answer that is too large is asked for in smaller parts at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.rpc.client import Call, EndpointError, RpcError
from cortensor_tui.chain.watching.events import LogDecoder
from cortensor_tui.chain.watching.heads import head_from
from cortensor_tui.chain.watching.log_ranges import LogRanges
from cortensor_tui.domain.clock import SYSTEM_CLOCK
from cortensor_tui.domain.endpoints import EndpointFault
from cortensor_tui.domain.problems import Problem
from tests.support.scripted_rpc import ScriptedRpc

NODE = "0x" + "22" * 20
CONTRACTS = Contracts(session_v2="0x" + "11" * 20, session_queue_v2="0x" + "12" * 20)


class SmallAnswers(ScriptedRpc):
    """An endpoint whose answers for more than `bears` blocks fail; it keeps what it was asked."""

    def __init__(self, bears: int, error: Exception) -> None:
        self._bears, self._error = bears, error
        self.asked: list[tuple[int, int]] = []

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        (_, (number, _)), (_, (asked,)) = calls
        first, last = int(asked["fromBlock"], 16), int(asked["toBlock"], 16)
        self.asked.append((first, last))
        if last - first + 1 > self._bears:
            raise self._error
        return [block(int(number, 16)), []]


def block(number: int) -> dict[str, str]:
    return {"number": hex(number), "hash": f"0x{number:064x}", "parentHash": "0x", "timestamp": "0x1"}


@pytest.mark.parametrize(
    "error",
    [
        EndpointError(Problem(code="no_rpc", what="too large"), EndpointFault.TOO_LARGE),
        RpcError(-32005, "query returned more than 10000 results"),
    ],
)
async def test_what_is_too_much_is_asked_in_parts_within_the_same_look(error: Exception) -> None:
    rpc = SmallAnswers(250, error)
    ranges = LogRanges(rpc, LogDecoder(ContractReader(rpc, CONTRACTS, 1), NODE), 1000, SYSTEM_CLOCK)

    read = await ranges.read(1, head_from(block(1000)))

    assert read.end[0] == 1000
    answered = [(first, last) for first, last in rpc.asked if last - first < 250]
    assert [first for first, _ in answered] == [1, *(last + 1 for _, last in answered[:-1])]


async def test_an_endpoint_that_is_away_is_not_asked_again_in_the_same_look() -> None:
    rpc = SmallAnswers(0, EndpointError(Problem(code="no_rpc", what="away"), EndpointFault.TIMEOUT))
    ranges = LogRanges(rpc, LogDecoder(ContractReader(rpc, CONTRACTS, 1), NODE), 1000, SYSTEM_CLOCK)

    with pytest.raises(EndpointError):
        await ranges.read(1, head_from(block(1000)))

    assert len(rpc.asked) == 1


@pytest.mark.parametrize(
    ("fault", "span"), [(EndpointFault.TIMEOUT, 500), (EndpointFault.DISCONNECTED, 1000)]
)
async def test_only_what_fewer_blocks_may_mend_narrows_the_ranges(fault: EndpointFault, span: int) -> None:
    rpc = SmallAnswers(0, EndpointError(Problem(code="no_rpc", what="away"), fault))
    ranges = LogRanges(rpc, LogDecoder(ContractReader(rpc, CONTRACTS, 1), NODE), 1000, SYSTEM_CLOCK)

    with pytest.raises(EndpointError):
        await ranges.read(1, head_from(block(1000)))

    assert ranges.span.blocks == span
