"""Swapping nodes: what is shown before, what can be chosen while a task runs, and how far a swap is."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.present.swaps import swap_lines, swap_sentence
from cortensor_tui.dashboard.screens.confirm import ConfirmScreen
from cortensor_tui.dashboard.screens.sessions import SessionsScreen
from cortensor_tui.dashboard.screens.swap import SwapScreen
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.swaps import STILL_NOTED, SwapProgress, SwapStage, WhenBusy
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.messages import RequestBody, StatusChanged, TaskChanged, TransactionChanged
from cortensor_tui.node.session_messages import StopSwap, SwapNodes, Swapped, SwapStopped

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode, refusal
from .session_samples import answer_readings, answer_swaps

SMALL = (80, 24)
TASK = TaskKey(7, 12)
UNBOUND = samples.transaction(9, TransactionKind.UNBIND, TransactionState.MINED, task_key=None)
BOUND = samples.transaction(10, TransactionKind.BIND, TransactionState.MINED, task_key=None)
WHOLE = Swapped(session_id=7, unbound=UNBOUND, bound=BOUND)
HALF_WAY = Problem(code="swap_half_way", what="It has lost one node", why="no coin", remedy="Bind it")


def progress(stage: SwapStage, **changes: Any) -> SwapProgress:
    values: dict[str, Any] = {
        "session_id": 7,
        "unbind_address": samples.NODE,
        "bind_address": samples.STRANGER,
        "stage": stage,
        "since": samples.NOW - 90,
    }
    return SwapProgress(**(values | changes))


WAITING = progress(SwapStage.WAITING, tasks=(TASK,))


def asked(node: ScriptedNode, kind: type[RequestBody]) -> list[Any]:
    return [body for body in node.requests if isinstance(body, kind)]


def swap(when_busy: WhenBusy = WhenBusy.REFUSE) -> SwapNodes:
    return SwapNodes(
        session_id=7, unbind_address=samples.NODE, bind_address=samples.STRANGER, when_busy=when_busy
    )


@pytest.fixture(autouse=True)
def readings(node: ScriptedNode) -> None:
    """Have the node read sessions and swap."""
    answer_readings(node)
    answer_swaps(node)
    node.answers[SwapNodes] = lambda body: WHOLE


async def at_form(pilot: Pilot[None]) -> SwapScreen:
    """Open the form."""
    await live(pilot)
    await pilot.press("2")
    await until(pilot, lambda: isinstance(pilot.app.screen, SessionsScreen))
    await pilot.press("m")
    await until(pilot, lambda: isinstance(pilot.app.screen, SwapScreen))
    screen = pilot.app.screen
    assert isinstance(screen, SwapScreen)
    return screen


async def filled(pilot: Pilot[None]) -> SwapScreen:
    """Open the form and fill it in."""
    screen = await at_form(pilot)
    screen.query_one("#comes", Input).value = samples.STRANGER
    await until(pilot, lambda: not screen.query_one("#confirm", Button).disabled)
    return screen


async def test_both_halves_are_shown_and_sent(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        screen = await filled(pilot)
        assert screen.query_one("#goes", Select).value == samples.NODE
        assert "then call" in shown(app, "#checks")
        assert "known once the first is out" in shown(app, "#checks")
        assert not screen.query_one("#now", Button).display
        await pilot.press("f10")
        await until(pilot, lambda: "The other node is bound now." in shown(app, "#outcome"))
        assert asked(node, SwapNodes) == [swap()]


async def test_one_that_stands_half_way_says_where(node: ScriptedNode, app: Dashboard) -> None:
    node.answers[SwapNodes] = lambda body: Swapped(session_id=7, unbound=UNBOUND, problem=HALF_WAY)
    async with app.run_test(size=(80, 34)) as pilot:
        screen = await filled(pilot)
        await pilot.press("f10")
        await until(pilot, lambda: "It has lost one node" in shown(app, "#outcome"))
        assert "Bind it" in shown(app, "#outcome")
        assert screen.query_one("#confirm", Button).disabled, "the first half is done"


async def test_while_a_task_runs_the_node_can_wait(node: ScriptedNode, app: Dashboard) -> None:
    answer_swaps(node, in_flight=(TASK,))
    async with app.run_test(size=(80, 34)) as pilot:
        screen = await filled(pilot)
        assert "Task 7/12 is being answered." in shown(app, "#checks")
        assert str(screen.query_one("#confirm", Button).label) == "Wait, then swap"
        await pilot.press("f10")
        await until(pilot, lambda: "The other node is bound now." in shown(app, "#outcome"))
        assert asked(node, SwapNodes) == [swap(WhenBusy.WAIT)]


async def test_while_a_task_runs_it_can_be_given_up_once_the_id_is_typed(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_swaps(node, in_flight=(TASK,))
    async with app.run_test(size=(80, 34)) as pilot:
        screen = await filled(pilot)
        screen.query_one("#now", Button).press()
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert not asked(node, SwapNodes)
        screen.query_one("#now", Button).press()
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("7", "enter")
        await until(pilot, lambda: "The other node is bound now." in shown(app, "#outcome"))
        assert asked(node, SwapNodes) == [swap(WhenBusy.NOW)]


async def test_another_task_is_not_given_up_for_the_one_that_was_named(
    node: ScriptedNode, app: Dashboard
) -> None:
    answer_swaps(node, in_flight=(TASK,))
    async with app.run_test(size=(80, 34)) as pilot:
        screen = await filled(pilot)
        screen.query_one("#now", Button).press()
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        answer_swaps(node, in_flight=(TaskKey(7, 13),))
        await node.change(TaskChanged(samples.task(13, Stage.ACKED)))
        await until(pilot, lambda: app.view is not None and app.view.task(TaskKey(7, 13)) is not None)
        await pilot.press("7", "enter")
        await until(pilot, lambda: "7/13" in shown(app, "#checks"))
        assert not asked(node, SwapNodes)
        assert not screen.is_sending


async def test_a_swap_on_its_way_is_seen_from_every_place_and_stopped_in_its_form(
    node: ScriptedNode, app: Dashboard
) -> None:
    node.answers[StopSwap] = lambda body: SwapStopped(session_id=7)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await node.change(StatusChanged(samples.status(swaps=(WAITING,))))
        for key in "13456":
            await pilot.press(key)
            await until(pilot, lambda: "session 7 waits for task 7/12, 90 s now" in shown(app, "#verdict"))
        screen = await at_form(pilot)
        await until(pilot, lambda: "the swap waits for task 7/12" in shown(app, "#outcome"))
        assert screen.query_one("#confirm", Button).disabled, "one swap at a time"
        screen.query_one("#stop", Button).press()
        await until(pilot, lambda: asked(node, StopSwap) == [StopSwap(session_id=7)])
        await node.change(StatusChanged(samples.status()))
        await until(pilot, lambda: not screen.query_one("#stop", Button).display)
        assert "waits" not in shown(app, "#outcome")
        await pilot.press("escape")
        await until(pilot, lambda: "waits" not in shown(app, "#verdict"))


async def test_a_swap_that_cannot_be_stopped_any_more_says_why(node: ScriptedNode, app: Dashboard) -> None:
    node.answers[StopSwap] = lambda body: refusal("swap_sent", "It cannot be stopped", "its half is sent")
    async with app.run_test(size=SMALL) as pilot:
        screen = await at_form(pilot)
        await node.change(StatusChanged(samples.status(swaps=(progress(SwapStage.BINDING),))))
        await until(pilot, lambda: "the swap binds 0x3C44" in shown(app, "#outcome"))
        assert not screen.query_one("#stop", Button).display


async def test_a_swap_that_is_still_noted_says_why_and_can_be_stopped(
    node: ScriptedNode, app: Dashboard
) -> None:
    noted = Problem(code=STILL_NOTED, what="It came to nothing", why="the disk is full", remedy="Stop it")
    async with app.run_test(size=(80, 34)) as pilot:
        screen = await at_form(pilot)
        await node.change(StatusChanged(samples.status(swaps=(progress(SwapStage.WAITING, problem=noted),))))
        await until(pilot, lambda: "the disk is full" in shown(app, "#outcome"))
        assert "Stop it" in shown(app, "#outcome")
        assert screen.query_one("#stop", Button).display


async def test_a_swap_that_waits_for_its_turn_is_stopped_until_it_is_signed(
    node: ScriptedNode, app: Dashboard
) -> None:
    queued = progress(SwapStage.UNBINDING)
    sent = samples.transaction(9, TransactionKind.UNBIND, TransactionState.SENT, task_key=None, session_id=7)
    async with app.run_test(size=SMALL) as pilot:
        screen = await at_form(pilot)
        stop = screen.query_one("#stop", Button)
        at_once = progress(SwapStage.UNBINDING, since=samples.NOW)
        await node.change(StatusChanged(samples.status(swaps=(at_once,))))
        await until(pilot, lambda: "the swap takes 0x7099" in shown(app, "#outcome"))
        assert not stop.display, "it is sent in a moment"
        await node.change(StatusChanged(samples.status(swaps=(queued,))))
        await until(pilot, lambda: stop.display)
        await node.change(TransactionChanged(sent))
        await until(pilot, lambda: not stop.display)


async def test_leaving_what_is_being_sent_asks_nothing_and_says_that_it_goes_on(
    node: ScriptedNode, app: Dashboard
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        screen = await filled(pilot)
        screen._asked_at = samples.NOW
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen))
        await until(pilot, lambda: "The node goes on with it." in shown(app, "KeyBar"))


@pytest.mark.parametrize(
    ("swap", "told"),
    [
        (WAITING, "waits for task 7/12, 90 s now"),
        (progress(SwapStage.WAITING, problem=HALF_WAY), "whether tasks are open is not known: It has lost"),
        (
            progress(SwapStage.WAITING, problem=Problem(code=STILL_NOTED, what="It is still noted")),
            "came to nothing, still noted; a restart makes it: stop it",
        ),
        (progress(SwapStage.UNBINDING), "takes 0x7099…79C8 off"),
        (progress(SwapStage.BINDING, problem=HALF_WAY), "binds 0x3C44…93BC, 90 s now; It has lost"),
        (progress(SwapStage.HALF_WAY), "stands half way"),
    ],
)
def test_each_stage_has_words(swap: SwapProgress, told: str) -> None:
    assert told in swap_sentence(swap, samples.NOW)


def test_many_swaps_take_three_lines_at_most() -> None:
    assert len(swap_lines((WAITING,) * 20, samples.NOW, 80)) == 3
    assert swap_lines((), samples.NOW, 80) == []
