"""A node that starts, is started from here, or whose time is over."""

from __future__ import annotations

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.startup import StartupBoard, StepState
from cortensor_tui.domain.problems import Problem

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode

SMALL = (80, 24)


async def test_it_ends_by_itself_after_its_time(node: ScriptedNode) -> None:
    app = Dashboard(node.connect, owns_node=True, run_seconds=0.05, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app._exit)
    assert app.return_code == 0


async def test_the_steps_of_starting_are_shown_as_they_happen(node: ScriptedNode) -> None:
    await node.stop()
    board = StartupBoard(("chain", "contracts", "model"))
    app = Dashboard(node.connect, board=board, owns_node=True, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        board.update("chain", StepState.DONE, "embedded, 31337")
        board.update("contracts", StepState.RUNNING, "deploying SessionV2")
        await until(pilot, lambda: "▲ contracts" in shown(app, "#waiting"))
        assert "● chain" in shown(app, "#waiting")
        assert "○ model" in shown(app, "#waiting")
        board.fail(
            Problem(
                code="x", what="The contracts could not be deployed", why="out of gas", remedy="Try again"
            )
        )
        await until(pilot, lambda: "✖ contracts" in shown(app, "#waiting"))
        assert "out of gas" in shown(app, "#waiting")
        await node.start()
        app.action_reconnect()
        await live(pilot)


async def test_a_node_can_be_started_where_none_runs(node: ScriptedNode) -> None:
    await node.stop()
    app = Dashboard(node.connect, start_node=node.start, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "Press o to start a node" in shown(app, "#waiting"))
        await pilot.press("o")
        await live(pilot)


async def test_a_node_that_has_gone_can_be_started_again(node: ScriptedNode) -> None:
    app = Dashboard(node.connect, start_node=node.start, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await node.stop()
        await until(pilot, lambda: "✖ UNREACHABLE" in shown(app, "#verdict"))
        await pilot.press("o")
        await live(pilot)
