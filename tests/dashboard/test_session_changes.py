"""A session is changed, closed, handed over; its routers are listed and taken off."""

from __future__ import annotations

import pytest
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.change_session import ChangeSessionScreen
from cortensor_tui.dashboard.screens.close_session import CloseSessionScreen
from cortensor_tui.dashboard.screens.confirm import ConfirmScreen
from cortensor_tui.dashboard.screens.hand_over import HandOverScreen
from cortensor_tui.dashboard.screens.router import RouterScreen
from cortensor_tui.dashboard.screens.session_panel import SessionPanel
from cortensor_tui.dashboard.widgets.entry_list import EntryList
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.messages import StatusChanged
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
from .at_sessions import SMALL, WIDE, asked, at_sessions
from .conftest import shown, until
from .scripted_node import ScriptedNode, act_checked, refusal
from .session_samples import NASTY, ROUTER, answer_readings, reading

KEY_PROBLEM = Problem(code="no_owner_key", what=f"This node has no key of {samples.OWNER}")


@pytest.fixture(autouse=True)
def readings(node: ScriptedNode) -> None:
    """Have the node read sessions."""
    answer_readings(node)


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
