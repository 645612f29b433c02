"""A form whose node gives no answer says whether anything can have been sent, and goes on when it is back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.feed import Link
from cortensor_tui.dashboard.screens import checked_form
from cortensor_tui.dashboard.screens.assign import AssignScreen
from cortensor_tui.node.messages import StatusChanged
from cortensor_tui.node.owner_messages import Assign, CheckAssignment

from . import samples
from .conftest import live, shown, until
from .form_answers import answer_checks, asked
from .scripted_node import ScriptedNode, refusal

SMALL = (80, 24)


async def open_form(app: Dashboard, pilot: Pilot[Any]) -> Button:
    await live(pilot)
    await pilot.press("j", "a")
    await until(pilot, lambda: isinstance(app.screen, AssignScreen) and app.screen.is_whole)
    return app.screen.query_one("#confirm", Button)


async def test_a_check_without_an_answer_sends_nothing_and_is_made_when_the_node_is_back(
    node: ScriptedNode, app: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checked_form, "RECHECK_S", 0.0)
    answer_checks(node)
    node.unanswered.add(CheckAssignment)
    async with app.run_test(size=SMALL) as pilot:
        confirm = await open_form(app, pilot)
        await until(pilot, lambda: bool(asked(node, CheckAssignment)))
        await node.stop()
        await until(pilot, lambda: "The node does not answer yet" in shown(app, "#outcome"))
        assert "nothing was sent" in shown(app, "#outcome")
        assert "start it again" not in shown(app, "#outcome")
        assert confirm.disabled
        node.unanswered.clear()
        await node.start()
        app.action_reconnect()
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
        assert shown(app, "#outcome").strip() == ""
        assert not confirm.disabled


async def test_of_what_was_being_sent_it_is_said_that_nobody_knows(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_checks(node)
    node.unanswered.add(Assign)
    async with app.run_test(size=SMALL) as pilot:
        confirm = await open_form(app, pilot)
        await until(pilot, lambda: not confirm.disabled)
        await pilot.press("f10")
        await until(pilot, lambda: bool(asked(node, Assign)))
        app.action_reconnect()
        await until(pilot, lambda: "It is not known whether this was sent" in shown(app, "#outcome"))
        await until(pilot, lambda: node.attached == 2 and app.feed_state.link is Link.LIVE)
        await node.change(StatusChanged(samples.status()))
        await pilot.pause()
        assert "Look at its transactions" in shown(app, "#outcome"), "it stays"


async def test_what_is_sent_to_no_node_is_not_sent(node: ScriptedNode, app: Dashboard) -> None:
    answer_checks(node)
    async with app.run_test(size=SMALL) as pilot:
        confirm = await open_form(app, pilot)
        await until(pilot, lambda: not confirm.disabled)
        await node.stop()
        await until(pilot, lambda: app.feed_state.link is Link.UNREACHABLE)
        await pilot.press("f10")
        await until(pilot, lambda: "Nothing was sent" in shown(app, "#outcome"))
        assert not asked(node, Assign)


async def test_a_check_that_the_chain_did_not_answer_is_made_again_when_it_does(
    node: ScriptedNode, app: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checked_form, "RECHECK_S", 0.0)
    chain = msgspec.structs.replace(samples.status().chain, error="No answer.", unread_since=samples.NOW - 9)
    node.snapshot = samples.snapshot(status=samples.status(chain=chain))
    node.answers[CheckAssignment] = lambda _: refusal("no_rpc", "The chain endpoint did not answer")
    async with app.run_test(size=SMALL) as pilot:
        await open_form(app, pilot)
        await until(pilot, lambda: "The chain endpoint did not answer" in shown(app, "#outcome"))
        answer_checks(node)
        await node.change(StatusChanged(samples.status()))
        await until(pilot, lambda: "✓ you own it" in shown(app, "#checks"))
