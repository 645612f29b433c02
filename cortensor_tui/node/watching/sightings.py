"""What events tell of a node's tasks and transactions: when each step was, by the clock of its block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from cortensor_tui.chain.watching.events import ContractEvent
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind

STEPS: Mapping[str, TransactionKind] = {
    "TaskAcked": TransactionKind.ACK,
    "TaskPrecommitted": TransactionKind.PRECOMMIT,
    "TaskCommitted": TransactionKind.COMMIT,
}
_ASSIGNED, _ALL_PRECOMMITTED, _ENDED = "TaskAssigned", "TaskAllPrecommitted", "TaskEnded"


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of one task that were seen, unix seconds; None for those that were not."""

    assigned_block: int | None = None
    assigned_at: float | None = None
    acked_at: float | None = None
    precommitted_at: float | None = None
    all_precommitted_at: float | None = None
    committed_at: float | None = None
    ended_at: float | None = None


class SeenStep(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction that told a step of a task: its hash, and whether a reorganisation took it back."""

    hash: str
    kind: TransactionKind
    key: TaskKey
    is_removed: bool


NOTHING_SEEN = Sighting()


def key_of(event: ContractEvent) -> TaskKey | None:
    """Return the task that an event is about, None for an event of something else."""
    if event.session_id is None or event.task_id is None:
        return None
    return TaskKey(event.session_id, event.task_id)


def sightings(
    events: Iterable[ContractEvent], node: str, mined_at: Mapping[int, float]
) -> dict[TaskKey, Sighting]:
    """Return what was seen of each task; `mined_at` has the times of the blocks."""
    found: dict[TaskKey, Sighting] = {}
    for event in events:
        key = key_of(event)
        if key is None or event.is_removed:
            continue
        seen = _seen(event, node, mined_at.get(event.block_number))
        found[key] = msgspec.structs.replace(found.get(key, NOTHING_SEEN), **seen)
    return found


def _seen(event: ContractEvent, node: str, at: float | None) -> dict[str, float | int | None]:
    is_its_own = node in event.nodes
    if event.name == _ASSIGNED and is_its_own:
        return {"assigned_block": event.block_number, "assigned_at": at}
    if event.name in STEPS and is_its_own:
        name = {"ack": "acked_at", "precommit": "precommitted_at", "commit": "committed_at"}
        return {name[STEPS[event.name].value]: at}
    if event.name == _ALL_PRECOMMITTED:
        return {"all_precommitted_at": at}
    return {"ended_at": at} if event.name == _ENDED else {}


def steps_of(events: Iterable[ContractEvent], node: str) -> list[SeenStep]:
    """Return the transactions that told a step of the node's, in their order, each once."""
    found: dict[str, SeenStep] = {}
    for event in events:
        kind, key = STEPS.get(event.name), key_of(event)
        if kind is not None and key is not None and node in event.nodes:
            found[event.transaction_hash] = SeenStep(
                hash=event.transaction_hash, kind=kind, key=key, is_removed=event.is_removed
            )
    return list(found.values())
