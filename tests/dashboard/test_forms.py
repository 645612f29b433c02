"""The forms that send something: binding, removing a node, a new session."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.ask import AskScreen
from cortensor_tui.dashboard.screens.assign import AssignScreen
from cortensor_tui.dashboard.screens.new_session import NewSessionScreen
from cortensor_tui.dashboard.screens.overview import OverviewScreen
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.messages import (
    SessionsChanged,
    TransactionChanged,
)
from cortensor_tui.node.owner_messages import (
    Assign,
    CheckAssignment,
    CreateSession,
    Sent,
)

from . import samples
from .conftest import live, shown, until
from .form_answers import answer_checks, asked
from .scripted_node import ScriptedNode, refusal

SMALL = (80, 24)


async def test_binding_a_node_by_hand(node: ScriptedNode, app: Dashboard) -> None:
    answer_checks(node)
    mined = samples.transaction(
        8, TransactionKind.BIND, TransactionState.MINED, task_key=None, block_number=1210, gas_used=84_311
    )
    node.answers[Assign] = lambda body: Sent(transaction=mined, session_id=8)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("j", "a")
        await until(pilot, lambda: isinstance(app.screen, AssignScreen))
        confirm = app.screen.query_one("#confirm", Button)
        await until(pilot, lambda: not confirm.disabled)
        assert app.screen.query_one("#session", Select).value == 8, "the session under the cursor"
        assert app.screen.query_one("#node", Input).value == samples.NODE, "this node"
        assert "✓ session exists" in shown(app, "#checks")
        assert "at most 0.000123 ether" in shown(app, "#checks")
        assert not asked(node, Assign), "nothing is sent before it is confirmed"
        await pilot.press("tab", "tab", "enter")
        await until(pilot, lambda: "● mined" in shown(app, "#outcome"))
        assert "block 1,210" in shown(app, "#outcome")
        assert asked(node, Assign) == [Assign(session_id=8, node_address=samples.NODE)]
        assert confirm.disabled, "one form sends once"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))


@pytest.mark.parametrize(("is_owner", "mark"), [(False, "✖"), (None, "?")])
async def test_a_check_that_is_not_met_keeps_the_button_off(
    node: ScriptedNode, app: Dashboard, is_owner: bool | None, mark: str
) -> None:
    answer_checks(node, is_owner)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("a")
        await until(pilot, lambda: f"{mark} you own it" in shown(app, "#checks"))
        assert "owned by ␛[31msomeone" in shown(app, "#checks"), "the node's words are inert"
        assert app.screen.query_one("#confirm", Button).disabled
        await pilot.press("f10")
        await until(pilot, lambda: "Nothing was sent: you own it: owned by ␛[31m" in shown(app, "#toast"))
        assert not asked(node, Assign)


async def test_an_address_that_is_none_is_said_without_asking_the_node(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_checks(node)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
        before = len(asked(node, CheckAssignment))
        await pilot.press("tab", "end", "backspace")
        await until(pilot, lambda: "40 hexadecimal digits" in shown(app, "#checks"))
        assert app.screen.query_one("#confirm", Button).disabled
        assert len(asked(node, CheckAssignment)) == before


async def test_confirming_says_what_is_wrong_with_a_field(node: ScriptedNode, app: Dashboard) -> None:
    answer_checks(node)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
        await pilot.press("tab", "end", "backspace", "f10")
        await until(pilot, lambda: "Nothing was sent: A node address is 0x and 40" in shown(app, "#toast"))
        assert not asked(node, Assign)


@pytest.mark.parametrize("key", ["f10", "enter"])
async def test_confirming_without_the_owners_key_says_why_and_what_to_do(
    node: ScriptedNode, app: Dashboard, key: str
) -> None:
    answer_checks(node)
    problem = Problem(code="no_key", what="No key of the owner is here", why="none is set", remedy="Set one")
    status = samples.status(owner_key_problem=problem)
    node.snapshot = msgspec.structs.replace(node.snapshot, status=status)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("a", "tab")
        await until(pilot, lambda: "nobody here: No key of the owner" in shown(app, "#checks"))
        await pilot.press(key)
        await until(pilot, lambda: "✖ No key of the owner is here" in shown(app, "#outcome"))
        assert "Set one" in shown(app, "#outcome")
        assert not asked(node, Assign)


async def test_what_could_not_be_checked_is_checked_when_asked_again(
    node: ScriptedNode, app: Dashboard
) -> None:
    node.answers[CheckAssignment] = lambda body: refusal("slow", "The chain did not answer")
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "✖ The chain did not answer" in shown(app, "#outcome"))
        answer_checks(node)
        await pilot.press("f10")
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
        assert "The chain did not answer" not in shown(app, "#outcome")


async def test_a_form_whose_node_went_checks_again_once_it_is_back(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_checks(node)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
        await node.stop()
        await until(pilot, lambda: app.feed_state.retry_at is not None)
        await pilot.press("tab", "end", "backspace", samples.NODE[-1])
        await until(pilot, lambda: "✖ The node does not answer yet" in shown(app, "#outcome"))
        assert "r" not in shown(app, "#outcome").split(), "r would be typed here"
        await node.start()
        app._feed.reconnect()
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
        assert not app.screen.query_one("#confirm", Button).disabled


async def test_what_was_sent_is_not_sent_again(node: ScriptedNode, app: Dashboard) -> None:
    answer_checks(node)
    mined = samples.transaction(8, TransactionKind.BIND, TransactionState.MINED, task_key=None)
    node.answers[Assign] = lambda body: Sent(transaction=mined, session_id=8)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
        await pilot.press("f10")
        await until(pilot, lambda: "● mined" in shown(app, "#outcome"))
        await pilot.press("f10")
        await until(pilot, lambda: "This was sent already: esc closes it" in shown(app, "#toast"))
        assert len(asked(node, Assign)) == 1


async def test_q_closes_a_box_but_where_it_is_typed(node: ScriptedNode, app: Dashboard) -> None:
    answer_checks(node)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.focused, Input) and app.focused.value == "q")
        await pilot.press("tab", "tab", "q")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))
        assert not app._exit


async def test_unbinding_asks_for_the_removal(node: ScriptedNode, app: Dashboard) -> None:
    answer_checks(node)
    node.answers[Assign] = lambda body: refusal(
        "reverted", "The chain refused it", "not the owner", "Use the owner's key"
    )
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("u")
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
        await pilot.press("f10")
        await until(pilot, lambda: "✖ The chain refused it" in shown(app, "#outcome"))
        assert "Use the owner's key" in shown(app, "#outcome")
        assert asked(node, Assign) == [Assign(session_id=7, node_address=samples.NODE, unbind=True)]


async def test_a_pending_transaction_is_shown_while_its_answer_is_awaited(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_checks(node)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
        form = app.screen
        assert isinstance(form, AssignScreen)
        form._asked_at = samples.NOW
        sent = samples.transaction(
            8, TransactionKind.BIND, TransactionState.SENT, task_key=None, created_at=samples.NOW
        )
        await node.change(TransactionChanged(sent))
        await until(pilot, lambda: "▲ sent" in shown(app, "#outcome"))


async def test_creating_a_session(node: ScriptedNode, app: Dashboard) -> None:
    mined = samples.transaction(8, TransactionKind.CREATE_SESSION, TransactionState.MINED, task_key=None)
    node.answers[CreateSession] = lambda body: Sent(transaction=mined, session_id=10)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewSessionScreen))
        await pilot.press("f10")
        await until(pilot, lambda: "has no name" in shown(app, "#outcome"))
        await pilot.press(*"quay")
        app.screen.query_one("#max_nodes", Input).value = "many"
        await pilot.press("f10")
        await until(pilot, lambda: "Most nodes is many" in shown(app, "#outcome"))
        app.screen.query_one("#max_nodes", Input).value = "2"
        await pilot.press("f10")
        await until(pilot, lambda: "Session 10 exists" in shown(app, "#outcome"))
        assert asked(node, CreateSession) == [CreateSession(name="quay", max_nodes=2)]


async def test_letters_in_a_form_are_text_and_escape_goes_back_one_level(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewSessionScreen))
        await pilot.press(*"qa?t")
        assert app.screen.query_one("#name", Input).value == "qa?t"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, NewSessionScreen))
        assert app.screen.query_one("#name", Input).value == "qa?t", "nothing typed is lost unasked"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))
        await pilot.press("escape")
        await pilot.pause()
        assert app.is_running


async def test_a_form_is_for_the_session_that_had_the_cursor_however_the_list_has_moved(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_checks(node)
    seven, eight, nine, three = samples.sessions()
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        table = app.screen.query_one("#sessions", LineTable)
        for first in (nine, three):
            others = tuple(one for one in (seven, eight, nine, three) if one is not first)
            await node.change(SessionsChanged((first, *others)))
            at_top = str(first.session.session_id)
            await until(pilot, lambda at_top=at_top: table.row_at(0).key == at_top)  # type: ignore[misc]
            assert table.current is not None
            assert table.current.key == "7", "also at the top it stays with its session"
        await pilot.press("j")
        await node.change(SessionsChanged((eight, seven, nine, three)))
        await until(pilot, lambda: table.row_at(0).key == "8")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, AssignScreen))
        assert app.screen.query_one("#session", Select).value == 8
        assert "to session 8  to bind by hand" in str(app.screen.query_one("#panel").border_title)


async def test_a_check_that_comes_due_as_its_form_closes_is_not_made(
    node: ScriptedNode, app: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_checks(node)
    due: list[Callable[[], None]] = []
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("j", "a")
        await until(pilot, lambda: isinstance(app.screen, AssignScreen))
        form = app.screen
        assert isinstance(form, AssignScreen)
        await until(pilot, lambda: not form.query_one("#confirm", Button).disabled)
        monkeypatch.setattr(form, "set_timer", lambda _, ring: due.append(ring))
        made = len(asked(node, CheckAssignment))
        form.check_soon(0)
        form.action_leave()
        [ring] = due
        ring()
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))
        assert len(asked(node, CheckAssignment)) == made
