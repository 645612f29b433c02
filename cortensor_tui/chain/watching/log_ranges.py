"""Reads logs over explicit ranges of blocks, as wide as the endpoint bears."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog

from cortensor_tui.chain.rpc.client import EndpointError, Rpc, RpcError
from cortensor_tui.chain.watching.events import ContractEvent, LogDecoder
from cortensor_tui.chain.watching.heads import Head, head_from
from cortensor_tui.chain.watching.ranges import Span, after_failure, after_success, first_span
from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.endpoints import EndpointFault
from cortensor_tui.domain.problems import ProblemError, problem_error

log = structlog.get_logger(__name__)

# One look reads for so long at most: tasks wait meanwhile.
LONGEST_S = 3.0
MOST_REFUSALS = 4  # of one endpoint in a row, until the next look


class ReadLogs(msgspec.Struct, frozen=True, kw_only=True):
    """Events up to a block, given as number and hash, in no order."""

    events: list[ContractEvent]
    end: tuple[int, str]


class LogRanges:
    """Asks one endpoint (or pool) for logs. Remembers how much it bears."""

    def __init__(self, rpc: Rpc, decoder: LogDecoder, most_blocks: int, clock: Clock) -> None:
        self._rpc = rpc
        self._decoder = decoder
        self._clock = clock
        self._span = first_span(most_blocks)

    @property
    def span(self) -> Span:
        """Return what the next range may be."""
        return self._span

    def failed(self, asked: int) -> None:
        """Learn that so many blocks were too much, or that nobody answered."""
        self._span = after_failure(self._span, asked)

    def succeeded(self, asked: int) -> None:
        """Learn that so many blocks were answered."""
        self._span = after_success(self._span, asked)

    async def read(self, first: int, head: Head) -> ReadLogs:
        """Return the events from `first` on, up to the head or as far as the time goes.

        Raises `ProblemError` when not even the first range could be read.
        """
        if first > head.number:
            return ReadLogs(events=[], end=(head.number, head.hash))
        began = self._clock.monotonic()
        events: list[ContractEvent] = []
        end: tuple[int, str] | None = None
        refusals = 0
        while end is None or end[0] < head.number:
            start = first if end is None else end[0] + 1
            last = min(head.number, start + self._span.blocks - 1)
            try:
                found, end = await self._range(start, last, head)
            except ProblemError as error:
                if _may_be_size(error):
                    self.failed(last - start + 1)
                refusals += 1
                is_hopeless = not _is_too_much(error) or last == start or refusals >= MOST_REFUSALS
                if is_hopeless and end is None:
                    raise
                if is_hopeless:
                    break
                log.info("a range of logs was refused", blocks=last - start + 1, why=error.problem.why)
            else:
                self.succeeded(last - start + 1)
                events += found
                refusals = 0
            if end is not None and self._clock.monotonic() - began > LONGEST_S:
                break
        return ReadLogs(events=events, end=end or (head.number, head.hash))

    async def _range(self, first: int, last: int, head: Head) -> tuple[list[ContractEvent], tuple[int, str]]:
        block, logs = await self._rpc.batch(
            [
                ("eth_getBlockByNumber", (hex(last), False)),
                ("eth_getLogs", (self._decoder.filter(first, last),)),
            ]
        )
        if isinstance(logs, RpcError):
            raise logs
        end = head_from(block)
        if end.number != last or (last == head.number and end.hash != head.hash):
            raise changed_meanwhile()
        return self.checked(logs, first, end), (end.number, end.hash)

    def checked(self, logs: Any, first: int, end: Head) -> list[ContractEvent]:
        """Return the events in the blocks asked for. Raises when they are of another fork than `end`."""
        if not isinstance(logs, list):
            raise problem_error(
                "bad_answer",
                "The chain endpoint answered no list of logs",
                repr(logs)[:80],
                "Use another endpoint if this does not pass",
            )
        events = [event for event in self._decoder.events(logs) if first <= event.block_number <= end.number]
        if any(event.block_number == end.number and event.block_hash != end.hash for event in events):
            raise changed_meanwhile()
        return events


def _is_too_much(error: ProblemError) -> bool:
    """Tell whether fewer blocks may be answered: the endpoint refused, or the answer was over our limit."""
    if isinstance(error, EndpointError):
        return error.fault is EndpointFault.TOO_LARGE
    return isinstance(error, RpcError)


def _may_be_size(error: ProblemError) -> bool:
    """Tell whether fewer blocks might have been answered in time: a slow answer may be a large one."""
    is_slow = isinstance(error, EndpointError) and error.fault is EndpointFault.TIMEOUT
    return is_slow or _is_too_much(error)


def changed_meanwhile() -> ProblemError:
    """Return what to raise when two answers are of different forks: the look is repeated."""
    return problem_error(
        "bad_answer",
        "The chain endpoint told two different histories",
        "the chain was reorganised between two answers, or several servers stand behind the endpoint",
        "It passes by itself; use another endpoint if it does not",
    )
