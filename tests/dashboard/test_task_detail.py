"""One task in full: its texts, what is copied and opened, and what comes while it is read."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.reading import ReadingScreen
from cortensor_tui.dashboard.screens.task_panel import TaskPanel
from cortensor_tui.dashboard.screens.tasks import TasksScreen
from cortensor_tui.dashboard.widgets.report import Report
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.node.history_messages import (
    GetTask,
    Tasks,
)
from cortensor_tui.node.messages import ReplyBody, RequestBody, TaskChanged

from . import samples
from .at_tasks import SMALL, WIDE, keys_shown, open_tasks
from .conftest import live, shown, until
from .past import CAUSE, answer_history
from .scripted_node import ScriptedNode


@pytest.fixture(autouse=True)
def history(node: ScriptedNode) -> None:
    """Have the node answer for its past."""
    answer_history(node)


async def test_enter_opens_a_task_and_escape_closes_it(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "Rivers carry" in shown(app, "#report"))
        report = shown(app, "#report")
        assert "● ended" in report
        assert "precommit          1.00 s" in report
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.query_one("#tasks").has_focus
        assert not app.screen.query_one("#detail").display


async def test_what_is_read_stays_when_a_newer_task_comes(app: Dashboard, node: ScriptedNode) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("enter")
        await until(pilot, lambda: "Task 7/12" in shown(app, "#task > Heading"))
        await node.change(TaskChanged(samples.task(13, Stage.ACKED)))
        await until(pilot, lambda: keys_shown(app)[0] == "7/13")
        assert "Task 7/12" in shown(app, "#task > Heading")


async def test_on_a_wide_screen_the_task_under_the_cursor_is_beside_the_list(app: Dashboard) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await open_tasks(pilot, app)
        await until(pilot, lambda: "Task 7/12" in shown(app, "#task > Heading"))
        await pilot.press("j")
        await until(pilot, lambda: "Task 7/11" in shown(app, "#task > Heading"))
        report = shown(app, "#report")
        assert "4096 asked, 128 applied: the context" in report
        assert "0x" + "0b" * 8 in report
        await pilot.press("G")
        await until(pilot, lambda: "Task 8/2" in shown(app, "#task > Heading"))
        assert f"cause       {CAUSE[:30]}" in shown(app, "#report")


async def test_a_task_shows_every_attempt_of_its_transactions(app: Dashboard, node: ScriptedNode) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("G")
        await until(pilot, lambda: "✖ reverted" in shown(app, "#report"))
        report = shown(app, "#report")
        assert "the task has ended" in report
        assert "at most 1.5 gwei" in report
        assert "the endpoint did not answer" in report
        assert "● 2" in report


async def test_the_texts_are_read_whole(app: Dashboard, node: ScriptedNode) -> None:
    answer = "\n".join(f"line {number}" for number in range(20_000))
    node.answers[GetTask] = lambda _: Tasks((msgspec.structs.replace(samples.ended_task(11), answer=answer),))
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("j", "enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReadingScreen) and "line 3" in shown(app, "#text"))
        await pilot.press("G")
        await until(pilot, lambda: "line 19999" in shown(app, "#text"))
        await pilot.press("tab")
        await until(pilot, lambda: samples.PROMPT in shown(app, "#text"))
        assert "46 characters, all" in shown(app, "#tabs")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TasksScreen))


async def test_y_copies_the_hash_of_the_answer(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("y")
        assert app.clipboard == "7/12"
        await pilot.press("j", "y")
        assert app.clipboard == "0x" + "0b" * 32


async def test_the_whole_answer_is_copied_from_the_list(app: Dashboard, node: ScriptedNode) -> None:
    answer = "a line of it\n" * 2_000
    whole = msgspec.structs.replace(samples.ended_task(11), answer=answer)
    node.answers[GetTask] = lambda _: Tasks((whole,))
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("j", "Y")
        await until(pilot, lambda: app.clipboard == answer)


async def test_in_a_task_y_copies_what_the_cursor_is_on_and_enter_reads_it(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "Rivers carry" in shown(app, "#report"))
        await pilot.press("y")
        assert app.clipboard == "7/11"
        await pilot.press("j")
        while "prompt" not in current_name(app):
            await pilot.press("j")
        await pilot.press("y")
        assert app.clipboard == samples.PROMPT
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ReadingScreen) and "prompt" in shown(app, "#tabs"))
        await until(pilot, lambda: samples.PROMPT in shown(app, "#text"))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TasksScreen))
        while "answer's hash" not in current_name(app):
            await pilot.press("j")
        await pilot.press("y")
        assert app.clipboard == "0x" + "0b" * 32


def current_name(app: Dashboard) -> str:
    """Return what the cursor of the report is on."""
    stop = app.screen.query_one(Report).current
    return "" if stop is None else stop.name


def report(app: Dashboard) -> str:
    """Return the report in the panel, nothing before it is there."""
    is_there = isinstance(app.screen, TaskPanel) and app.screen.query("#report")
    return shown(app, "#report") if is_there else ""


async def test_a_task_opens_over_any_other_place_too(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        app.open_task(TaskKey(8, 2))
        await until(pilot, lambda: "cause" in report(app))
        await pilot.press("v")
        await until(pilot, lambda: "✖ REFUTED" in report(app))
        await pilot.press("y", "escape")
        assert app.clipboard == "8/2"


async def test_a_task_that_the_node_does_not_have_is_told_as_such(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        app.open_task(TaskKey(99, 1))
        await until(
            pilot,
            lambda: "no such task" in report(app),
        )


async def test_texts_of_a_task_that_the_node_does_not_have_are_not_waited_for(
    app: Dashboard, node: ScriptedNode
) -> None:
    node.answers[GetTask] = lambda _: Tasks(())
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        app.push_screen(ReadingScreen(TaskKey(99, 1), is_answer_first=True))
        await until(pilot, lambda: isinstance(app.screen, ReadingScreen) and bool(app.screen.query("#text")))
        await until(pilot, lambda: "no such task" in shown(app, "#text"))


async def test_an_answer_that_comes_while_its_task_is_read_is_shown(
    app: Dashboard, node: ScriptedNode
) -> None:
    node.answers[GetTask] = lambda _: Tasks((samples.task(12, Stage.ACKED),))
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        app.push_screen(ReadingScreen(TaskKey(7, 12), is_answer_first=True))
        await until(pilot, lambda: isinstance(app.screen, ReadingScreen) and bool(app.screen.query("#text")))
        await until(pilot, lambda: "no answer yet" in shown(app, "#text"))
        ended = samples.ended_task(12)
        node.answers[GetTask] = lambda _: Tasks((ended,))
        await node.change(TaskChanged(ended))
        await until(pilot, lambda: (ended.answer or "")[:20] in shown(app, "#text"))


async def test_a_screen_that_is_left_while_it_reads_ends_nothing(
    app: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, may_come = asyncio.Event(), asyncio.Event()

    async def slowly(body: RequestBody, timeout_s: float = 30.0) -> ReplyBody:
        asked.set()
        await may_come.wait()
        return Tasks((samples.ended_task(12),))

    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        monkeypatch.setattr(app, "request", slowly)
        reader = ReadingScreen(TaskKey(7, 12), is_answer_first=True)
        app.push_screen(reader)
        await asked.wait()
        reader.action_leave()
        for widget in reader.query("#panel"):
            await widget.remove()
        may_come.set()
        await until(pilot, lambda: reader not in app.screen_stack)
        assert app.is_running
