"""One session in full: every field, its tasks, what is copied and where its ways lead."""

from __future__ import annotations

import asyncio
import json
import re

import msgspec
import pytest
from textual.widgets import Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.assign import AssignScreen
from cortensor_tui.dashboard.screens.change_session import ChangeSessionScreen
from cortensor_tui.dashboard.screens.session_pane import SessionPane
from cortensor_tui.dashboard.screens.session_panel import SessionPanel
from cortensor_tui.dashboard.screens.sessions import SessionsScreen
from cortensor_tui.dashboard.screens.tasks import TasksScreen
from cortensor_tui.dashboard.widgets.entry_list import EntryList
from cortensor_tui.dashboard.widgets.filter_line import FilterLine
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.domain.sessions import Service
from cortensor_tui.node.history_messages import GetTasks
from cortensor_tui.node.messages import ReplyBody, RequestBody, SessionsChanged
from cortensor_tui.node.session_messages import (
    GetSession,
)

from . import samples
from .at_sessions import SMALL, WIDE, asked, at_sessions, listed
from .conftest import shown, until
from .scripted_node import ScriptedNode, refusal
from .session_samples import NASTY, answer_readings


@pytest.fixture(autouse=True)
def readings(node: ScriptedNode) -> None:
    """Have the node read sessions."""
    answer_readings(node)


async def test_enter_opens_the_session_with_every_field(node: ScriptedNode, app: Dashboard) -> None:
    answer_readings(node, metadata=NASTY)
    async with app.run_test(size=(80, 110)) as pilot:
        await at_sessions(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SessionPanel))
        await until(pilot, lambda: "maxTaskExecutionCount" in shown(app, "#entries"))
        text = shown(app, "#entries")
        assert "served" in text
        assert "◀ this node" in text
        assert "wss://router.example" in text
        assert "115792089237316195" in text, "a number that fills its word"
        assert "\\u202e" in text, "as the contract has it"
        assert "\x1b" not in text
        assert "\u202e" not in text
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen))


@pytest.mark.parametrize("size", [SMALL, WIDE, (240, 60)])
async def test_an_address_is_never_broken(size: tuple[int, int], app: Dashboard) -> None:
    async with app.run_test(size=size) as pilot:
        await at_sessions(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "as the contract" in all_of(app))
        words = [found.rstrip(",") for found in re.findall(r"0x[0-9a-fA-F]{4}\S*", all_of(app))]
        assert len(words) >= 4
        assert all(len(word) in (42, 66) or "…" in word for word in words), words
        assert samples.OWNER in words, "it fits where it stands alone"


def all_of(app: Dashboard) -> str:
    entries = app.screen.query_one(EntryList)
    return "\n".join("".join(span.text for span in one) for one in entries.lines(entries.size.width, 400))


async def test_every_value_can_be_copied(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SessionPanel))
        entries = app.screen.query_one(EntryList)
        await until(pilot, lambda: "dedicated" in shown(app, "#entries"))
        copied = []
        while entries.current is not None and entries.current.copy not in copied:
            await pilot.press("y")
            copied.append(app.clipboard)
            await pilot.press("j")
        assert "harbour pilot" in copied
        assert samples.NODE in copied
        assert samples.OWNER in copied


async def test_wide_the_session_under_the_cursor_stands_beside_the_list(
    node: ScriptedNode, app: Dashboard
) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await at_sessions(pilot)
        await until(pilot, lambda: "as the contract has it" in shown(app, "#entries"))
        await pilot.press("j", "j")
        await until(pilot, lambda: "a stranger's [red]session[/]" in shown(app, "#entries"))
        await until(pilot, lambda: asked(node, GetSession)[-1].session_id == 9)
        assert "only look: somebody else owns it" in shown(app, "#entries")
        await pilot.press("enter")
        assert isinstance(app.focused, EntryList)
        await pilot.press("escape")
        assert isinstance(app.focused, LineTable)


async def test_tasks_of_a_session_that_is_not_served_are_counted_and_said_to_be_in_no_list(
    node: ScriptedNode, app: Dashboard
) -> None:
    refused = msgspec.structs.replace(samples.sessions()[2], task_count=5)
    node.snapshot = msgspec.structs.replace(node.snapshot, sessions=(refused,))
    async with app.run_test(size=WIDE) as pilot:
        await at_sessions(pilot)
        await until(pilot, lambda: "5 on chain" in shown(app, "#entries"))
        text = " ".join(shown(app, "#entries").split())
        assert "This node does not serve them: its owner is not authorized here" in text


