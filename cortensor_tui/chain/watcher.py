"""Looks at the chain: the head, and every event of both contracts once, in order.

No event parameter of the queue is indexed, so the filter is by address alone and decoding is local.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from cortensor_tui.chain.abi import Event, checksum, decode_log
from cortensor_tui.chain.contracts import ContractReader
from cortensor_tui.chain.decoding import saturated
from cortensor_tui.chain.rpc import Rpc, quantity
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.journal.scope import Cursor, CursorLog

log = structlog.get_logger(__name__)

LARGEST_STORED = 2**63 - 1  # SQLite's
MOST_SPANS_BEHIND = 5  # further behind than this, the events are history: state tells what is open


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The newest block. `mined_at` is its timestamp, unix seconds."""

    number: int
    hash: str
    mined_at: float
    base_fee_wei: int


class ContractEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event; ids are None where the event has none."""

    name: str
    session_id: int | None
    task_id: int | None
    miners: tuple[str, ...]
    transaction_hash: str
    block_number: int
    log_index: int


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What one look found. After a gap, events may be missing: read open tasks from the contract."""

    head: Head
    events: tuple[ContractEvent, ...]
    is_gap: bool
    cursor: Cursor


class Watcher:
    """Reads forward from the journal's cursor."""

    def __init__(self, rpc: Rpc, reader: ContractReader, cursor: CursorLog, span_blocks: int) -> None:
        self._rpc = rpc
        self._cursor = cursor
        self._span = span_blocks
        self._addresses = [reader.contracts.session_queue_v2, reader.contracts.session_v2]
        self._events: Mapping[str, Mapping[str, Event]] = {
            reader.contracts.session_queue_v2.lower(): reader.queue_interface.events,
            reader.contracts.session_v2.lower(): reader.sessions_interface.events,
        }
        self._is_first = True

    async def look(self) -> Look:
        """Return the head and the next events. Call `handled` once they are; until then they come again."""
        cursor = self._cursor.read()
        head, is_same_chain = await self._read_head(cursor)
        is_gap = self._is_first or not is_same_chain
        if (
            cursor is None
            or not is_same_chain
            or head.number - cursor.block_number > self._span * MOST_SPANS_BEHIND
        ):
            end = Cursor(block_number=head.number, block_hash=head.hash)
            return Look(head=head, events=(), is_gap=True, cursor=end)
        if head.number <= cursor.block_number:
            return Look(head=head, events=(), is_gap=is_gap, cursor=cursor)
        end = await self._end_of_range(cursor, head)
        events = await self._read_events(cursor.block_number + 1, end.block_number)
        return Look(head=head, events=events, is_gap=is_gap, cursor=end)

    def handled(self, look: Look) -> None:
        """Move the cursor: everything in this look has been acted on or written down."""
        self._is_first = False
        if self._cursor.read() != look.cursor:
            self._cursor.move(look.cursor)

    async def _read_head(self, cursor: Cursor | None) -> tuple[Head, bool]:
        calls: list[tuple[str, tuple[Any, ...]]] = [("eth_getBlockByNumber", ("latest", False))]
        if cursor is not None:
            calls.append(("eth_getBlockByNumber", (hex(cursor.block_number), False)))
        blocks = await self._rpc.batch(calls)
        head = _head(blocks[0])
        if cursor is None:
            return head, True
        is_same = isinstance(blocks[1], dict) and blocks[1].get("hash") == cursor.block_hash
        if not is_same:
            log.warning("the chain was reorganised below the cursor", block=cursor.block_number)
        return head, is_same

    async def _end_of_range(self, cursor: Cursor, head: Head) -> Cursor:
        last = min(head.number, cursor.block_number + self._span)
        if last == head.number:
            return Cursor(block_number=head.number, block_hash=head.hash)
        block = _head(await self._rpc.call("eth_getBlockByNumber", hex(last), False))
        return Cursor(block_number=block.number, block_hash=block.hash)

    async def _read_events(self, first: int, last: int) -> tuple[ContractEvent, ...]:
        asked = {"fromBlock": hex(first), "toBlock": hex(last), "address": self._addresses}
        logs = await self._rpc.call("eth_getLogs", asked)
        found = [event for event in map(self._event, logs) if event is not None]
        return tuple(sorted(found, key=lambda event: (event.block_number, event.log_index)))

    def _event(self, entry: dict[str, Any]) -> ContractEvent | None:
        topics = entry["topics"]
        event = self._events.get(entry["address"].lower(), {}).get(topics[0] if topics else "")
        if event is None:
            return None
        try:
            values = decode_log(event, topics, entry["data"])
        except ValueError as error:
            log.warning("an event could not be decoded", name=event.name, error=str(error)[:200])
            return None
        miners = values.get("miners") or ([values["miner"]] if "miner" in values else [])
        return ContractEvent(
            name=event.name,
            session_id=_number(values.get("sessionId")),
            task_id=_number(values.get("taskId")),
            miners=tuple(checksum(miner) for miner in miners),
            transaction_hash=entry["transactionHash"],
            block_number=int(entry["blockNumber"], 16),
            log_index=int(entry["logIndex"], 16),
        )


def _number(value: Any) -> int | None:
    return None if value is None else saturated(value)


def _head(block: Any) -> Head:
    if not isinstance(block, dict):
        raise problem_error(
            "no_rpc",
            "The chain endpoint has no latest block",
            str(block)[:200],
            "It may still be syncing; the node keeps trying",
        )
    return Head(
        number=quantity(block.get("number"), LARGEST_STORED),
        hash=str(block.get("hash")),
        mined_at=float(quantity(block.get("timestamp"), LARGEST_STORED)),
        base_fee_wei=quantity(block.get("baseFeePerGas") or "0x0"),
    )
