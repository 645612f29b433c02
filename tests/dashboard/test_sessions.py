"""The list of sessions: its order, its filter, its cursor."""

from __future__ import annotations

import msgspec
import pytest
from textual.events import MouseScrollDown, MouseScrollUp
from textual.widgets import Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.session_panel import SessionPanel
from cortensor_tui.dashboard.screens.sessions import NONE_MATCHES
from cortensor_tui.dashboard.widgets.entry_list import EntryList
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.node.messages import SessionsChanged

from . import samples
from .at_sessions import SMALL, at_sessions, listed
from .conftest import shown, until
from .scripted_node import ScriptedNode
from .session_samples import answer_readings, many


@pytest.fixture(autouse=True)
def readings(node: ScriptedNode) -> None:
    """Have the node read sessions."""
    answer_readings(node)


async def test_the_list_shows_what_the_node_does_with_each(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        assert listed(app) == ["7", "8", "9", "3"]
        text = shown(app, "#sessions")
        assert "this node▲" in text
        assert "✖ refused" in text
        assert "4, 1 served" in shown(app, "#list Heading")


async def test_sorting_goes_through_the_columns_and_turns_round(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("S")
        assert listed(app) == ["9", "8", "7", "3"]
        assert "id▼" in shown(app, "#sessions")
        await pilot.press("R")
        assert listed(app) == ["3", "7", "8", "9"]
        assert "id▲" in shown(app, "#sessions")
        await pilot.press("S")
        assert listed(app) == ["9", "7", "3", "8"], "by name"


async def test_the_cursor_stays_on_its_session(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("j", "j", "S", "R")
        assert app.screen.query_one("#sessions", LineTable).current.key == "9"  # type: ignore[union-attr]
        await node.change(SessionsChanged(samples.sessions()[1:]))
        await until(pilot, lambda: listed(app) == ["3", "8", "9"])
        assert app.screen.query_one("#sessions", LineTable).current.key == "9"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("mine", ["7", "8", "3"]),
        ("-mine", ["9"]),
        ("served", ["7"]),
        ("refused", ["9"]),
        ("inactive", ["3"]),
        ("mode:ded active", ["7", "8", "9"]),
        (f"owner:{samples.STRANGER.lower()[:8]}", ["9"]),
        ("id:3,8", ["8", "3"]),
        ("PILOT", ["7"]),
    ],
)
async def test_a_filter_leaves_what_it_says(app: Dashboard, text: str, ids: list[str]) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("slash")
        app.screen.query_one("#filter Input", Input).value = text
        await pilot.press("enter")
        await until(pilot, lambda: listed(app) == ids)
        assert f"{len(ids)} of 4" in shown(app, "#list Heading")
        assert isinstance(app.focused, LineTable)
        await pilot.press("escape")
        await until(pilot, lambda: len(listed(app)) == 4)


async def test_a_filter_that_hides_everything_says_so(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("slash", *"nobody", "enter")
        await until(pilot, lambda: NONE_MATCHES[:20] in shown(app, "#sessions"))


async def test_a_mistake_in_a_filter_is_told_and_the_list_stays(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("slash", *"mode:many")
        await until(pilot, lambda: "There is no mode many" in shown(app, "#filter > TextLines"))
        assert len(listed(app)) == 4


def wheel(kind: type[MouseScrollDown] | type[MouseScrollUp]) -> MouseScrollDown | MouseScrollUp:
    """Return a step of the wheel."""
    return kind(None, 10, 2, 0, 0, 0, False, False, False)


async def test_a_click_moves_the_cursor_the_wheel_too_and_a_second_click_opens(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        table = app.screen.query_one("#sessions", LineTable)
        chosen = listed(app)
        await pilot.click("#sessions", offset=(10, 3))
        assert table.current is not None
        assert table.current.key == chosen[2]
        for y in (0, 12):
            await pilot.click("#sessions", offset=(10, y))
            assert table.current.key == chosen[2], "neither the header nor the room below is a row"
        table.post_message(wheel(MouseScrollUp))
        await pilot.pause()
        assert table.current.key == chosen[0]
        table.post_message(wheel(MouseScrollDown))
        await pilot.pause()
        assert table.current.key == chosen[3]
        await pilot.double_click("#sessions", offset=(10, 2))
        await until(pilot, lambda: isinstance(app.screen, SessionPanel))
        assert table.current.key == chosen[1]
        await until(pilot, lambda: "dedicated" in shown(app, "#entries"))
        rows = shown(app, "#entries").split("\n")
        at = next(row for row, text in enumerate(rows) if text.strip().startswith("owner"))
        await pilot.click("#entries", offset=(10, at))
        current = app.screen.query_one(EntryList).current
        assert current is not None
        assert current.label == "owner"


async def test_a_thousand_sessions_scroll(node: ScriptedNode, app: Dashboard) -> None:
    node.snapshot = msgspec.structs.replace(node.snapshot, sessions=many(1_000))
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("S", "G")
        assert listed(app)[-1] == "0"
        await pilot.press("g", "pagedown")
        assert listed(app)[0] == "999"
        await pilot.press("slash", *"served mine", "enter")
        await until(pilot, lambda: NONE_MATCHES[:20] in shown(app, "#sessions"))
