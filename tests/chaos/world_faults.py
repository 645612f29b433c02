"""Faults beside those of the line (tests/support/faults.py): the chain's, the processes', the machine's."""

from __future__ import annotations

import msgspec

from tests.chaos.steps import Victim


class Reorg(msgspec.Struct, frozen=True):
    """The last blocks are replaced by empty ones."""

    depth: int


class DroppedFromPool(msgspec.Struct, frozen=True):
    """The chain forgets the node's transactions as long as they wait."""


class NoBlocks(msgspec.Struct, frozen=True):
    """The chain takes transactions and makes no block."""


class BaseFeeSpike(msgspec.Struct, frozen=True):
    """Every block asks for this base fee."""

    gwei: int


class Killed(msgspec.Struct, frozen=True):
    """A process is killed, -9. Node and chain are started again when the fault ends."""

    victim: Victim


class KilledAtStep(msgspec.Struct, frozen=True):
    """A process is killed, -9, right after the node's journal has taken a step for the first time."""

    step: str
    victim: Victim
    down_s: float


class DiskFull(msgspec.Struct, frozen=True):
    """No file of the node can grow: a size limit of 0 on its process."""


class LockedJournal(msgspec.Struct, frozen=True):
    """Another program holds the journal's write lock."""


class ClockJump(msgspec.Struct, frozen=True):
    """The node's wall clock is wrong by this much, and right again when the fault ends."""

    by_s: float


WorldFault = (
    Reorg
    | DroppedFromPool
    | NoBlocks
    | BaseFeeSpike
    | Killed
    | KilledAtStep
    | DiskFull
    | LockedJournal
    | ClockJump
)
