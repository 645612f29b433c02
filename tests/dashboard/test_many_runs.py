"""Several runs at once: one is streamed, the others have a line each, and `b` goes from one to the next."""

from __future__ import annotations

import msgspec
import pytest

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.cells import Line
from cortensor_tui.dashboard.folding import from_snapshot
from cortensor_tui.dashboard.present.inference import heading, other_runs, waiting_tasks
from cortensor_tui.dashboard.present.throughput import throughput
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.node.live_messages import (
    InferenceFinished,
    InferenceStarted,
    LiveInference,
    TokensStreamed,
)

from . import samples
from .conftest import live, shown, until
from .samples import NOW
from .scripted_node import ScriptedNode

FIRST, SECOND, THIRD = TaskKey(7, 12), TaskKey(8, 3), TaskKey(9, 0)


def run(key: TaskKey, answer: str, tokens_per_s: float | None = 20.0) -> LiveInference:
    """Return a run that has given so much of its answer."""
    count = len(answer.split())
    return samples.live(key=key, answer=answer, token_count=count, tokens_per_s=tokens_per_s)


THREE = (run(FIRST, "one of three", 41.2), run(SECOND, "two of three more"), run(THIRD, "", None))


def text(line: Line) -> str:
    return "".join(span.text for span in line)


def test_the_others_have_a_line_each_the_newest_first() -> None:
    view = from_snapshot(samples.snapshot(live=THREE[-1], runs=THREE)).showing(FIRST)
    assert [text(one) for one in other_runs(view, 3)] == [
        " task 9/0 · no token yet",
        " task 8/3 · 4 tok · 20.0 tok/s",
    ]


def test_no_more_lines_than_there_is_room_for() -> None:
    many = tuple(run(TaskKey(8, number), "so many") for number in range(9))
    view = from_snapshot(samples.snapshot(live=many[-1], runs=many))
    lines = other_runs(view, 3)
    assert [text(one) for one in lines] == [
        " task 8/7 · 2 tok · 20.0 tok/s",
        " task 8/6 · 2 tok · 20.0 tok/s",
        " and 6 more",
    ]
    [low] = other_runs(view, 1)
    assert text(low).startswith(" task 8/7 · 2 tok · 20.0 tok/s   task 8/6 · 2 tok · 20.0 tok/s   task 8/5 ")


def test_a_run_that_waits_for_room_is_no_alarm_as_long_as_another_speaks() -> None:
    speaking = msgspec.structs.replace(THREE[1], token_at=NOW - 1)
    waiting = msgspec.structs.replace(THREE[2], started_at=NOW - 500)
    view = from_snapshot(samples.snapshot(live=waiting, runs=(speaking, waiting)))
    assert text(heading(view, NOW)).startswith("no token yet  8 min")
    assert text(heading(view, NOW + 60)).startswith("▲ no token for ")
    stuck = msgspec.structs.replace(THREE[0], token_at=NOW - 500)
    view = from_snapshot(samples.snapshot(live=stuck, runs=(speaking, stuck)))
    assert text(heading(view, NOW)).startswith("▲ no token for 8 min"), "its own tokens had come"


def test_the_decode_speed_is_that_of_all_runs_together() -> None:
    decode, _, _ = throughput(from_snapshot(samples.snapshot(live=THREE[-1], runs=THREE)), NOW)
    assert decode.now == "61.2 tok/s"


def test_no_task_that_runs_is_counted_as_waiting() -> None:
    tasks = tuple(samples.task(number, Stage.ACKED) for number in (12, 13, 14))
    runs = (run(FIRST, ""), run(TaskKey(7, 13), ""))
    view = from_snapshot(samples.snapshot(tasks=tasks, live=runs[-1], runs=runs))
    assert [task.key.task_id for task in waiting_tasks(view)] == [14]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_b_streams_one_run_after_the_other(
    node: ScriptedNode, app: Dashboard, size: tuple[int, int]
) -> None:
    node.snapshot = samples.snapshot(live=THREE[-1], runs=THREE)
    async with app.run_test(size=size) as pilot:
        await live(pilot)
        await until(pilot, lambda: "task 8/3 · 4 tok" in shown(app, "#runs"))
        assert "61.2 tok/s" in shown(app, "#decode"), "of all together"
        await pilot.press("b")
        await until(pilot, lambda: "two of three more" in shown(app, "#answer"))
        assert "task 8/3" not in shown(app, "#runs")
        await pilot.press("b")
        await until(pilot, lambda: "one of three" in shown(app, "#answer"))
        await node.change(TokensStreamed(
            key=FIRST, text=" and more", token_count=5, prompt_tokens=3, first_token_ms=1.0, tokens_per_s=40.0
        ))  # fmt: skip
        await until(pilot, lambda: "one of three and more" in shown(app, "#answer"))
        await pilot.press("b")
        await until(pilot, lambda: "one of three" not in shown(app, "#answer"))
        newest = run(TaskKey(9, 1), "the newest of all")
        await node.change(InferenceStarted(newest))
        await until(pilot, lambda: "the newest of all" in shown(app, "#answer"))


async def test_a_chosen_run_stays_in_sight_when_it_ends_and_others_go_on(
    node: ScriptedNode, app: Dashboard
) -> None:
    node.snapshot = samples.snapshot(live=THREE[-1], runs=THREE)
    async with app.run_test(size=(80, 24)) as pilot:
        await live(pilot)
        await pilot.press("b")
        await until(pilot, lambda: "two of three more" in shown(app, "#answer"))
        await node.change(InferenceFinished(key=SECOND, finished=samples.finished()))
        await until(pilot, lambda: "stop  task 8/3" in shown(app, "#inference-pane Heading"))
        assert "two of three more" in shown(app, "#answer")
        assert ["7/12" in shown(app, "#runs"), "9/0" in shown(app, "#runs")] == [True, True]


async def test_when_one_is_left_its_line_is_gone(node: ScriptedNode, app: Dashboard) -> None:
    node.snapshot = samples.snapshot(live=THREE[1], runs=THREE[:2])
    async with app.run_test(size=(80, 24)) as pilot:
        await live(pilot)
        await until(pilot, lambda: "task 7/12" in shown(app, "#runs"))
        assert "task 8/3 · 2 at once" in shown(app, "#inference-pane Heading")
        await node.change(InferenceFinished(key=FIRST, finished=samples.finished()))
        await until(pilot, lambda: shown(app, "#runs").strip() == "")
        assert app.screen.query_one("#runs").size.height == 0
        assert "at once" not in shown(app, "#inference-pane Heading")