async def test_older_tasks_come_a_page_at_a_time(node: ScriptedNode, app: Dashboard) -> None:
    node.snapshot = msgspec.structs.replace(node.snapshot, tasks=())
    async with app.run_test(size=WIDE) as pilot:
        await at_sessions(pilot)
        await until(pilot, lambda: "older ones" in shown(app, "#entries"))
        assert "7/9" not in shown(app, "#entries")
        await pilot.press("enter")
        entries = app.screen.query_one(EntryList)
        while entries.current is None or "older" not in entries.current.text:
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, lambda: "7/9" in shown(app, "#entries"))
        assert "✖ missed" in shown(app, "#entries")
        assert "older ones" not in shown(app, "#entries")


async def test_older_tasks_that_come_too_late_leave_no_hole(
    node: ScriptedNode, app: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.snapshot = msgspec.structs.replace(node.snapshot, tasks=())  # all must be asked for
    older_asked, may_come = asyncio.Event(), asyncio.Event()
    ask = app.request

    async def slowly(body: RequestBody, timeout_s: float = 30.0) -> ReplyBody:
        reply = await ask(body, timeout_s)
        if isinstance(body, GetTasks) and body.before is not None:
            older_asked.set()
            await may_come.wait()
        return reply

    monkeypatch.setattr(app, "request", slowly)
    async with app.run_test(size=WIDE) as pilot:
        await at_sessions(pilot)
        pane = app.screen.query_one(SessionPane)
        await until(pilot, lambda: "older ones" in shown(app, "#entries"))
        pane.read_older()
        await until(pilot, older_asked.is_set)
        pane.point_at(8)
        pane.point_at(7)
        may_come.set()
        await until(pilot, lambda: "7/11" in shown(app, "#entries"))


async def test_binding_begins_with_the_session_under_the_cursor(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, AssignScreen))
        await until(pilot, lambda: bool(app.screen.query("#session")))
        assert app.screen.query_one("#session", Select).value == 7, "though this node is bound to it"


async def test_the_way_to_all_its_tasks_leads_to_the_tasks(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await at_sessions(pilot)
        await until(pilot, lambda: "all in Tasks" in shown(app, "#entries"))
        await pilot.press("enter")
        entries = app.screen.query_one(EntryList)
        while entries.current is None or "all in" not in entries.current.text:
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TasksScreen))
        await until(pilot, lambda: app.screen.query_one(FilterLine).text == "session:7")


async def test_a_session_that_cannot_be_read_says_why_and_shows_what_is_known(
    node: ScriptedNode, app: Dashboard
) -> None:
    node.answers[GetSession] = lambda body: refusal(
        "no_rpc", "The chain does not answer", "it is away", "Wait"
    )
    async with app.run_test(size=WIDE) as pilot:
        await at_sessions(pilot)
        await until(pilot, lambda: "The chain does not answer" in shown(app, "#entries"))
        assert "what to do Wait" in " ".join(shown(app, "#entries").split())
        assert samples.NODE in shown(app, "#entries")


async def test_a_session_that_changes_is_read_again(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await at_sessions(pilot)
        await until(pilot, lambda: len(asked(node, GetSession)) == 1)
        first, *others = samples.sessions()
        renamed = msgspec.structs.replace(first.session, name="another name")
        await node.change(SessionsChanged((msgspec.structs.replace(first, session=renamed), *others)))
        await until(pilot, lambda: len(asked(node, GetSession)) == 2)


async def test_what_has_the_cursor_keeps_it_as_the_list_moves(node: ScriptedNode, app: Dashboard) -> None:
    """Also at the top, where the list would slide away below the cursor."""
    seven, eight, nine, three = samples.sessions()
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        table = app.screen.query_one("#sessions", LineTable)
        assert table.current is not None
        assert table.current.key == "7"
        served = msgspec.structs.replace(nine, service=Service.SERVED, is_mine=True)
        unbound = msgspec.structs.replace(seven, service=Service.NOT_BOUND)
        await node.change(SessionsChanged((served, unbound, eight, three)))
        await until(pilot, lambda: listed(app)[0] == "9")
        assert table.current.key == "7"
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ChangeSessionScreen))
        assert str(app.screen.query_one("#panel").border_title) == "Change session 7"


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["from the list", "as read"])
async def test_the_whole_session_is_copied_as_json(
    node: ScriptedNode, app: Dashboard, size: tuple[int, int]
) -> None:
    answer_readings(node, metadata=NASTY)
    async with app.run_test(size=size) as pilot:
        await at_sessions(pilot)
        if size == WIDE:
            await until(pilot, lambda: "as the contract has it" in shown(app, "#entries"))
        await pilot.press("Y")
        copied = json.loads(app.clipboard)
        assert app.clipboard.isascii()
        if size == WIDE:
            assert copied["fields"]["metadata"] == NASTY
            assert copied["fields"]["dedicatedNodes"] == [samples.NODE.lower()]
        else:
            assert copied["session"]["dedicated_nodes"] == [samples.NODE]
