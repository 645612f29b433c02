"""What cannot be undone is sent once the session's id was typed, and not before."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.assign import AssignScreen
from cortensor_tui.dashboard.screens.close_session import CloseSessionScreen
from cortensor_tui.dashboard.screens.confirm import ConfirmScreen
from cortensor_tui.dashboard.screens.sessions import SessionsScreen
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.messages import ReplyBody, RequestBody, TaskChanged
from cortensor_tui.node.owner_messages import Assign, AssignmentChecked, Check, CheckAssignment, Sent
from cortensor_tui.node.session_messages import DeactivateSession

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode
from .session_samples import answer_readings

SMALL = (80, 24)


def asked(node: ScriptedNode, kind: type[RequestBody]) -> list[Any]:
    return [body for body in node.requests if isinstance(body, kind)]


@pytest.fixture(autouse=True)
def sends(node: ScriptedNode) -> None:
    """Have the node do what it is asked."""
    answer_readings(node)
    closed = samples.transaction(9, TransactionKind.DEACTIVATE_SESSION, TransactionState.MINED, task_key=None)
    unbound = samples.transaction(10, TransactionKind.UNBIND, TransactionState.MINED, task_key=None)
    node.answers[DeactivateSession] = lambda body: Sent(transaction=closed, session_id=7)
    node.answers[Assign] = lambda body: Sent(transaction=unbound, session_id=7)


def answer_unbinding(node: ScriptedNode, *in_flight: TaskKey, is_known: bool = True) -> None:
    """Have the node check unbinding, in the middle of these tasks, or where it cannot tell of which."""

    def checked(body: RequestBody) -> ReplyBody:
        assert isinstance(body, CheckAssignment)
        return AssignmentChecked(
            checks=(Check(name="owner", is_met=True, detail="you own it"),),
            node_address=body.node_address,
            call=f"SessionV2.removeDedicatedNode({body.session_id}, {body.node_address})",
            contract="0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
            calldata="0x23a8dba0",
            fee_wei="123000000000000",
            gas_limit=60_000,
            in_flight=in_flight,
            is_in_flight_known=is_known,
        )

    node.answers[CheckAssignment] = checked


async def at_form(pilot: Pilot[None], key: str, kind: type) -> None:
    """Open a form from the list of sessions, and wait until it may be sent."""
    await live(pilot)
    await pilot.press("2")
    await until(pilot, lambda: isinstance(pilot.app.screen, SessionsScreen))
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await until(pilot, lambda: not pilot.app.screen.query_one("#confirm", Button).disabled)


async def test_closing_a_session(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_form(pilot, "x", CloseSessionScreen)
        assert "at most 0.000123 ether" in shown(app, "#checks"), "what it costs, before anything is typed"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Session 7 harbour pilot takes no more prompts" in shown(app, "#panel TextLines")
        assert app.screen.query_one("#confirm", Button).disabled
        assert not asked(node, DeactivateSession)
        await pilot.press("7", "enter")
        await until(pilot, lambda: "Session 7 is closed." in shown(app, "#outcome"))
        assert asked(node, DeactivateSession) == [DeactivateSession(session_id=7)]


@pytest.mark.parametrize("typed", ["", "8", "77", "x"])
async def test_another_word_sends_nothing_and_is_told(node: ScriptedNode, app: Dashboard, typed: str) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_form(pilot, "x", CloseSessionScreen)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press(*typed, "enter", "f10")
        await until(pilot, lambda: "That is not 7: nothing was sent." in shown(app, "#remark"))
        assert app.screen.query_one("#confirm", Button).disabled
        assert not asked(node, DeactivateSession)
        app.screen.query_one("#typed", Input).value = " 7 "
        await until(pilot, lambda: not app.screen.query_one("#confirm", Button).disabled)
        assert not shown(app, "#remark").strip()


async def test_escape_goes_back_to_the_form_and_sends_nothing(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_form(pilot, "x", CloseSessionScreen)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("7", "escape")
        await until(pilot, lambda: isinstance(app.screen, CloseSessionScreen))
        assert not asked(node, DeactivateSession)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen))


async def test_unbinding_in_the_middle_of_a_task(node: ScriptedNode, app: Dashboard) -> None:
    answer_unbinding(node, TaskKey(7, 12))
    async with app.run_test(size=SMALL) as pilot:
        await at_form(pilot, "u", AssignScreen)
        assert "Task 7/12 is being answered. It may end unanswered" in shown(app, "#checks")
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert not asked(node, Assign)
        await pilot.press("7", "f10")
        await until(pilot, lambda: "is no longer bound to session 7" in shown(app, "#outcome"))
        assert asked(node, Assign) == [Assign(session_id=7, node_address=samples.NODE, unbind=True)]


async def test_unbinding_where_nobody_can_tell_whether_there_is_a_task(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_unbinding(node, is_known=False)
    async with app.run_test(size=SMALL) as pilot:
        await at_form(pilot, "u", AssignScreen)
        assert "Whether it is answering a task could not be read." in shown(app, "#checks")
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert not asked(node, Assign)
        await pilot.press("7", "f10")
        await until(pilot, lambda: "is no longer bound to session 7" in shown(app, "#outcome"))


async def test_unbinding_an_idle_node_needs_nothing_typed(node: ScriptedNode, app: Dashboard) -> None:
    answer_unbinding(node)
    async with app.run_test(size=SMALL) as pilot:
        await at_form(pilot, "u", AssignScreen)
        await pilot.press("f10")
        await until(pilot, lambda: "is no longer bound to session 7" in shown(app, "#outcome"))


async def test_a_task_that_comes_while_the_form_is_open_is_checked_for(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_unbinding(node)
    async with app.run_test(size=SMALL) as pilot:
        await at_form(pilot, "u", AssignScreen)
        assert "is being answered" not in shown(app, "#checks")
        answer_unbinding(node, TaskKey(7, 13))
        await node.change(TaskChanged(samples.task(13, Stage.ASSIGNED)))
        await until(pilot, lambda: "Task 7/13 is being answered" in shown(app, "#checks"))


async def test_the_form_names_its_session(node: ScriptedNode, app: Dashboard) -> None:
    answer_unbinding(node)
    async with app.run_test(size=SMALL) as pilot:
        await at_form(pilot, "u", AssignScreen)
        assert (
            str(app.screen.query_one("#panel").border_title) == "Unbind a node from session 7  harbour pilot"
        )
        assert app.screen.query_one("#session", Select).value == 7
