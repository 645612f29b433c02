"""Where the next letters go: what has the focus keeps it, whatever the terminal's size does meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.node.client import NodeClient

from .conftest import live, shown, until
from .scripted_node import ScriptedNode
from .scripted_setup import ScriptedSetup
from .settings_answers import answer_settings

FULL, TINY, WIDE = (80, 24), (40, 10), (160, 48)


async def resized_and_back(app: Dashboard, pilot: Pilot[None]) -> None:
    await pilot.resize_terminal(*TINY)
    await until(pilot, lambda: app.size == TINY)
    await pilot.resize_terminal(*WIDE)
    await until(pilot, lambda: app.size == WIDE and app.screen.size == WIDE)


async def filter_of_sessions(pilot: Pilot[None]) -> None:
    await pilot.press("2", "slash")


async def filter_of_tasks(pilot: Pilot[None]) -> None:
    await pilot.press("3", "slash")


async def filter_of_transactions(pilot: Pilot[None]) -> None:
    await pilot.press("4", "slash")


async def filter_of_logs(pilot: Pilot[None]) -> None:
    await pilot.press("6", "slash")


async def filter_of_settings(pilot: Pilot[None]) -> None:
    await pilot.press("7", "slash")


async def a_new_session(pilot: Pilot[None]) -> None:
    await pilot.press("n")


async def an_assignment(pilot: Pilot[None]) -> None:
    await pilot.press("a", "tab")


@pytest.mark.parametrize(
    "open_field",
    [
        filter_of_sessions,
        filter_of_tasks,
        filter_of_transactions,
        filter_of_logs,
        filter_of_settings,
        a_new_session,
        an_assignment,
    ],
)
async def test_a_field_keeps_the_focus_below_the_least_size(
    app: Dashboard, node: ScriptedNode, open_field: Callable[[Pilot[None]], Awaitable[None]]
) -> None:
    answer_settings(node)
    async with app.run_test(size=FULL) as pilot:
        await live(pilot)
        await open_field(pilot)
        await until(pilot, lambda: isinstance(app.focused, Input))
        field = app.focused
        assert isinstance(field, Input)
        await pilot.press("1")
        await resized_and_back(app, pilot)
        assert app.focused is field
        await pilot.press("2")
        assert field.value.endswith("12")


async def test_the_set_up_keeps_the_focus_below_the_least_size() -> None:
    async def connect() -> NodeClient:
        raise problem_error("no_settings", "There is no node to show yet")

    app = Dashboard(connect, make_setup=ScriptedSetup, begins_with_setup=True)
    async with app.run_test(size=FULL) as pilot:
        await until(pilot, lambda: bool(app.screen.query("#menu")))
        await pilot.press("j", "enter")
        await until(pilot, lambda: bool(app.screen.query("#path")))
        await resized_and_back(app, pilot)
        await pilot.press(*"qs")
        assert app.screen.query_one("#path", Input).value.endswith("qs")


async def test_what_is_hidden_gives_the_focus_to_what_is_left(app: Dashboard) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await live(pilot)
        await pilot.press("3", "tab")
        await until(pilot, lambda: app.focused is not None and app.focused.id != "tasks")
        await pilot.resize_terminal(*FULL)
        await until(pilot, lambda: app.size == FULL)
        await until(pilot, lambda: app.focused is not None and app.focused.is_on_screen)


async def test_below_the_least_size_only_the_verdict_is_seen(app: Dashboard) -> None:
    async with app.run_test(size=FULL) as pilot:
        await live(pilot)
        await pilot.resize_terminal(*TINY)
        await until(pilot, lambda: app.size == TINY)
        await until(pilot, lambda: "At 60x16 and more" in shown(app, "#too-small"))
        seen = "\n".join(
            "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
        )
        assert "Sessions" not in seen
        assert "● SERVING" in seen
