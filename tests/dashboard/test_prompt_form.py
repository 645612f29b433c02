"""The form in which a prompt is submitted."""

from __future__ import annotations

from textual.widgets import TextArea

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.owner_messages import (
    Sent,
    Submit,
)

from . import samples
from .conftest import live, shown, until
from .form_answers import asked
from .scripted_node import ScriptedNode

SMALL = (80, 24)


async def test_submitting_a_prompt(node: ScriptedNode, app: Dashboard) -> None:
    mined = samples.transaction(8, TransactionKind.SUBMIT, TransactionState.MINED, task_key=TaskKey(7, 13))
    node.answers[Submit] = lambda body: Sent(transaction=mined, task_key=TaskKey(7, 13))
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("s")
        await until(pilot, lambda: bool(app.screen.query(TextArea)))
        await pilot.press(*"why?", "enter", *"q", "f10")
        await until(pilot, lambda: "Task 7/13 is queued" in shown(app, "#outcome"))
        assert asked(node, Submit) == [Submit(session_id=7, prompt="why?\nq")]


async def test_a_prompt_that_will_hardly_fit_is_warned_of_and_one_too_long_is_refused(
    node: ScriptedNode, app: Dashboard
) -> None:
    async with app.run_test(size=(160, 48)) as pilot:
        await live(pilot)
        await pilot.press("s")
        await until(pilot, lambda: bool(app.screen.query(TextArea)))
        area = app.screen.query_one(TextArea)
        area.text = "word " * 1_700
        await pilot.press("f10")
        await until(pilot, lambda: "about 2,125 tokens, by an estimate" in shown(app, "#checks"))
        assert "a context of 2,048" in shown(app, "#checks")
        area.text = "word"
        await until(pilot, lambda: "by an estimate" not in shown(app, "#checks"))
        area.text = "é" * 32_769
        await until(pilot, lambda: "over 65,536 bytes" in shown(app, "#checks"))
        assert asked(node, Submit) == []
