"""What is shown before the first word of the node: steps of starting, or why there is none."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Line, Span, line, pad
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.present.problems import problem_lines
from cortensor_tui.dashboard.startup import StartupBoard, StepState
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem

_MARKS = {
    StepState.WAITING: ("○", "muted"),
    StepState.RUNNING: ("▲", "accent"),
    StepState.DONE: ("●", "good"),
    StepState.FAILED: ("✖", "bad"),
}
_INDENT = "   "
START = "Press o to start a node here."
FIRST_WORD = "Waiting for the node's first word. r connects anew."


def waiting_lines(
    state: FeedState, board: StartupBoard | None, can_start_node: bool, width: int
) -> list[Line]:
    """Return the steps while something starts, else the problem that keeps the node from being seen."""
    if board is not None and (board.steps or board.problem):
        return _steps(board, can_start_node, width)
    if state.link is Link.UNREACHABLE and state.problem is not None:
        offer = START if can_start_node and state.is_node_away else ""
        return [(), *_problem(state.problem, offer, width)]
    if state.view is None:
        return [(), line((f"{_INDENT}{FIRST_WORD}", "muted"))]
    return []


def _steps(board: StartupBoard, can_start_node: bool, width: int) -> list[Line]:
    title = "Starting" if board.problem is None else "Not started"
    lines: list[Line] = [(), line((f"{_INDENT}{title}", "strong")), ()]
    for step in board.steps:
        mark, role = _MARKS[step.state]
        quiet = "muted" if step.state is StepState.WAITING else "plain"
        name = Span(pad(inert(step.name, 40), 22), quiet)
        lines.append((Span(f"{_INDENT}{mark} ", role), name, Span(f" {inert(step.detail, 200)}", "muted")))
    if board.problem is not None:
        lines += [(), *_problem(board.problem, START if can_start_node else "", width)]
    return lines


def _problem(problem: Problem, offer: str, width: int) -> list[Line]:
    lines = problem_lines(problem, width)
    return [*lines, line((f"{_INDENT}{offer}", "accent"))] if offer else lines
