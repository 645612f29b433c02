"""Swaps on their way, in words: what they wait for, how far they are, and what to do about one half way."""

from __future__ import annotations

from collections.abc import Sequence

from cortensor_tui.dashboard.cells import Line, clip, line
from cortensor_tui.dashboard.format import duration, short_hash
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.swaps import STILL_NOTED, SwapProgress, SwapStage
from cortensor_tui.domain.tasks import TaskKey

STAKE_UNREAD = (
    "Whether it is answering a task could not be read. Such a task may end unanswered, and what its gas cost"
    " is lost."
)
_MOST_NAMED = 3
_MOST_LINES = 2


def tasks_at_stake(tasks: Sequence[TaskKey]) -> str:
    """Return what may come of tasks whose node is taken off while it answers them."""
    if len(tasks) == 1:
        return f"Task {named(tasks)} is being answered. It may end unanswered, and what its gas cost is lost."
    return (
        f"Tasks {named(tasks)} are being answered. They may end unanswered, and what their gas cost is lost."
    )


def named(tasks: Sequence[TaskKey]) -> str:
    """Return the tasks' names, the first few of many."""
    shown = ", ".join(str(task) for task in tasks[:_MOST_NAMED])
    left = len(tasks) - _MOST_NAMED
    return f"{shown} and {left} more" if left > 0 else shown


def swap_lines(swaps: Sequence[SwapProgress], now: float, width: int) -> list[Line]:
    """Return a line for each swap, for the header of every place; empty where none is on its way."""
    shown = [clip(_line(one, now), width) for one in swaps[:_MOST_LINES]]
    left = len(swaps) - _MOST_LINES
    return [*shown, line((f"   and {left} more", "muted"))] if left > 0 else shown


def swap_sentence(one: SwapProgress, now: float) -> str:
    """Return how far a swap is."""
    age = duration(max(0.0, now - one.since))
    match one.stage:
        case SwapStage.WAITING if one.problem is not None and one.problem.code == STILL_NOTED:
            return "came to nothing, still noted; a restart makes it: stop it"
        case SwapStage.WAITING if one.problem is not None:
            return f"waits, {age} now; whether tasks are open is not known: {inert(one.problem.what, 120)}"
        case SwapStage.WAITING:
            return f"waits for task {named(one.tasks)}, {age} now" if one.tasks else f"waits, {age} now"
        case SwapStage.UNBINDING:
            return f"takes {short_hash(one.unbind_address)} off, {age} now{_but(one)}"
        case SwapStage.BINDING:
            return f"binds {short_hash(one.bind_address)}, {age} now{_but(one)}"
        case SwapStage.HALF_WAY:
            return f"stands half way: {short_hash(one.bind_address)} is not bound"


def _but(one: SwapProgress) -> str:
    return "" if one.problem is None else f"; {inert(one.problem.what, 120)}"


def _line(one: SwapProgress, now: float) -> Line:
    is_half_way = one.stage is SwapStage.HALF_WAY
    mark, role = ("✖", "bad") if is_half_way else ("▲", "accent")
    return line(
        (f" {mark} swap", role),
        f"  session {one.session_id} {swap_sentence(one, now)}",
        ("  2 m tells more", "muted"),
    )
