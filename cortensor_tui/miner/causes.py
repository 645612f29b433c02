"""Why a task was missed, in a sentence that names the step and the time."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

import msgspec

from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.domain.tasks import TaskOnChain, TaskTimes

LATE_FROM_S = 1.0
MOST_HINDRANCES = 5
BLOCK_TIME_ERROR_S = 2.0  # blocks are dated by whole seconds, and by whoever made them
CLOCK_WAS_SET = "this machine's clock was set meanwhile, so no delay is known"


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
    times: TaskTimes,
    profile: NetworkProfile,
    ended_at: float,
    hindrances: Sequence[Hindrance],
    *,
    finished_at: float | None = None,
    is_clock_steady: bool = True,
) -> str:
    """Return why a task ended on chain without this node's answer, as far as that is known.

    `finished_at` is when it ended by the chain. A delay that the chain's own times rule out is not claimed,
    and none at all where the machine's clock was set meanwhile: the clock may have made it alone.

    For example: "the task ended at 12:00:40 UTC before the precommit was mined (sent at 12:00:39, 9 s after
    the deadline); the chain endpoint did not answer from 12:00:01 to 12:00:31".
    """
    most_s = _longest_delay_s(times, profile, finished_at) if is_clock_steady else 0.0
    parts = [f"the task ended at {_clock(ended_at)} UTC {_pending(times, profile, ended_at, most_s)}"]
    if not is_clock_steady:
        parts.append(CLOCK_WAS_SET)
    parts += _late(times, profile, most_s)
    for one in hindrances[-MOST_HINDRANCES:]:
        lasted = f" from {_clock(one.began_at)} to {_clock(one.lasted_until)}" if is_clock_steady else ""
        parts.append(f"{one.what}{lasted}")
    return "; ".join(parts)


def unseen_cause(
    task: TaskOnChain, assigned_at: float | None, profile: NetworkProfile, absences: Sequence[Hindrance]
) -> str:
    """Return why a task was missed that had ended before this node saw it.

    `assigned_at` is when the chain says it was assigned, None where that is not known.

    For example: "assigned at 12:00:02 UTC, ack due by 12:00:22, ended at 12:00:24; this process stood still
    from 12:00:00 to 12:00:50".
    """
    if assigned_at is None:
        began = f"submitted at {_clock(task.created_at)} UTC"
    else:
        due = _clock(assigned_at + profile.ack_deadline_s)
        began = f"assigned at {_clock(assigned_at)} UTC, ack due by {due}"
    ended = "" if task.finished_at is None else f", ended at {_clock(task.finished_at)}"
    kept = [f"{one.what} from {_clock(one.began_at)} to {_clock(one.lasted_until)}" for one in absences]
    return "; ".join([began + ended, *(kept[-MOST_HINDRANCES:] or ["this node did not see it in time"])])


def _longest_delay_s(times: TaskTimes, profile: NetworkProfile, finished_at: float | None) -> float:
    """Return how late any step can have been while the task was open, by the blocks' own times."""
    if finished_at is None or times.assigned_block_at is None:
        return math.inf
    allowed_s = min(profile.ack_deadline_s, profile.precommit_deadline_s, profile.commit_deadline_s)
    return max(0.0, finished_at - times.assigned_block_at - allowed_s) + BLOCK_TIME_ERROR_S


def _pending(times: TaskTimes, profile: NetworkProfile, ended_at: float, most_s: float) -> str:
    step = next((step for step in _steps(times, profile) if step.mined_at is None), None)
    if step is None:
        return "without this node's answer"
    if step.sent_at is not None:
        delay = _after(step.sent_at, step, most_s)
        return f"before the {step.name} was mined (sent at {_clock(step.sent_at)}{delay})"
    where = ""
    if step.name == "precommit" and times.last_token_at is None:
        begun = times.first_token_at
        where = " (no token was written yet)" if begun is None else f" (the answer began at {_clock(begun)})"
    if step.name == "commit" and times.all_precommitted_at is None:
        where = " (this node did not see that all had precommitted)"
    return f"before the {step.name} was sent{where}{_after(ended_at, step, most_s)}"


def _late(times: TaskTimes, profile: NetworkProfile, most_s: float) -> Iterator[str]:
    if times.seen_at is not None and times.assigned_block_at is not None:
        unseen_s = times.seen_at - times.assigned_block_at
        if profile.ack_deadline_s < unseen_s <= profile.ack_deadline_s + most_s:
            yield f"its assignment was seen {unseen_s:.0f} s after its block"
    for step in _steps(times, profile):
        if step.mined_at is not None and (words := _after(step.mined_at, step, most_s)):
            yield f"{step.past}{words}".replace(", ", " ", 1)


def _after(at: float, step: _Step, most_s: float) -> str:
    if step.due_at is None or not LATE_FROM_S <= at - step.due_at <= most_s:
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
