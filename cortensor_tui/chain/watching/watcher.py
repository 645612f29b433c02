"""Looks at the chain: the head, and every event that concerns this node, each once and in order.

One request a look: the newest block, the block at the cursor, and the logs since a little before it. Another
hash at the cursor is a reorganisation: what was delivered from blocks that are gone is taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import Enum
from typing import Any

import msgspec
import structlog

from cortensor_tui.chain.rpc.client import EndpointError, Rpc, RpcError
from cortensor_tui.chain.watching.events import ContractEvent, LogDecoder
from cortensor_tui.chain.watching.heads import Head, head_from
from cortensor_tui.chain.watching.log_ranges import LogRanges, changed_meanwhile
from cortensor_tui.chain.watching.recent_blocks import RecentBlocks, SeenBlock, from_journal, removed
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.scope import Cursor, CursorLog

log = structlog.get_logger(__name__)

MOST_SPANS_BEHIND = 5  # further behind than this, the events are history: state tells what is open
# Blocks before the cursor that are read again: an endpoint that lags may have left a log out.
OVERLAP_BLOCKS = 16
# A chain shorter than the cursor may be an endpoint that lags; for longer than this it is a reorganisation.
# A local chain may start again from an older state; a public one that is shorter is an endpoint to wait for.
SHORTER_PATIENCE_S = 3.0
PUBLIC_SHORTER_PATIENCE_S = 60.0
HEADERS_AT_ONCE = 100


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What one look found.

    After a reorganisation the events that are taken back come first, newest first. After a gap, events may be
    missing: read open tasks from the contract. `is_behind` says that more can be had at once, `is_unsure`
    that the chain ends before the cursor: an endpoint that lags, or another chain. With `trouble` the
    endpoint told the head but no logs: the next look asks for them again, and state tells what they would.
    """

    head: Head
    events: tuple[ContractEvent, ...]
    cursor: Cursor
    recent: RecentBlocks
    is_gap: bool = False
    is_reorganised: bool = False
    is_behind: bool = False
    is_unsure: bool = False
    trouble: Problem | None = None


class _Standing(Enum):
    """What the endpoint says of the block at the cursor."""

    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"


