"""Why a task was missed, in a sentence that names the step and the time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import msgspec

from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.domain.tasks import TaskTimes

LATE_FROM_S = 1.0
MOST_HINDRANCES = 5


class Hindrance(msgspec.Struct, frozen=True, kw_only=True):
    """Something that kept the task from moving for a while; times in unix seconds."""

    what: str
    began_at: float
    lasted_until: float


class _Step(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    past: str
    due_at: float | None
    sent_at: float | None
    mined_at: float | None


def missed_cause(
    times: TaskTimes, profile: NetworkProfile, ended_at: float, hindrances: Sequence[Hindrance]
) -> str:
    """Return why a task ended on chain without this node's answer, as far as that is known.

    For example: "the task ended at 12:00:40 UTC before the precommit was mined (sent at 12:00:39, 9 s after
    the deadline); the chain endpoint did not answer from 12:00:01 to 12:00:31".
    """
    parts = [f"the task ended at {_clock(ended_at)} UTC {_pending(times, profile, ended_at)}"]
    parts += _late(times, profile)
    parts += [
        f"{one.what} from {_clock(one.began_at)} to {_clock(one.lasted_until)}"
        for one in hindrances[-MOST_HINDRANCES:]
    ]
    return "; ".join(parts)


def _pending(times: TaskTimes, profile: NetworkProfile, ended_at: float) -> str:
    step = next((step for step in _steps(times, profile) if step.mined_at is None), None)
    if step is None:
        return "without this node's answer"
    if step.sent_at is not None:
        return (
            f"before the {step.name} was mined (sent at {_clock(step.sent_at)}{_after(step.sent_at, step)})"
        )
    where = ""
    if step.name == "precommit" and times.last_token_at is None:
        begun = times.first_token_at
        where = " (no token was written yet)" if begun is None else f" (the answer began at {_clock(begun)})"
    if step.name == "commit" and times.all_precommitted_at is None:
        where = " (this node did not see that all had precommitted)"
    return f"before the {step.name} was sent{where}{_after(ended_at, step)}"


def _late(times: TaskTimes, profile: NetworkProfile) -> Iterator[str]:
    if times.seen_at is not None and times.assigned_block_at is not None:
        unseen_s = times.seen_at - times.assigned_block_at
        if unseen_s > profile.ack_deadline_s:
            yield f"its assignment was seen {unseen_s:.0f} s after its block"
    for step in _steps(times, profile):
        if step.mined_at is not None and (words := _after(step.mined_at, step)):
            yield f"{step.past}{words}".replace(", ", " ", 1)


def _after(at: float, step: _Step) -> str:
    if step.due_at is None or at - step.due_at < LATE_FROM_S:
        return ""
    return f", {at - step.due_at:.0f} s after the deadline"


def _steps(times: TaskTimes, profile: NetworkProfile) -> Iterator[_Step]:
    """Yield the three steps; each is due so long after the one before it."""
    yield _Step(
        name="ack",
        past="acked",
        due_at=_due(times.seen_at, profile.ack_deadline_s),
        sent_at=times.ack_sent_at,
        mined_at=times.ack_mined_at,
    )
    yield _Step(
        name="precommit",
        past="precommitted",
        due_at=_due(times.ack_mined_at, profile.precommit_deadline_s),
        sent_at=times.precommit_sent_at,
        mined_at=times.precommit_mined_at,
    )
    yield _Step(
        name="commit",
        past="committed",
        due_at=_due(times.all_precommitted_at, profile.commit_deadline_s),
        sent_at=times.commit_sent_at,
        mined_at=times.commit_mined_at,
    )


def _due(began_at: float | None, allowed_s: float) -> float | None:
    return None if began_at is None else began_at + allowed_s


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(at))
