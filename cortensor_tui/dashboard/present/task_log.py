"""What the node's log has of one task, as the last part of its detail."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cortensor_tui.dashboard.cells import Line, Span, folded
from cortensor_tui.dashboard.format import exact_clock
from cortensor_tui.dashboard.present.labelled import labelled, section
from cortensor_tui.dashboard.present.log_rows import LOOKS, fields_of
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.logs import LogLine
from cortensor_tui.domain.problems import Problem

LOG_TITLE = "Log"
_MAX_EVENT_CHARS = 300
_MOST_LINES = 4


class TaskLog(msgspec.Struct, frozen=True, kw_only=True):
    """The newest lines of a task, oldest first. `newest` numbers the last line of the whole log.

    `problem` is why the log was not read when it was asked for last; the lines are then those from before.
    """

    lines: tuple[LogLine, ...] = ()
    newest: int | None = None
    problem: Problem | None = None


def task_log_lines(log: TaskLog | None, width: int) -> Iterator[Line]:
    """Yield a line for each of the log, under their title; None is what has not been read yet."""
    yield from section(LOG_TITLE, width, _remark(log))
    if log is None:
        return
    if log.problem is not None:
        yield from labelled("", log.problem.sentence(), width, "warn")
    for one in log.lines:
        mark, role = LOOKS[one.level]
        event = Span(inert(one.event, _MAX_EVENT_CHARS), "plain" if role == "muted" else role)
        lead = (Span(f" {exact_clock(one.at).removesuffix(' UTC')}  ", "muted"), Span(f"{mark}  ", role))
        yield from folded(lead, (event, *fields_of(one)), width - 1, _MOST_LINES)


def _remark(log: TaskLog | None) -> str:
    if log is None:
        return "reading …"
    if log.problem is not None:
        return "not read"
    return "times in UTC" if log.lines else "no line of this task"
