"""What is known of a run when it is over, gathered from outside the node. The judge sees nothing else."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.tasks import TaskKey
from tests.chaos.payloads import Payload


class FaultSpan(msgspec.Struct, frozen=True):
    """A fault that took place, unix seconds; one that is over at once begins and ends together."""

    name: str
    began_at: float
    ended_at: float


class TaskSeen(msgspec.Struct, frozen=True):
    """A task of this node as the chain had it last.

    `phase` is the last one before its end, by the oracle's names, from `open_since` to `open_until`.
    `note` is what the node's journal says of it.
    """

    key: TaskKey
    phase: str
    open_since: float
    open_until: float
    is_committed: bool
    is_ended: bool
    note: str = ""


class SentTransaction(msgspec.Struct, frozen=True):
    """A raw transaction that left the node, and whether the chain itself accepted it."""

    payload: Payload
    is_accepted: bool


class MinedTransaction(msgspec.Struct, frozen=True):
    """A transaction of the node in a block of the chain as it is in the end, in the chain's order."""

    payload: Payload
    succeeded: bool


class Promise(msgspec.Struct, frozen=True):
    """A row of the node's own commitments."""

    key: TaskKey
    stage: str
    payload_hash: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `signed` is all whose bytes the journal holds; `recoveries_s` are as the monitor took them."""

    seed: int
    faults: tuple[FaultSpan, ...]
    tasks: tuple[TaskSeen, ...]
    sent: tuple[SentTransaction, ...]
    signed: tuple[Payload, ...]
    mined: tuple[MinedTransaction, ...]
    promises: tuple[Promise, ...]
    recoveries_s: tuple[float, ...]
    crashes: tuple[str, ...] = ()
