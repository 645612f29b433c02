"""Tasks as rows: each with its way as a bar, and what it is about or why it was missed."""

from __future__ import annotations

from typing import NamedTuple

from cortensor_tui.dashboard.cells import Line, Span
from cortensor_tui.dashboard.format import UNKNOWN, number, rate, rough_age
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.private import prompt_of
from cortensor_tui.dashboard.present.tables import stage_span
from cortensor_tui.dashboard.present.task_report import cause_of, copied
from cortensor_tui.dashboard.present.timeline import Timeline, bar, seconds, timeline
from cortensor_tui.dashboard.sorting import Sorting
from cortensor_tui.dashboard.widgets.line_table import Column, Row
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.list_orders import TaskOrder
from cortensor_tui.domain.tasks import TaskView

COLUMNS = (
    Column("age", 6, is_right=True),
    Column("task", 8),
    Column("stage", 14),
    Column("way", 12, share=2, rank=1),
    Column("took", 9, rank=2, is_right=True),
    Column("longest", 22, rank=4),
    Column("tokens", 9, rank=3, is_right=True),
    Column("decode", 11, rank=5, is_right=True),
    Column("prompt", 19, share=3),
)

SORTINGS = (
    Sorting(TaskOrder.ASSIGNED, "age", "newest first", "oldest first", is_falling_shown=False),
    Sorting(TaskOrder.TASK, "task", "highest session and task first", "lowest session and task first"),
    Sorting(
        TaskOrder.DUE,
        "way",
        "soonest due first",
        "without a deadline first",
        is_rising=True,
        is_falling_shown=False,
    ),
    Sorting(TaskOrder.TOOK, "took", "longest first", "shortest first"),
    Sorting(TaskOrder.TOKENS, "tokens", "most tokens first", "fewest tokens first"),
)


class Bar(NamedTuple):
    """A task's way, drawn as wide as its column."""

    way: Timeline

    def draw(self, cells: int) -> Line:
        """Return the bar."""
        return bar(self.way, cells)


def task_row(task: TaskView, sight: Sight, on_chain: Sight, *, is_watched: bool = False) -> Row:
    """Return one task; the way of one that is under way is known up to the node's last word.

    Its stage is what the chain last told.
    """
    way = timeline(task, sight.at, is_watched=is_watched)
    cells = (
        Span(rough_age(task.assigned_at, sight.now), "muted"),
        Span(str(task.key)),
        stage_span(task.stage, on_chain),
        Bar(way) if way is not None else Span(UNKNOWN, "muted"),
        _took(way, sight),
        _longest(way),
        Span(number(task.answer_tokens), "muted"),
        Span(rate(task.decode_tokens_per_s), "muted"),
        cause_of(task) or Span(inert(prompt_of(task), 300)),
    )
    return Row(str(task.key), cells, copy=copied(task)[0])


def _took(way: Timeline | None, sight: Sight) -> Span:
    """Return how long it took, in steps of ten seconds while it goes on: each step is repainted."""
    if way is None:
        return Span(UNKNOWN, "muted")
    if way.is_running:
        return Span(f"{rough_age(way.start_at, sight.at)} …", "muted" if sight.is_past else "accent")
    return Span(seconds(way.duration_s))


def _longest(way: Timeline | None) -> Span:
    step = way.longest if way is not None and not way.is_running else None
    if step is None:
        return Span("", "muted")
    return Span(f"{step.phase.title} {seconds(step.duration_s)}", "muted")
