"""The lines of the log that a task has."""

from __future__ import annotations

import asyncio

import pytest
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.task_pane import LOG_GROUP, TaskPane
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.log_messages import GetLogs, LogCursor, Logs
from cortensor_tui.node.messages import ReplyBody, RequestBody

from .at_tasks import SMALL, open_tasks
from .conftest import shown, until
from .past import answer_history
from .scripted_node import ScriptedNode, refusal
from .test_logs import ScriptedLog, line


@pytest.fixture(autouse=True)
def history(node: ScriptedNode) -> None:
    """Have the node answer for its past."""
    answer_history(node)


async def read_to_the_end(pilot: Pilot[None], app: Dashboard, words: str) -> None:
    """Go to the end of the report again and again, until the words have come there."""
    async with asyncio.timeout(20):
        while words not in shown(app, "#report"):
            await pilot.press("G")


def reads_log(pane: TaskPane) -> bool:
    return any(one.group == LOG_GROUP and one.is_running for one in pane.workers)


async def test_a_task_shows_its_lines_of_the_log_and_follows_them(app: Dashboard, node: ScriptedNode) -> None:
    log = ScriptedLog(250)
    node.answers[GetLogs] = log.answer
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        assert not log.asked, "only who looks at a task asks for its lines"
        await pilot.press("enter")
        await read_to_the_end(pilot, app, "line 200 of many")
        report = shown(app, "#report")
        assert [number for number in range(250) if f"line {number} of many" in report] == [0, 100, 200]
        assert "why=a" in report
        assert "\x1b" not in report
        log.lines += [line(number) for number in range(250, 301)]
        pane = app.screen.query_one(TaskPane)
        pane.follow_log()
        await read_to_the_end(pilot, app, "line 300 of many")
        assert {one.task for one in log.asked} == {TaskKey(7, 12)}
        assert log.asked[-1].after == 250
        await pilot.press("escape")
        await until(pilot, lambda: not reads_log(pane))
        pane.follow_log()
        assert not reads_log(pane), "nobody looks any more"


async def test_a_log_of_long_ago_is_found_in_its_files(app: Dashboard, node: ScriptedNode) -> None:
    def answer(body: RequestBody) -> ReplyBody:
        assert isinstance(body, GetLogs)
        if body.before is None or body.before.number > 1:
            number = 3 if body.before is None else body.before.number
            return Logs(lines=(), newest=9, earlier=LogCursor(number=number - 1))
        return Logs(lines=(line(100),), newest=9)

    node.answers[GetLogs] = answer
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("enter")
        await read_to_the_end(pilot, app, "line 100 of many")


async def test_a_log_that_is_not_read_says_why(app: Dashboard, node: ScriptedNode) -> None:
    node.answers[GetLogs] = lambda _: refusal("not_allowed", "This socket shows no log")
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("enter")
        await read_to_the_end(pilot, app, "This socket shows no log")
