"""What needs the operator, as the node's view tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.present.remedies import remedy_of, told_unmet
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.domain.health import NodeStatus, Precondition
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import Stage

_MAX_CHARS = 300
_LINK = "link"
_REPLACED = (
    "It has another first block: sessions and tasks of the old one are gone. The journal keeps what was done "
    "there. Make a session with n, or bind the node with a; if nobody started the chain anew, check the "
    "endpoints at 5"
)


class Notice(msgspec.Struct, frozen=True):
    """One thing that needs the operator. `cause` is its identity: while it lasts, the notice holds.

    An event has happened and lasts no longer; it is told once. `at` is when it did, in unix
    seconds, None where that is not known.
    """

    cause: str
    title: str
    text: str
    is_event: bool = False
    at: float | None = None


def standing_notices(state: FeedState) -> tuple[Notice, ...]:
    """Return what needs the operator now."""
    return tuple(_standing(state))


def file_notices(title: str, faults: Sequence[str]) -> tuple[Notice, ...]:
    """Return what is wrong with a file of the user's, which lasts until it is mended."""
    return tuple(Notice(f"{title} {fault}", title, fault) for fault in faults)


def _standing(state: FeedState) -> Iterator[Notice]:
    view = state.view
    if view is None:
        return
    if state.link is Link.UNREACHABLE and state.problem is not None:
        yield Notice(_LINK, state.problem.what, _joined(state.problem.why, state.problem.remedy))
        yield from _events(view)  # they have happened, and are not news again once it answers
        return  # what else it said last is no longer known to be so
    yield from _unmet(view.status)
    yield from _events(view)


def _unmet(status: NodeStatus) -> Iterator[Notice]:
    """Yield what is not met; what one problem keeps from being met is one thing, told of by the first."""
    failed = [one for one in status.preconditions if one.is_met is False]
    told = set()
    for one in failed:
        cause = _cause(one, status.problem)
        if cause not in told:
            yield Notice(cause, f"Not met: {one.name}", _joined(one.detail, remedy_of(one)))
        told.add(cause)
    if status.problem is not None and not failed:
        problem = status.problem
        yield Notice(_cause_of(problem), problem.what, _joined(problem.why, problem.remedy))


def _events(view: NodeView) -> Iterator[Notice]:
    replaced, engine = view.status.chain.replaced, view.status.engine
    if replaced is not None:
        title = f"Chain {replaced.chain_id} was replaced by another"
        yield Notice(f"replaced {replaced.at}", title, _REPLACED, is_event=True, at=replaced.at)
    if engine.died_at is not None:
        why = _joined(engine.death, "A task it was at is run again; 6 shows it in the log")
        died = f"engine died {engine.died_at}"
        what = "The engine died" if engine.is_ours else "The model server was lost"
        yield Notice(died, what, why, is_event=True, at=engine.died_at)
    for task in view.tasks:
        if task.stage is Stage.MISSED:
            title = f"Task {task.key} was missed"
            yield Notice(f"missed {task.key}", title, task.note, is_event=True, at=task.ended_at)


def said_above(state: FeedState) -> str:
    """Return the cause that a header with a remedy tells in full, nothing where it tells of none."""
    view = state.view
    if view is None:
        return ""
    if state.link is Link.UNREACHABLE:
        return _LINK
    unmet, problem = told_unmet(view.status), view.status.problem
    if unmet is not None:
        return _cause(unmet, problem)
    return "" if problem is None else _cause_of(problem)


def _cause(one: Precondition, problem: Problem | None) -> str:
    """Return what a precondition is not met for: the node's first problem, or a reason of its own."""
    if problem is not None and one.detail.startswith(problem.what):
        return _cause_of(problem)
    return f"precondition {one.name}"


def _cause_of(problem: Problem) -> str:
    return f"problem {problem.code}"


def _joined(*parts: str) -> str:
    return ". ".join(inert(part, _MAX_CHARS).rstrip(".") for part in parts if part)
