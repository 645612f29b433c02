"""The tasks: the list with its filter, one task in full, its texts and its proof."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.present.verification import verification_lines
from cortensor_tui.dashboard.screens.reading import ReadingScreen
from cortensor_tui.dashboard.screens.task_pane import LOG_GROUP, TaskPane
from cortensor_tui.dashboard.screens.task_panel import TaskPanel
from cortensor_tui.dashboard.screens.tasks import TasksScreen
from cortensor_tui.dashboard.stops import Stop
from cortensor_tui.dashboard.widgets.paged_table import PagedTable
from cortensor_tui.dashboard.widgets.report import Report
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.node.history_messages import (
    OLDEST_TASK,
    GetTask,
    GetTasks,
    Tasks,
    Verify,
)
from cortensor_tui.node.log_messages import GetLogs, LogCursor, Logs
from cortensor_tui.node.messages import ReplyBody, RequestBody, TaskChanged

from . import samples
from .conftest import live, shown, until
from .past import CAUSE, answer_history, proof
from .scripted_node import ScriptedNode, refusal
from .test_logs import ScriptedLog, line

SMALL, WIDE = (80, 24), (160, 48)


@pytest.fixture(autouse=True)
def history(node: ScriptedNode) -> None:
    """Have the node answer for its past."""
    answer_history(node)


async def open_tasks(pilot: Pilot[None], app: Dashboard) -> None:
    await live(pilot)
    await pilot.press("3")
    await until(pilot, lambda: isinstance(app.screen, TasksScreen) and "8/2" in shown(app, "#tasks"))


def keys_shown(app: Dashboard) -> list[str]:
    """Return the tasks of the list, from the top."""
    rows = shown(app, "#tasks").split("\n")[1:]
    return [word for row in rows for word in row.split() if "/" in word and word[0].isdigit()]


async def test_the_list_is_what_the_feed_tells_and_what_the_journal_has(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        assert keys_shown(app) == [f"7/{number}" for number in range(12, 0, -1)] + ["8/2"]
        rows = shown(app, "#tasks").split("\n")
        assert "┃" not in rows[-1]
        assert "✖ missed" in next(row for row in rows if "8/2" in row)
        assert "the task ended" in next(row for row in rows if "8/2" in row)
        assert "░" in next(row for row in rows if "7/11" in row)


async def test_a_filter_is_asked_of_the_node_and_kept(app: Dashboard, node: ScriptedNode) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("slash", *"missed", "enter")
        await until(pilot, lambda: keys_shown(app) == ["8/2"])
        asked = [body.filter for body in node.requests if isinstance(body, GetTasks)]
        assert str(asked[-1]) == "missed"
        assert "filtered" in shown(app, "#list > Heading")
        await pilot.press("escape")
        await until(pilot, lambda: len(keys_shown(app)) == 13)
        assert isinstance(app.screen, TasksScreen), "the first escape clears the filter"
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, TasksScreen))


async def test_escape_in_the_filter_clears_it_and_gives_the_keys_back_to_the_list(
    app: Dashboard, node: ScriptedNode
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("slash", *"missed")
        await until(pilot, lambda: keys_shown(app) == ["8/2"])
        assert "esc Clear" in shown(app, "KeyBar")
        await pilot.press("escape", "j")
        await until(pilot, lambda: len(keys_shown(app)) == 13)
        assert not app.screen.query_one("#filter").display
        assert app.screen.query_one("#filter Input", Input).value == ""
        assert app.focused is app.screen.query_one("#tasks")
        assert isinstance(app.screen, TasksScreen)


ORDERS = (
    ("task", "highest session and task first", ["8/2", "7/12"]),
    ("way", "soonest due first", ["7/12", "7/11"]),
    ("took", "longest first", ["7/12", "8/2"]),
    ("tokens", "most tokens first", ["7/11", "7/10"]),
    ("age", "newest first", ["7/12", "7/11"]),
)


async def test_at_the_least_size_age_task_stage_and_what_went_wrong_stay(app: Dashboard) -> None:
    async with app.run_test(size=(60, 16)) as pilot:
        await live(pilot)
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, TasksScreen) and "7/12" in shown(app, "#tasks"))
        await pilot.press("G")
        await until(pilot, lambda: "8/2" in shown(app, "#tasks"))
        assert "60 min  8/2       ✖ missed        the task ended before" in shown(app, "#tasks")


async def begins_with(pilot: Pilot[None], app: Dashboard, keys: list[str]) -> None:
    """Wait for the list to begin with these tasks."""
    await until(pilot, lambda: keys_shown(app)[: len(keys)] == keys)


async def test_s_sorts_by_the_next_column_and_the_header_says_so(app: Dashboard) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_tasks(pilot, app)
        for column, words, first in ORDERS:
            await pilot.press("S")
            await begins_with(pilot, app, first)
            assert f"13, {words}" in shown(app, "#list > Heading")
            header = shown(app, "#tasks").split("\n")[0]
            assert f"{column}▼" in header or f"{column}▲" in header
            assert header.count("▼") + header.count("▲") == 1


async def test_r_turns_the_order_round_and_asks_the_node_from_its_other_end(
    app: Dashboard, node: ScriptedNode
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("R")
        await until(pilot, lambda: keys_shown(app)[:2] == ["8/2", "7/1"])
        assert "13, oldest first" in shown(app, "#list > Heading")
        asked = [body for body in node.requests if isinstance(body, GetTasks)][-1]
        assert (asked.before, asked.after) == (None, OLDEST_TASK)


async def test_the_row_under_the_cursor_stays_in_another_order_and_without_the_filter(app: Dashboard) -> None:
    def current() -> str:
        row = app.screen.query_one(PagedTable).current
        return row.key if row is not None else ""

    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("j", "j", "j")
        assert current() == "7/9"
        await pilot.press("R")
        await until(pilot, lambda: keys_shown(app)[:1] == ["8/2"])
        assert current() == "7/9"
        await pilot.press("slash", *"session:7", "enter")
        await until(pilot, lambda: "8/2" not in keys_shown(app) and "7/1" in keys_shown(app))
        assert current() == "7/9"
        await pilot.press("escape")
        await until(pilot, lambda: "8/2" in keys_shown(app))
        assert current() == "7/9"
        await pilot.press("slash", *"missed", "enter")
        await until(pilot, lambda: current() == "8/2")


async def test_a_filter_that_hides_everything_says_so(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("slash", *"session:99", "enter")
        await until(pilot, lambda: "No task matches this filter" in shown(app, "#tasks"))


async def test_a_changed_task_joins_a_filtered_list_only_where_it_matches(
    app: Dashboard, node: ScriptedNode
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("slash", *"open", "enter")
        await until(pilot, lambda: keys_shown(app) == ["7/12"])
        await node.change(TaskChanged(samples.task(13, Stage.ACKED)))
        await until(pilot, lambda: keys_shown(app) == ["7/13", "7/12"])
        await node.change(TaskChanged(samples.ended_task(12)))
        await until(pilot, lambda: keys_shown(app) == ["7/13"])


@pytest.mark.parametrize("key", ["f", "space"])
async def test_a_frozen_list_stands_still_until_it_follows_again(
    app: Dashboard, node: ScriptedNode, key: str
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press(key)
        await node.change(TaskChanged(samples.task(13, Stage.ACKED)))
        await until(pilot, lambda: "frozen · 1 new" in shown(app, "#list > Heading"))
        assert keys_shown(app)[0] == "7/12"
        await pilot.press(key)
        await until(pilot, lambda: keys_shown(app)[0] == "7/13")


async def test_a_filter_is_no_longer_frozen(app: Dashboard, node: ScriptedNode) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("f", "slash", *"open", "enter")
        await node.change(TaskChanged(samples.task(13, Stage.ACKED)))
        await until(pilot, lambda: keys_shown(app) == ["7/13", "7/12"])
        assert "frozen" not in shown(app, "#list > Heading")


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


async def test_v_proves_the_task_and_shows_every_line(app: Dashboard, node: ScriptedNode) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("j", "v")
        await until(pilot, lambda: "✖ REFUTED" in shown(app, "#report"))
        report = shown(app, "#report")
        assert "✓ the answer's hash" in report
        assert "✖ the result on chain" in report
        assert "one here," in report
        assert "two words there" in report
        assert "? the block of the ack" in report
        assert "it was pruned" in report
        assert any(isinstance(body, Verify) and body.key == TaskKey(7, 11) for body in node.requests)


@pytest.mark.parametrize("size", [(80, 60), (160, 60)])
async def test_in_a_proof_values_are_whole_where_they_fit_and_copied_whole(
    size: tuple[int, int], app: Dashboard
) -> None:
    async with app.run_test(size=size) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("j", "enter", "v")
        await until(pilot, lambda: "✖ REFUTED" in shown(app, "#report"))
        assert "0x" + "ab" * 32 in shown(app, "#report")
        copied = []
        await pilot.press("G")
        for _ in range(3):
            await pilot.press("y", "k")
            copied.append(app.clipboard)
        assert copied == ["two words", "one", "0x" + "ab" * 32]


def test_a_value_that_does_not_fit_is_told_by_its_ends_and_copied_whole() -> None:
    value = "0x" + "ab" * 32
    found = [one for one in verification_lines(proof(TaskKey(7, 11)), 50) if isinstance(one, Stop)]
    assert found[0].copy == value
    assert found[0].line[0].text.strip() == "0xabab…abab"


async def test_a_proof_that_cannot_be_made_says_why(app: Dashboard, node: ScriptedNode) -> None:
    node.answers[Verify] = lambda _: refusal("not_connected", "The node is not connected to its chain")
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("v")
        await until(pilot, lambda: "The node is not connected to its chain" in shown(app, "#report"))


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


async def test_a_history_that_cannot_be_read_says_why_and_what_to_do(
    app: Dashboard, node: ScriptedNode
) -> None:
    node.answers[GetTasks] = lambda _: refusal("journal_unusable", "The journal cannot be read")
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, TasksScreen) and app.screen.is_whole)
        await until(pilot, lambda: "✖ The journal cannot be read" in shown(app, "#tasks"))
        assert "r tries again" in shown(app, "#tasks")
        assert "7/12" in shown(app, "#tasks"), "what the node told of lately is still there"
        await until(pilot, lambda: "only what the node told of lately" in shown(app, "#list > Heading"))
        await node.change(TaskChanged(samples.task(13, Stage.ASSIGNED)))
        await until(pilot, lambda: "7/13" in shown(app, "#tasks"))
        answer_history(node)
        await pilot.press("r")
        await until(pilot, lambda: "8/2" in shown(app, "#tasks"))
        assert "✖ The journal" not in shown(app, "#tasks")


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
