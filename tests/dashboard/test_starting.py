"""A node that starts, is started from here, or whose time is over."""

from __future__ import annotations

import pytest

from cortensor_tui.dashboard import app as app_module
from cortensor_tui.dashboard import feed
from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.feed import Link
from cortensor_tui.dashboard.startup import FIRST_WORD_S, StartupBoard, StepState
from cortensor_tui.dashboard.terminal_title import title_of
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import StatusChanged

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode

SMALL = (80, 24)


async def test_it_ends_by_itself_after_its_time(node: ScriptedNode) -> None:
    app = Dashboard(node.connect, owns_node=True, run_seconds=0.05, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app._exit)
    assert app.return_code == 0


async def test_its_time_is_not_over_before_a_task_is_answered(
    node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "_ANSWER_LOOK_S", 0.01)
    node.snapshot = samples.snapshot(status=samples.status(answered_tasks=0))
    app = Dashboard(node.connect, owns_node=True, run_seconds=0.01, now=lambda: samples.NOW)
    looks = 0

    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        looked = app._leave_once_answered

        def look(waited_s: float = 0.0) -> None:
            nonlocal looks
            looks += 1
            looked(waited_s)

        monkeypatch.setattr(app, "_leave_once_answered", look)
        await until(pilot, lambda: looks > 3)
        assert not app._exit
        await node.change(StatusChanged(samples.status(answered_tasks=1)))
        await until(pilot, lambda: app._exit)
    assert app.return_code == 0


@pytest.mark.parametrize("ends", ["the grace is over", "the node has ended"])
async def test_its_time_is_over_where_no_answer_is_to_be_waited_for(
    node: ScriptedNode, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    monkeypatch.setattr(app_module, "_ANSWER_LOOK_S", 0.01)
    board = StartupBoard(("node",))
    if ends == "the grace is over":
        monkeypatch.setattr(app_module, "_ANSWER_GRACE_S", 0.05)
    else:
        board.fail(Problem(code="x", what="The demo has ended", why="", remedy=""))
    node.snapshot = samples.snapshot(status=samples.status(answered_tasks=0))
    app = Dashboard(node.connect, owns_node=True, board=board, run_seconds=0.01, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app._exit)


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


async def test_a_node_on_its_way_is_starting_and_looked_for_once_it_is_there(
    node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "_FIRST_RETRY_S", 3600.0)  # found by itself it would be too late
    await node.stop()
    board = StartupBoard(("node",), now=lambda: samples.NOW)
    app = Dashboard(node.connect, board=board, owns_node=True, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.feed_state.link is Link.UNREACHABLE)
        await until(pilot, lambda: "○ STARTING  the node is not there yet" in shown(app, "#verdict"))
        assert title_of(app.feed_state, samples.NOW, is_starting=app.is_starting) == "cortensor: STARTING"
        await node.start()
        board.update("node", StepState.DONE)
        await live(pilot)
        assert not app.is_starting


def test_a_start_is_over_when_the_node_has_not_spoken_for_a_fair_time_after_it() -> None:
    clock = [100.0]
    board = StartupBoard(("node",), now=lambda: clock[0])
    assert board.is_starting
    board.update("node", StepState.DONE)
    clock[0] += FIRST_WORD_S - 1
    assert board.is_starting
    clock[0] += 1
    assert not board.is_starting


async def test_a_failed_start_says_so_once_and_can_be_tried_again(node: ScriptedNode) -> None:
    await node.stop()
    board = StartupBoard(now=lambda: samples.NOW)
    problem = Problem(code="no_key", what="The key cannot be opened", why="no password", remedy="Give one")
    is_mended = False

    async def start() -> None:
        board.update("node", StepState.RUNNING, "starting one, since none runs")
        if not is_mended:
            board.fail(problem)
            raise ProblemError(problem)
        await node.start()
        board.update("node", StepState.DONE)

    async def connect() -> NodeClient:
        if not board.steps:
            await start()
        return await node.connect()

    app = Dashboard(connect, board=board, start_node=start, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "The key cannot be opened" in shown(app, "#waiting"))
        await until(pilot, lambda: "no node is running" in shown(app, "#verdict"))
        assert "starting" not in shown(app, "#waiting").lower()
        assert "Press o to start a node here." in shown(app, "#waiting")
        assert "o starts it" in shown(app, "#verdict")
        assert "again in" not in shown(app, "#verdict")
        assert " o Start node" in shown(app, "KeyBar")
        is_mended = True
        await pilot.press("o")
        await live(pilot)
        assert "Start node" not in shown(app, "KeyBar")


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
        await until(pilot, lambda: "no node is running" in shown(app, "#verdict"))
        assert "0 s old · o starts it" in shown(app, "#verdict")
        await pilot.press("o")
        await live(pilot)
