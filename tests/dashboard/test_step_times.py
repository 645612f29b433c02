"""When each step was taken, and how long after the one before."""

from __future__ import annotations

import msgspec
import pytest

from cortensor_tui.dashboard.present.step_times import Step, step_lines, task_steps, transaction_steps
from cortensor_tui.domain.tasks import Stage, TaskTimes

from . import samples

AT = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC


def said(steps: list[Step], width: int = 80) -> list[str]:
    return ["".join(span.text for span in one).strip() for one in step_lines(steps, width)]


def test_a_step_has_its_milliseconds_and_the_time_since_the_one_before() -> None:
    assert said([("assigned", AT), ("ack sent", AT + 0.0625), ("ended", AT + 1204.3125)]) == [
        "assigned    2023-11-14 22:13:20.000 UTC",
        "ack sent    2023-11-14 22:13:20.062 UTC     +0.062 s",
        "ended       2023-11-14 22:33:24.312 UTC +1,204.250 s",
    ]


def test_a_step_that_is_not_known_has_no_time_and_the_next_one_is_later_than_the_one_before_it() -> None:
    shown = said([("signed", AT), ("sent", None), ("mined", AT + 2)])
    assert shown[1:] == ["sent        –", "mined       2023-11-14 22:13:22.000 UTC     +2.000 s"]


def test_the_steps_of_a_task_stand_by_time() -> None:
    times = TaskTimes(all_precommitted_at=AT + 1, precommit_mined_at=AT + 2)
    task = samples.task(1, Stage.PRECOMMITTED, assigned_at=AT, times=times)
    assert [label for label, _ in task_steps(task)] == ["assigned", "all precommitted", "precommit mined"]


def test_every_time_that_is_known_of_a_task_is_shown() -> None:
    names = [name for name in TaskTimes.__struct_fields__ if not name.startswith("assigned")]
    times = msgspec.convert({name: AT + 1 + place / 8 for place, name in enumerate(names)}, TaskTimes)
    task = samples.task(1, Stage.ENDED, assigned_at=AT, ended_at=times.ended_at, times=times)
    steps = task_steps(task)
    assert [at for _, at in steps] == [AT, *(getattr(times, name) for name in names)]
    assert [label for label, _ in steps][1:] == [name.removesuffix("_at").replace("_", " ") for name in names]


def test_what_only_the_older_fields_tell_is_shown_too() -> None:
    task = samples.task(1, Stage.ENDED, assigned_at=AT, acked_at=AT + 1, committed_at=AT + 2)
    assert [label for label, _ in task_steps(task)] == ["assigned", "ack mined", "commit mined"]


def test_a_transaction_is_signed_sent_and_mined() -> None:
    sent = samples.transactions()[0]
    one = msgspec.structs.replace(sent, created_at=AT, sent_at=AT + 1, mined_at=None, attempts=())
    assert transaction_steps(one) == [("signed", AT), ("sent", AT + 1), ("mined", None)]


@pytest.mark.parametrize("width", [10, 40, 59])
def test_a_narrow_report_is_not_overrun(width: int) -> None:
    for one in step_lines([("precommit mined", AT), ("ended", AT + 1)], width):
        assert sum(len(span.text) for span in one) <= width
