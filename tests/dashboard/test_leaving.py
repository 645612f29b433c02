"""Leaving the dashboard: what it says about the node, and when it asks."""

from __future__ import annotations

import msgspec
import pytest
from textual.widgets import Button

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.folding import from_snapshot
from cortensor_tui.dashboard.key_actions import LEFT_RUNNING, STOPPING
from cortensor_tui.dashboard.key_catalogue import all_bindings
from cortensor_tui.dashboard.quitting import DETACH, farewell
from cortensor_tui.dashboard.run import say_farewell
from cortensor_tui.dashboard.screens.ask import AskScreen
from cortensor_tui.dashboard.startup import StartupBoard, StepState
from cortensor_tui.dashboard.terminal_title import title_of
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.launch.demo_end import demo_ended
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import Stop

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode, refusal

SMALL = (80, 24)
LEFT = f"{LEFT_RUNNING}\ncortensor-tui --env {samples.status().settings_path}\n"


@pytest.fixture
def idle_node(node: ScriptedNode) -> ScriptedNode:
    """Return a node all of whose tasks have ended."""
    ended = [msgspec.structs.replace(task, stage=Stage.ENDED) for task in node.snapshot.tasks]
    node.snapshot = msgspec.structs.replace(node.snapshot, tasks=tuple(ended))
    return node


async def test_an_idle_node_is_left_at_once(idle_node: ScriptedNode) -> None:
    app = Dashboard(idle_node.connect, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.is_running, "ctrl+c ends nothing"
        await pilot.press("q")
        await pilot.pause()
        assert app.last_words == LEFT
    assert app.return_code == 0


async def test_with_tasks_open_it_asks_and_detaches(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, AskScreen))
        assert not app._exit, "esc stays"
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
        assert app.last_words == LEFT


async def test_it_stops_the_node_where_that_is_the_answer(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("tab", "enter")  # by its button
        await until(pilot, lambda: app._exit)
        assert Stop() in node.requests
        assert app._exit_renderables == [STOPPING]


SIGNING = ("app.assign", "app.unassign", "app.submit", "app.new_session", "session.change", "session.swap")


@pytest.mark.parametrize("has_typed", [False, True])
@pytest.mark.parametrize("owns_node", [False, True])
def test_no_answer_is_a_key_that_asks_for_a_signature(*, owns_node: bool, has_typed: bool) -> None:
    """Who presses the key of the prompt a moment too late must not stop the node."""
    asked = farewell(from_snapshot(samples.snapshot()), owns_node=owns_node, has_typed=has_typed)
    assert asked is not None
    known = all_bindings(Dashboard)
    assert not {answer.key for answer in asked.answers} & {
        key for name in SIGNING for key in known[name].keys
    }


async def test_a_refused_stop_stays(node: ScriptedNode, app: Dashboard) -> None:
    node.answers[Stop] = lambda body: refusal("busy", "Not now")
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("q", "x")
        await until(pilot, lambda: "✖ Not now" in shown(app, "KeyBar"))
        assert not app._exit


async def test_a_demo_asks_since_all_of_it_ends(node: ScriptedNode) -> None:
    app = Dashboard(node.connect, owns_node=True, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        assert [str(button.label) for button in app.screen.query(Button)] == ["End the demo (q)"]
        await pilot.press("enter")
        await until(pilot, lambda: app._exit)
        assert app.last_words == ""


def test_the_question_counts_the_open_tasks() -> None:
    asked = farewell(from_snapshot(samples.snapshot()), owns_node=False)
    assert asked is not None
    assert asked.question.startswith("1 task is not answered yet")
    assert asked.answers[0].result == DETACH
    assert farewell(None, owns_node=False) is None


async def test_a_demo_that_has_ended_says_so_and_is_left_at_once(node: ScriptedNode) -> None:
    board = StartupBoard(("node",), now=lambda: samples.NOW)
    ended = demo_ended("its node was killed by SIGKILL")

    async def connect() -> NodeClient:
        if board.problem is not None:
            raise ProblemError(ended)
        return await node.connect()

    app = Dashboard(connect, owns_node=True, board=board, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        board.update("node", StepState.DONE)
        await node.stop()
        board.fail(ended)
        await until(pilot, lambda: "✖ ENDED  its node was killed by SIGKILL" in shown(app, "#verdict"))
        header = shown(app, "#verdict")
        assert "The demo has ended. q leaves" in header
        assert "again" not in header
        assert "--env" not in header
        assert title_of(app.feed_state, samples.NOW) == "cortensor: the demo has ended"
        await pilot.press("o")
        await until(pilot, lambda: "The demo has ended. q leaves" in shown(app, "KeyBar"))
        await pilot.press("q")
        await until(pilot, lambda: app._exit)


async def test_the_command_to_come_back_stands_on_a_line_of_its_own_however_long(
    idle_node: ScriptedNode, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"/srv/{'deep/' * 30}.env"
    idle_node.snapshot = msgspec.structs.replace(
        idle_node.snapshot, status=samples.status(settings_path=path)
    )
    app = Dashboard(idle_node.connect, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
    say_farewell(app)
    assert capsys.readouterr().err == f"{LEFT_RUNNING}\ncortensor-tui --env {path}\n"
