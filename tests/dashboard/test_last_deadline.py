"""A task that is over says when its last step was due, and what became of it."""

from __future__ import annotations

from typing import Any

import pytest

from cortensor_tui.dashboard.format import exact_clock
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.task_report import TaskReport, report_lines
from cortensor_tui.dashboard.stops import Stop
from cortensor_tui.domain.tasks import Stage, TaskTimes, TaskView

from . import samples

DUE_AT = samples.NOW - 100.0
DUE = f"due {exact_clock(DUE_AT)}"


def said(task: TaskView) -> list[str]:
    lines = [
        one.line if isinstance(one, Stop) else one
        for one in report_lines(TaskReport(task=task), Sight(samples.NOW), 80)
    ]
    texts = ["".join(span.text for span in one).strip() for one in lines]
    return [text.removeprefix("deadline").strip() for text in texts if text.startswith("deadline")]


@pytest.mark.parametrize(
    ("stage", "changes", "expected"),
    [
        (
            Stage.ENDED,
            {"acked_at": DUE_AT - 9, "precommitted_at": DUE_AT - 5, "committed_at": DUE_AT - 2},
            f"commit {DUE}, mined 2.00 s before it",
        ),
        (
            Stage.MISSED,
            {"acked_at": DUE_AT - 9, "ended_at": DUE_AT + 3},
            f"precommit {DUE}, not mined; ended 3.00 s after it",
        ),
        (
            Stage.MISSED,
            {"ended_at": DUE_AT - 3},
            f"ack {DUE}, not mined; ended 3.00 s before it",
        ),
        (
            Stage.MISSED,
            {"ended_at": DUE_AT + 4, "times": TaskTimes(ack_mined_at=DUE_AT + 3)},
            f"ack {DUE}, mined 3.00 s after it",
        ),
    ],
)
def test_the_last_deadline_stays_with_what_became_of_it(
    stage: Stage, changes: dict[str, Any], expected: str
) -> None:
    task = samples.task(3, stage, assigned_at=DUE_AT - 10, deadline_at=DUE_AT, **changes)
    assert said(task) == [expected]


def test_nothing_is_said_where_no_deadline_is_known() -> None:
    assert said(samples.task(3, Stage.MISSED, ended_at=DUE_AT)) == []
