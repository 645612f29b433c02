"""The list of tasks: its filter, its orders, and standing still."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.tasks import TasksScreen
from cortensor_tui.dashboard.widgets.paged_table import PagedTable
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.node.history_messages import (
    OLDEST_TASK,
    GetTasks,
)
from cortensor_tui.node.messages import TaskChanged

from . import samples
from .at_tasks import SMALL, keys_shown, open_tasks
from .conftest import live, shown, until
from .past import answer_history
from .scripted_node import ScriptedNode, refusal


@pytest.fixture(autouse=True)
def history(node: ScriptedNode) -> None:
    """Have the node answer for its past."""
    answer_history(node)


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
