"""What the oracle does with a task, as plain functions of what it has read."""

from __future__ import annotations

from enum import IntEnum

import msgspec

from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.domain.tasks import TaskKey

MAX_MINERS = 32  # the queue contract's limit


class TaskPhase(IntEnum):
    """What a task waits for; numbers as in the queue contract."""

    QUEUED = 0
    AWAITING_ACKS = 1
    AWAITING_PRECOMMITS = 2
    AWAITING_COMMITS = 3
    ANSWERED = 4
    ENDED = 5


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """How long each phase may last, in seconds of chain time."""

    ack_s: float
    precommit_s: float
    commit_s: float

    @classmethod
    def of(cls, profile: NetworkProfile) -> Deadlines:
        """Return a network's deadlines."""
        return cls(
            ack_s=profile.ack_deadline_s,
            precommit_s=profile.precommit_deadline_s,
            commit_s=profile.commit_deadline_s,
        )


class TaskProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a task has come. `phase_began_at` is the chain's unix seconds; the rest count miners."""

    phase: TaskPhase
    phase_began_at: int
    assigned: int = 0
    acked: int = 0
    precommitted: int = 0
    committed: int = 0


class SessionNodes(msgspec.Struct, frozen=True, kw_only=True):
    """Who can serve a session, and how many miners answer each of its tasks."""

    is_active: bool
    dedicated_nodes: tuple[str, ...]
    redundant: int
    model_identifier: int


class OpenTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task that has not ended; `session` is None where it was not needed or could not be read."""

    key: TaskKey
    progress: TaskProgress
    session: SessionNodes | None = None


class Assign(msgspec.Struct, frozen=True, kw_only=True):
    """Give the task to these miners."""

    key: TaskKey
    miners: tuple[str, ...]
    model_identifier: int


class EndAck(msgspec.Struct, frozen=True, kw_only=True):
    """Go on with those who have acked."""

    key: TaskKey


class EndPrecommit(msgspec.Struct, frozen=True, kw_only=True):
    """Go on with those who have precommitted."""

    key: TaskKey


class EndCommit(msgspec.Struct, frozen=True, kw_only=True):
    """Stop waiting for commits."""

    key: TaskKey


class End(msgspec.Struct, frozen=True, kw_only=True):
    """End the task; by force when it has not been answered."""

    key: TaskKey
    by_force: bool


Action = Assign | EndAck | EndPrecommit | EndCommit | End


def decide(task: OpenTask, now_s: float, deadlines: Deadlines) -> Action | None:
    """Return what to do with a task at this chain time, None to wait.

    A phase that runs out with some answers goes on with those; with none, the task ends by force.
    """
    progress = task.progress
    waited_s = now_s - progress.phase_began_at
    match progress.phase:
        case TaskPhase.QUEUED:
            return _decide_queued(task)
        case TaskPhase.AWAITING_ACKS if waited_s >= deadlines.ack_s:
            return EndAck(key=task.key) if progress.acked else End(key=task.key, by_force=True)
        case TaskPhase.AWAITING_PRECOMMITS if waited_s >= deadlines.precommit_s:
            return EndPrecommit(key=task.key) if progress.precommitted else End(key=task.key, by_force=True)
        case TaskPhase.AWAITING_COMMITS if waited_s >= deadlines.commit_s:
            return EndCommit(key=task.key) if progress.committed else End(key=task.key, by_force=True)
        case TaskPhase.ANSWERED:
            return End(key=task.key, by_force=False)
        case _:
            return None


def _decide_queued(task: OpenTask) -> Action | None:
    if task.session is None:
        return None
    if not task.session.is_active:
        return End(key=task.key, by_force=True)
    miners = miners_for(task.key.task_id, task.session.dedicated_nodes, task.session.redundant)
    if not miners:
        return None
    return Assign(key=task.key, miners=miners, model_identifier=task.session.model_identifier)


def miners_for(task_id: int, nodes: tuple[str, ...], redundant: int) -> tuple[str, ...]:
    """Return who answers a task: `redundant` nodes (one at least, all where there are fewer), in turns.

    The turn follows from the task's id, so that a restarted oracle goes on where it was.
    """
    width = min(max(1, redundant), len(nodes), MAX_MINERS)
    return tuple(nodes[(task_id * width + offset) % len(nodes)] for offset in range(width))
