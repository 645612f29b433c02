"""The proof of a task: every line of it, and why there is none."""

from __future__ import annotations

import pytest

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.present.verification import verification_lines
from cortensor_tui.dashboard.stops import Stop
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.history_messages import (
    Verify,
)

from .at_tasks import SMALL, open_tasks
from .conftest import shown, until
from .past import answer_history, proof
from .scripted_node import ScriptedNode, refusal


@pytest.fixture(autouse=True)
def history(node: ScriptedNode) -> None:
    """Have the node answer for its past."""
    answer_history(node)


async def test_v_proves_the_task_and_shows_every_line(app: Dashboard, node: ScriptedNode) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("j", "v")
        await until(pilot, lambda: "✖ REFUTED" in shown(app, "#report"))
        report = shown(app, "#report")
        assert "✓ the answer's hash" in report
        assert "✖ the result on chain" in report
        assert "one here," in report
        assert "two words there" in report
        assert "? the block of the ack" in report
        assert "it was pruned" in report
        assert any(isinstance(body, Verify) and body.key == TaskKey(7, 11) for body in node.requests)


@pytest.mark.parametrize("size", [(80, 60), (160, 60)])
async def test_in_a_proof_values_are_whole_where_they_fit_and_copied_whole(
    size: tuple[int, int], app: Dashboard
) -> None:
    async with app.run_test(size=size) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("j", "enter", "v")
        await until(pilot, lambda: "✖ REFUTED" in shown(app, "#report"))
        assert "0x" + "ab" * 32 in shown(app, "#report")
        copied = []
        await pilot.press("G")
        for _ in range(3):
            await pilot.press("y", "k")
            copied.append(app.clipboard)
        assert copied == ["two words", "one", "0x" + "ab" * 32]


def test_a_value_that_does_not_fit_is_told_by_its_ends_and_copied_whole() -> None:
    value = "0x" + "ab" * 32
    found = [one for one in verification_lines(proof(TaskKey(7, 11)), 50) if isinstance(one, Stop)]
    assert found[0].copy == value
    assert found[0].line[0].text.strip() == "0xabab…abab"


async def test_a_proof_that_cannot_be_made_says_why(app: Dashboard, node: ScriptedNode) -> None:
    node.answers[Verify] = lambda _: refusal("not_connected", "The node is not connected to its chain")
    async with app.run_test(size=SMALL) as pilot:
        await open_tasks(pilot, app)
        await pilot.press("v")
        await until(pilot, lambda: "The node is not connected to its chain" in shown(app, "#report"))
