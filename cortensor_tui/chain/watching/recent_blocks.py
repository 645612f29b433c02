"""What was delivered from the last blocks: so that nothing comes twice, and a reorganisation can be told."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from cortensor_tui.chain.watching.events import ContractEvent

# Blocks without events only help to find where a reorganisation begins.
MOST_EMPTY_BLOCKS = 64
MOST_EVENT_BLOCKS = 128
MOST_JOURNALED_BLOCKS = 32


class SeenBlock(msgspec.Struct, frozen=True, kw_only=True):
    """One block as it was seen, with the events delivered from it, in order."""

    number: int
    hash: str
    events: tuple[ContractEvent, ...] = ()


class RecentBlocks(msgspec.Struct, frozen=True, kw_only=True):
    """The last blocks, oldest first.

    What was delivered up to `floor` is forgotten, so no log up to there is read again.
    """

    floor: int
    blocks: tuple[SeenBlock, ...] = ()

    def hash_at(self, number: int) -> str | None:
        """Return the hash that the block had, None if it is not remembered."""
        return next((block.hash for block in reversed(self.blocks) if block.number == number), None)

    def first_unread(self, wanted: int) -> int:
        """Return the first block whose logs may be read, from `wanted` on."""
        return max(wanted, self.floor + 1)

    def fresh(self, events: Iterable[ContractEvent]) -> list[ContractEvent]:
        """Return, in order, the events that were not delivered, each once."""
        known = {event.identity for block in self.blocks for event in block.events}
        by_identity = {event.identity: event for event in events if event.block_number > self.floor}
        new = [event for identity, event in by_identity.items() if identity not in known]
        return sorted(new, key=lambda event: event.place)

    def contradicts(self, events: Iterable[ContractEvent]) -> bool:
        """Tell whether an event is in a block that has another hash here: one of both is not on the chain."""
        hashes = {block.number: block.hash for block in self.blocks}
        return any(hashes.get(event.block_number, event.block_hash) != event.block_hash for event in events)

    def without_contradictions(self, events: Iterable[ContractEvent]) -> list[ContractEvent]:
        """Return the events that are in the blocks remembered, or in blocks not seen yet."""
        hashes = {block.number: block.hash for block in self.blocks}
        return [
            event for event in events if hashes.get(event.block_number, event.block_hash) == event.block_hash
        ]

    def with_delivered(self, events: Iterable[ContractEvent], end: tuple[int, str]) -> RecentBlocks:
        """Return what is remembered after these events, and the block read up to, as (number, hash)."""
        blocks = {block.number: block for block in self.blocks}
        blocks.setdefault(end[0], SeenBlock(number=end[0], hash=end[1]))
        for event in events:
            before = blocks.get(event.block_number)
            delivered = (*before.events, event) if before else (event,)
            delivered = tuple(sorted(delivered, key=lambda one: one.place))
            blocks[event.block_number] = SeenBlock(
                number=event.block_number, hash=event.block_hash, events=delivered
            )
        return self._kept(sorted(blocks.values(), key=lambda block: block.number))

    def without(self, gone: Collection[SeenBlock]) -> RecentBlocks:
        """Return what is remembered once some blocks are no longer on the chain."""
        hashes = {block.hash for block in gone}
        return RecentBlocks(
            floor=self.floor, blocks=tuple(block for block in self.blocks if block.hash not in hashes)
        )

    def journaled(self) -> bytes:
        """Return the last few blocks in the form that the journal keeps beside the cursor."""
        dropped = self.blocks[:-MOST_JOURNALED_BLOCKS]
        floor = max(self.floor, dropped[-1].number) if dropped else self.floor
        return msgspec.msgpack.encode(RecentBlocks(floor=floor, blocks=self.blocks[-MOST_JOURNALED_BLOCKS:]))

    def read_up_to(self, floor: int) -> RecentBlocks:
        """Return the same, with every block up to `floor` taken as read, and none above it."""
        return RecentBlocks(floor=floor, blocks=self.blocks)

    def _kept(self, blocks: list[SeenBlock]) -> RecentBlocks:
        with_events = [block for block in blocks if block.events]
        empty = [block for block in blocks if not block.events]
        floor = self.floor
        if len(with_events) > MOST_EVENT_BLOCKS:
            floor = max(floor, with_events[-MOST_EVENT_BLOCKS - 1].number)
        kept = {block.number for block in (*empty[-MOST_EMPTY_BLOCKS:], *with_events[-MOST_EVENT_BLOCKS:])}
        return RecentBlocks(floor=floor, blocks=tuple(block for block in blocks if block.number in kept))


def from_journal(kept: bytes | None, cursor: tuple[int, str]) -> RecentBlocks:
    """Return what the journal kept, or what is known from the cursor alone, as (number, hash)."""
    bare = RecentBlocks(floor=cursor[0], blocks=(SeenBlock(number=cursor[0], hash=cursor[1]),))
    if kept is None:
        return bare
    try:
        return msgspec.msgpack.decode(kept, type=RecentBlocks)
    except msgspec.MsgspecError:  # another version's form
        return bare


def removed(blocks: Iterable[SeenBlock]) -> tuple[ContractEvent, ...]:
    """Return the events of blocks that are gone, newest first, each marked as removed."""
    events = [event for block in blocks for event in block.events]
    events.sort(key=lambda event: event.place, reverse=True)
    return tuple(msgspec.structs.replace(event, is_removed=True) for event in events)