class Watcher:
    """Reads forward from the journal's cursor, for the node with this address."""

    def __init__(
        self,
        rpc: Rpc,
        decoder: LogDecoder,
        cursor: CursorLog,
        span_blocks: int,
        clock: Clock = SYSTEM_CLOCK,
        *,
        shorter_patience_s: float = SHORTER_PATIENCE_S,
    ) -> None:
        """`shorter_patience_s` is how long a chain that ends before the cursor is waited for."""
        self._shorter_patience_s = shorter_patience_s
        self._rpc = rpc
        self._decoder = decoder
        self._ranges = LogRanges(rpc, decoder, span_blocks, clock)
        self._cursor = cursor
        self._clock = clock
        self._recent: RecentBlocks | None = None
        self._is_first = True
        self._is_cautious = True  # ask for the head alone: the logs may be what nobody answers
        self._last_distance = 0
        self._unsure_since_s: float | None = None
        self._overlap = self._overlap_blocks(self._ranges.span.most)
        self._owed = (-1, 0)  # a wider overlap than now: up to which block of the cursor, and how wide

    def watch(self, session_ids: Iterable[int]) -> None:
        """Deliver every event of these sessions from now on, not only those that name the node."""
        self._decoder.watch(session_ids)

    def submitted_in(self, key: TaskKey) -> str | None:
        """Return the hash of the transaction that a task came by, None if it was not seen of late."""
        return self._decoder.submitted_in(key)

    async def look(self) -> Look:
        """Return the head and the next events. Call `handled` once they are; until then they come again.

        Raises `ProblemError` when not even the head was told; the next look goes on from the same place.
        """
        cursor = self._cursor.read()
        if cursor is None:
            return self._jump(await self._read_head(), RecentBlocks(floor=-1))
        recent = self._remembered(cursor)
        head, standing, logs = await self._tick(cursor, recent)
        if standing is _Standing.SAME:
            self._unsure_since_s = None
            return await self._forward(cursor, recent, head, logs)
        if standing is _Standing.UNKNOWN and not self._is_patience_over():
            return self._nothing_new(cursor, recent, head, is_unsure=True)
        return await self._reorganised(recent, head)

    def handled(self, look: Look) -> None:
        """Move the cursor: everything in this look has been acted on or written down."""
        if look.recent != self._recent or look.cursor != self._cursor.read():
            self._cursor.move(look.cursor, self._clock.now(), look.recent.journaled())
        self._recent = look.recent
        self._is_first = False
        if look.is_reorganised:
            self._unsure_since_s = None

    # --- one request -------------------------------------------------------------------------------

    async def _tick(self, cursor: Cursor, recent: RecentBlocks) -> tuple[Head, _Standing, Any]:
        self._owe_overlap(cursor)
        first = self._first_block(cursor, recent)
        likely = cursor.block_number + 1 - first + self._last_distance
        asks_logs = not self._is_cautious and likely <= self._ranges.span.blocks
        calls: list[tuple[str, tuple[Any, ...]]] = [
            ("eth_getBlockByNumber", ("latest", False)),
            ("eth_getBlockByNumber", (hex(cursor.block_number), False)),
        ]
        if asks_logs:
            calls.append(("eth_getLogs", (self._decoder.filter(first, "latest"),)))
        try:
            newest, at_cursor, *logs = await self._rpc.batch(calls)
        except ProblemError:
            self._is_cautious = True
            raise
        head = head_from(newest)
        return head, _standing(cursor, recent, head, at_cursor), logs[0] if logs else None

    async def _read_head(self) -> Head:
        return head_from(await self._rpc.call("eth_getBlockByNumber", "latest", False))

    # --- forward -----------------------------------------------------------------------------------

    async def _forward(self, cursor: Cursor, recent: RecentBlocks, head: Head, logs: Any) -> Look:
        if head.number - cursor.block_number > self._ranges.span.most * MOST_SPANS_BEHIND:
            return self._jump(head, recent)
        first = self._first_block(cursor, recent)
        asked = head.number - first + 1
        if asked < 1:  # no block since: some endpoints refuse such a range, which says nothing of its size
            events, end = [], (head.number, head.hash)
        elif logs is None or isinstance(logs, RpcError):
            if logs is not None:
                self._ranges.failed(asked)
            try:
                read = await self._ranges.read(first, head)
            except (EndpointError, RpcError) as error:
                return self._nothing_new(cursor, recent, head, trouble=error.problem)
            events, end = read.events, read.end
        else:
            events, end = self._ranges.checked(logs, first, head), (head.number, head.hash)
            self._ranges.succeeded(asked)
        events = [*events, *await self._read_again(cursor, recent, first, head)]
        if recent.contradicts(events):
            if gone := await self._gone(recent, head):
                return await self._taken_back(recent, head, gone)
            log.warning("a log is of another fork than the chain")
            events = recent.without_contradictions(events)
        self._last_distance = end[0] - cursor.block_number
        self._is_cautious = end[0] < head.number
        return self._look(recent, head, events, end)

    def _look(
        self, recent: RecentBlocks, head: Head, events: list[ContractEvent], end: tuple[int, str]
    ) -> Look:
        fresh = recent.fresh(events)
        return Look(
            head=head,
            events=tuple(fresh),
            cursor=Cursor(block_number=end[0], block_hash=end[1]),
            recent=recent.with_delivered(fresh, end),
            is_gap=self._is_first,
            is_behind=end[0] < head.number,
        )

    def _nothing_new(
        self,
        cursor: Cursor,
        recent: RecentBlocks,
        head: Head,
        *,
        is_unsure: bool = False,
        trouble: Problem | None = None,
    ) -> Look:
        return Look(
            head=head,
            events=(),
            cursor=cursor,
            recent=recent,
            is_gap=self._is_first,
            is_unsure=is_unsure,
            trouble=trouble,
        )

    def _jump(self, head: Head, recent: RecentBlocks) -> Look:
        """Go to the head without reading what lies between: state tells what matters of it."""
        self._is_cautious = False
        end = (head.number, head.hash)
        return Look(
            head=head,
            events=(),
            cursor=Cursor(block_number=end[0], block_hash=end[1]),
            recent=recent.read_up_to(head.number).with_delivered((), end),
            is_gap=True,
        )

    def _first_block(self, cursor: Cursor, recent: RecentBlocks) -> int:
        overlap = self._overlap_blocks(self._ranges.span.blocks)
        return recent.first_unread(max(0, cursor.block_number + 1 - overlap))

    def _owe_overlap(self, cursor: Cursor) -> None:
        """Remember, where the span has become narrower, what was read counting on the wider overlap."""
        overlap = self._overlap_blocks(self._ranges.span.blocks)
        if overlap < self._overlap:
            until, widest = self._owed if cursor.block_number < self._owed[0] else (-1, 0)
            self._owed = max(until, cursor.block_number + self._overlap), max(widest, self._overlap)
        self._overlap = overlap

    def _overlap_blocks(self, span_blocks: int) -> int:
        # A part of what the endpoint bears, so that a quiet look stays one request.
        return min(OVERLAP_BLOCKS, span_blocks // 4)

    async def _read_again(
        self, cursor: Cursor, recent: RecentBlocks, first: int, head: Head
    ) -> list[ContractEvent]:
        """Read the blocks before `first` that a span which has become narrower leaves out of the overlap."""
        until, widest = self._owed
        wanted = recent.first_unread(max(0, cursor.block_number + 1 - widest))
        if cursor.block_number >= until or wanted >= first:
            return []
        end = msgspec.structs.replace(head, number=cursor.block_number, hash=cursor.block_hash)
        try:
            return (await self._ranges.read(wanted, end)).events
        except ProblemError:  # the next look asks for them again
            return []

    def _remembered(self, cursor: Cursor) -> RecentBlocks:
        if self._recent is None:
            at_cursor = (cursor.block_number, cursor.block_hash)
            self._recent = from_journal(self._cursor.recent_blocks(), at_cursor)
        return self._recent

    # --- backward ----------------------------------------------------------------------------------

    async def _reorganised(self, recent: RecentBlocks, head: Head) -> Look:
        gone = await self._gone(recent, head)
        if not gone:  # an answer lied, and the next may not
            raise changed_meanwhile()
        return await self._taken_back(recent, head, gone)

    async def _taken_back(self, recent: RecentBlocks, head: Head, gone: Collection[SeenBlock]) -> Look:
        """Take back the events of blocks that are gone, and go on from where the chain still stands."""
        standing = recent.without(gone)
        oldest_gone = min(block.number for block in gone)
        roots = [block for block in standing.blocks if recent.floor <= block.number < oldest_gone]
        taken_back = removed(gone)
        log.warning(
            "the chain was reorganised",
            from_block=roots[-1].number + 1 if roots else None,
            events_taken_back=len(taken_back),
        )
        if not roots:
            jump = self._jump(head, standing)
            return msgspec.structs.replace(jump, events=taken_back, is_reorganised=True)
        read = await self._ranges.read(roots[-1].number + 1, head)
        look = self._look(standing, head, standing.without_contradictions(read.events), read.end)
        return msgspec.structs.replace(look, events=(*taken_back, *look.events), is_reorganised=True)

    async def _gone(self, recent: RecentBlocks, head: Head) -> list[SeenBlock]:
        below = [block for block in recent.blocks if block.number <= head.number]
        gone = [block for block in recent.blocks if block.number > head.number]
        for start in range(0, len(below), HEADERS_AT_ONCE):
            part = below[start : start + HEADERS_AT_ONCE]
            calls = [("eth_getBlockByNumber", (hex(block.number), False)) for block in part]
            found = [head_from(answer) for answer in await self._rpc.batch(calls)]
            gone += [block for block, now in zip(part, found, strict=True) if now.hash != block.hash]
        return gone

    def _is_patience_over(self) -> bool:
        now = self._clock.monotonic()
        if self._unsure_since_s is None:
            self._unsure_since_s = now
        return now - self._unsure_since_s > self._shorter_patience_s


def _standing(cursor: Cursor, recent: RecentBlocks, head: Head, at_cursor: Any) -> _Standing:
    if head.number < cursor.block_number:
        seen = recent.hash_at(head.number)
        return _Standing.UNKNOWN if seen in (None, head.hash) else _Standing.OTHER
    if not isinstance(at_cursor, dict):  # servers behind one endpoint that are not equally far
        return _Standing.UNKNOWN
    found = head_from(at_cursor)
    if found.number != cursor.block_number:
        return _Standing.UNKNOWN
    return _Standing.SAME if found.hash == cursor.block_hash else _Standing.OTHER
