"""The sessions screen: the list with filter and order, one session in full, and what can be done to it."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import msgspec
import pytest
from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.assign import AssignScreen
from cortensor_tui.dashboard.screens.change_session import ChangeSessionScreen
from cortensor_tui.dashboard.screens.close_session import CloseSessionScreen
from cortensor_tui.dashboard.screens.confirm import ConfirmScreen
from cortensor_tui.dashboard.screens.hand_over import HandOverScreen
from cortensor_tui.dashboard.screens.router import RouterScreen
from cortensor_tui.dashboard.screens.session_pane import SessionPane
from cortensor_tui.dashboard.screens.session_panel import SessionPanel
from cortensor_tui.dashboard.screens.sessions import NONE_MATCHES, SessionsScreen
from cortensor_tui.dashboard.screens.tasks import TasksScreen
from cortensor_tui.dashboard.widgets.entry_list import EntryList
from cortensor_tui.dashboard.widgets.filter_line import FilterLine
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.sessions import Service
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.history_messages import GetTasks
from cortensor_tui.node.messages import ReplyBody, RequestBody, SessionsChanged, StatusChanged
from cortensor_tui.node.owner_messages import Check, Sent
from cortensor_tui.node.session_messages import (
    CheckAct,
    DeactivateSession,
    GetSession,
    HandOver,
    SetRouter,
    UpdateSession,
)

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode, act_checked, refusal
from .session_samples import NASTY, ROUTER, answer_readings, many, reading

SMALL, WIDE = (80, 24), (160, 48)
KEY_PROBLEM = Problem(code="no_owner_key", what=f"This node has no key of {samples.OWNER}")


@pytest.fixture(autouse=True)
def readings(node: ScriptedNode) -> None:
    """Have the node read sessions."""
    answer_readings(node)


async def at_sessions(pilot: Pilot[None]) -> None:
    """Go to the sessions."""
    await live(pilot)
    await pilot.press("2")
    await until(pilot, lambda: isinstance(pilot.app.screen, SessionsScreen))
    await until(pilot, lambda: pilot.app.screen.query_one("#sessions", LineTable).row_count > 0)


def asked(node: ScriptedNode, kind: type[RequestBody]) -> list[Any]:
    return [body for body in node.requests if isinstance(body, kind)]


def listed(app: Dashboard) -> list[str]:
    """Return the first words of the rows in sight."""
    rows = shown(app, "#sessions").splitlines()[1:]
    return [row.split()[0] for row in rows if row.strip()]


# --- the list --------------------------------------------------------------------------------------


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


# --- one session in full -----------------------------------------------------------------------------


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


# --- changing it ---------------------------------------------------------------------------------------


async def test_the_form_is_filled_with_what_the_contract_has(node: ScriptedNode, app: Dashboard) -> None:
    answer_readings(node, metadata="who pays: me")
    mined = samples.transaction(9, TransactionKind.UPDATE_SESSION, TransactionState.MINED, task_key=None)
    node.answers[UpdateSession] = lambda body: Sent(transaction=mined, session_id=7)
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ChangeSessionScreen))
        metadata = app.screen.query_one("#metadata", Input)
        await until(pilot, lambda: metadata.value == "who pays: me")
        assert "Nothing is changed yet." in shown(app, "#checks")
        assert "Cannot be changed: model 0 of the network" in shown(app, "#fixed")
        metadata.value = ""
        await until(pilot, lambda: not app.screen.query_one("#confirm", Button).disabled)
        await pilot.press("f10")
        await until(pilot, lambda: "Session 7 is changed." in shown(app, "#outcome"))
        assert asked(node, UpdateSession) == [UpdateSession(session_id=7, metadata="")], "emptied"


@pytest.mark.parametrize(
    ("metadata", "told"), [(NASTY, "holds signs that cannot be typed"), (None, "not known: it could not be")]
)
async def test_metadata_that_cannot_be_shown_in_the_field_is_left_alone(
    node: ScriptedNode, app: Dashboard, metadata: str | None, told: str
) -> None:
    answer_readings(node, metadata=metadata or "")
    if metadata is None:
        node.answers[GetSession] = lambda body: refusal("no_rpc", "The chain does not answer")
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ChangeSessionScreen))
        field = app.screen.query_one("#metadata", Input)
        await until(pilot, lambda: told in str(field.placeholder))
        app.screen.query_one("#name", Input).value = "other"
        body = UpdateSession(session_id=7, name="other")
        await until(pilot, lambda: asked(node, CheckAct) == [CheckAct(act=body)])


async def test_what_was_typed_already_stays_when_the_session_has_been_read(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_readings(node, metadata="read")
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ChangeSessionScreen))
        form = app.screen
        assert isinstance(form, ChangeSessionScreen)
        metadata = form.query_one("#metadata", Input)
        await until(pilot, lambda: metadata.value == "read")
        metadata.value = "typed"
        form._fill(reading(samples.sessions()[0], metadata="read again"))
        assert metadata.value == "typed"


# --- what can be done ----------------------------------------------------------------------------------


async def test_changing_a_session_sends_what_was_changed_alone(node: ScriptedNode, app: Dashboard) -> None:
    mined = samples.transaction(9, TransactionKind.UPDATE_SESSION, TransactionState.MINED, task_key=None)
    node.answers[UpdateSession] = lambda body: Sent(transaction=mined, session_id=7)
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ChangeSessionScreen))
        confirm = app.screen.query_one("#confirm", Button)
        assert "Nothing is changed yet." in shown(app, "#checks")
        assert confirm.disabled
        app.screen.query_one("#max_nodes", Input).value = "4"
        await until(pilot, lambda: not confirm.disabled)
        assert "at most 0.000123 ether" in shown(app, "#checks")
        assert samples.OWNER in shown(app, "#checks"), "who signs"
        await pilot.press("f10")
        await until(pilot, lambda: "Session 7 is changed." in shown(app, "#outcome"))
        body = UpdateSession(session_id=7, max_nodes=4)
        assert asked(node, CheckAct)[-1] == CheckAct(act=body)
        assert asked(node, UpdateSession) == [body]


async def test_what_the_contract_refuses_cannot_be_sent(node: ScriptedNode, app: Dashboard) -> None:
    unmet = Check(name="contract accepts", is_met=False, detail="SessionV2: the session is not active")
    node.answers[CheckAct] = lambda body: act_checked(unmet, fee_wei=None)
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ChangeSessionScreen))
        app.screen.query_one("#name", Input).value = "other"
        await until(pilot, lambda: "the session is not active" in shown(app, "#checks"))
        await pilot.press("f10")
        await pilot.pause()
        assert not asked(node, UpdateSession)


async def test_without_the_owners_key_everything_is_read_only(node: ScriptedNode, app: Dashboard) -> None:
    status = samples.status(owner_key_problem=KEY_PROBLEM)
    async with app.run_test(size=WIDE) as pilot:
        await at_sessions(pilot)
        await node.change(StatusChanged(status))
        await until(pilot, lambda: "only look: This node has no key of" in shown(app, "#entries"))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, CloseSessionScreen))
        await until(pilot, lambda: "nobody here" in shown(app, "#checks"))
        await pilot.press("f10")
        await pilot.pause()
        assert isinstance(app.screen, CloseSessionScreen), "there is nothing to confirm"
        assert not asked(node, DeactivateSession)


# --- owner and routers ---------------------------------------------------------------------------------


async def test_a_session_is_handed_over_once_its_id_is_typed(node: ScriptedNode, app: Dashboard) -> None:
    mined = samples.transaction(9, TransactionKind.UPDATE_SESSION, TransactionState.MINED, task_key=None)
    node.answers[HandOver] = lambda body: Sent(transaction=mined, session_id=7)
    body = HandOver(session_id=7, new_owner=samples.STRANGER)
    async with app.run_test(size=SMALL) as pilot:
        await at_sessions(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SessionPanel))
        entries = app.screen.query_one(EntryList)
        while entries.current is None or "hand it over" not in entries.current.text:
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HandOverScreen))
        form = app.screen
        assert "0x and 40 hexadecimal digits" in shown(app, "#checks")
        form.query_one("#owner", Input).value = samples.STRANGER
        await until(pilot, lambda: not form.query_one("#confirm", Button).disabled)
        assert asked(node, CheckAct)[-1] == CheckAct(act=body)
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert samples.STRANGER in shown(app, "#panel TextLines").replace("\n", "").replace(" ", "")
        assert not asked(node, HandOver)
        await pilot.press("7", "enter")
        await until(pilot, lambda: "belongs to" in shown(app, "#outcome"))
        assert asked(node, HandOver) == [body]


async def test_a_router_is_listed(node: ScriptedNode, app: Dashboard) -> None:
    mined = samples.transaction(9, TransactionKind.UPDATE_SESSION, TransactionState.MINED, task_key=None)
    node.answers[SetRouter] = lambda body: Sent(transaction=mined, session_id=7)
    async with app.run_test(size=(80, 50)) as pilot:
        await at_sessions(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SessionPanel))
        await until(pilot, lambda: "older ones" in shown(app, "#entries"))
        entries = app.screen.query_one(EntryList)
        while entries.current is None or "list another" not in entries.current.text:
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RouterScreen))
        form = app.screen
        await pilot.press(*samples.STRANGER[:10])
        assert "A router's address is" in shown(app, "#checks")
        form.query_one("#router", Input).value = samples.STRANGER
        form.query_one("#text", Input).value = "wss://two.example"
        await until(pilot, lambda: not form.query_one("#confirm", Button).disabled)
        await pilot.press("f10")
        await until(pilot, lambda: "The router is listed." in shown(app, "#outcome"))
        assert asked(node, SetRouter) == [
            SetRouter(session_id=7, address=samples.STRANGER, text="wss://two.example")
        ]


async def test_enter_on_a_router_takes_it_off_the_list(node: ScriptedNode, app: Dashboard) -> None:
    mined = samples.transaction(9, TransactionKind.UPDATE_SESSION, TransactionState.MINED, task_key=None)
    node.answers[SetRouter] = lambda body: Sent(transaction=mined, session_id=7)
    async with app.run_test(size=WIDE) as pilot:
        await at_sessions(pilot)
        await until(pilot, lambda: ROUTER in shown(app, "#entries"))
        await pilot.press("enter")
        entries = app.screen.query_one(EntryList)
        while entries.current is None or entries.current.copy != ROUTER:
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RouterScreen))
        form = app.screen
        assert form.query_one("#text", Input).value == "wss://router.example:9001"
        assert "Nothing is changed yet." in shown(app, "#checks")
        form.query_one("#do", Select).value = "unlist"
        await until(pilot, lambda: not form.query_one("#confirm", Button).disabled)
        await pilot.press("f10")
        await until(pilot, lambda: "The router is off the list." in shown(app, "#outcome"))
        assert asked(node, SetRouter) == [SetRouter(session_id=7, address=ROUTER)]
