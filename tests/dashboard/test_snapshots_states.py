"""How every place looks in each of its states: loading, empty, whole, silent, gone, refused, unreachable."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.feed import Link
from cortensor_tui.domain.gas import GasOutlook
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import GetTasks, GetTransactions, Tasks, Transactions
from cortensor_tui.node.log_messages import GetLogs, Logs
from cortensor_tui.node.messages import GetStatus, RequestBody, Snapshot
from cortensor_tui.node.network_messages import GetNetwork
from cortensor_tui.node.session_messages import GetSession
from cortensor_tui.node.settings_messages import GetSettings
from cortensor_tui.settings.setup_draft import Step

from . import network_samples, samples
from .at_setup import at_menu, at_step
from .conftest import shown, until
from .pictures import FAULT, SIZES, Stood, Take, answer_all, is_waiting, take
from .scripted_node import ScriptedNode, refusal
from .scripted_setup import ScriptedSetup
from .session_samples import answer_readings
from .settings_answers import answer_settings

__all__ = ["take"]


class Place(NamedTuple):
    """A place: its key, its content, what it asks of the node, and words that stand there in its states."""

    key: str
    content: str
    asks: tuple[type[RequestBody], ...]
    whole: str
    empty: str
    loading: str


PLACES = {
    "dashboard": Place("1", "#sessions", (), "harbour", "No sessions yet", "Unknown until"),
    "sessions": Place("2", "#sessions", (GetSession,), "harbour", "No sessions yet", "Unknown until"),
    "tasks": Place("3", "#tasks", (GetTasks,), "8/2", "No tasks yet", "Reading"),
    "transactions": Place("4", "#transactions", (GetTransactions,), "8/2", "No transactions", "Reading"),
    "network": Place("5", "#endpoints", (GetNetwork,), "in use", "resting", "Asking"),
    "logs": Place("6", "#log", (GetLogs,), "engine not running", "No log lines yet", "Reading"),
    "settings": Place("7", "#settings", (GetSettings,), "HOST", "", "Asking"),
    "setup": Place("8", "#menu", (), "Set up a node", "", ""),
}
LOADING = [name for name, place in PLACES.items() if place.loading]
ASKING = [name for name, place in PLACES.items() if place.asks]


def unused() -> Snapshot:
    """Return a node that reads the chain and has nothing to do yet."""
    reason = "no session is bound to this node"
    waiting = samples.status(Verdict.WAITING, reason=reason, answered_tasks=0, gas=GasOutlook())
    return msgspec.structs.replace(samples.empty_snapshot(), status=waiting)


class AtPlace(Stood):
    """A dashboard that goes to one place."""

    def __init__(self, name: str, snapshot: Snapshot) -> None:
        super().__init__(snapshot, ScriptedSetup())
        self.place = PLACES[name]

    async def go(self, pilot: Pilot[None]) -> None:
        """Go to the place, as soon as the node has said something."""
        await self.go_to(pilot, self.place.key)

    def has(self, words: str) -> bool:
        """Tell whether the place has come and its content has these words."""
        is_there = bool(self.app.screen.query(self.place.content))
        return is_there and words in shown(self.app, self.place.content)

    def is_whole(self) -> bool:
        """Tell whether all of the place is there."""
        return self.has(self.place.whole) and not is_waiting(self.app)

    def says(self, words: str) -> bool:
        """Tell whether the header has these words."""
        return words in shown(self.app, "#verdict")

    async def grow_old(self, pilot: Pilot[None], seconds: float) -> None:
        """Let time pass without a word of the node."""
        self.node.unanswered |= {GetStatus, *self.place.asks}
        self.clock += seconds
        await pilot.pause()


def answer_nothing_yet(node: ScriptedNode) -> None:
    """Have the node answer as one that has just started."""
    answer_readings(node)
    answer_settings(node)
    node.answers[GetTasks] = lambda _: Tasks(())
    node.answers[GetTransactions] = lambda _: Transactions(())
    node.answers[GetLogs] = lambda _: Logs(lines=(), newest=0)
    node.answers[GetNetwork] = lambda _: network_samples.network_report(
        endpoints=network_samples.endpoint_reports()[2:3],
        origin=None,
        head_feed=None,
        comparisons=(),
        values=(),
        error="The chain endpoint did not answer.",
    )


places = pytest.mark.parametrize("name", PLACES)


@places
async def test_whole(take: Take, name: str) -> None:
    stood = AtPlace(name, samples.snapshot())
    answer_all(stood.node)
    assert await take(stood.app, stood.go, stood.is_whole) == []


@pytest.mark.parametrize("name", LOADING)
async def test_loading(take: Take, name: str) -> None:
    stood = AtPlace(name, samples.empty_snapshot())
    stood.node.unanswered = set(stood.place.asks)
    found = await take(stood.app, stood.go, lambda: stood.has(stood.place.loading), waits_for_ever=True)
    assert found == []


@pytest.mark.parametrize("name", LOADING)
async def test_empty(take: Take, name: str) -> None:
    stood = AtPlace(name, unused())
    answer_nothing_yet(stood.node)
    assert await take(stood.app, stood.go, lambda: stood.has(stood.place.empty)) == []


@places
async def test_silent(take: Take, name: str) -> None:
    stood = AtPlace(name, samples.snapshot())
    answer_all(stood.node)

    async def stage(pilot: Pilot[None]) -> None:
        await stood.go(pilot)
        if stood.place.asks:  # on a wide screen a detail is read too, which ends first
            await pilot.resize_terminal(*SIZES[-1])
        await until(pilot, stood.is_whole)
        await stood.grow_old(pilot, 12)

    assert await take(stood.app, stage, lambda: stood.says("SILENT"), waits_for_ever=True) == []


@places
async def test_gone(take: Take, name: str) -> None:
    stood = AtPlace(name, samples.snapshot())
    answer_all(stood.node)

    async def stage(pilot: Pilot[None]) -> None:
        await stood.go(pilot)
        await until(pilot, stood.is_whole)
        await stood.grow_old(pilot, 95)
        await stood.node.stop()
        await until(pilot, lambda: stood.app.feed_state.link is Link.UNREACHABLE)

    assert await take(stood.app, stage, lambda: stood.says("UNREACHABLE")) == []


@pytest.mark.parametrize("name", ASKING)
async def test_refused(take: Take, name: str) -> None:
    stood = AtPlace(name, samples.snapshot())
    answer_all(stood.node)
    for kind in stood.place.asks:
        stood.node.answers[kind] = lambda _: refusal(*FAULT)
    assert await take(stood.app, stood.go, lambda: stood.has("")) == []


async def test_blocked(take: Take) -> None:
    stood = AtPlace("dashboard", samples.snapshot(status=samples.blocked(), live=None, rates=()))
    assert await take(stood.app, stood.go, lambda: stood.says("BLOCKED")) == []


async def test_late_head(take: Take) -> None:
    chain = msgspec.structs.replace(samples.status().chain, head_seen_at=samples.NOW - 90)
    stood = AtPlace("dashboard", samples.snapshot(status=samples.status(chain=chain)))
    assert await take(stood.app, stood.go, lambda: stood.says("the head is 90 s old")) == []


async def test_connecting(take: Take) -> None:
    async def connect() -> NodeClient:
        await asyncio.Event().wait()
        raise AssertionError

    async def stage(pilot: Pilot[None]) -> None:
        await pilot.pause()

    app = Dashboard(connect, now=lambda: samples.NOW)
    assert await take(app, stage, lambda: "CONNECTING" in shown(app, "#verdict")) == []


async def test_unreachable_from_the_start(take: Take) -> None:
    problem = problem_error(
        "no_node",
        "No node is running for /home/op/.cortensor/.env",
        "nothing listens on its socket",
        "Start one with: cortensor-tui node run",
    )
    tries = [problem]

    async def connect() -> NodeClient:
        if tries:
            raise tries.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def start() -> None:
        raise AssertionError

    async def stage(pilot: Pilot[None]) -> None:
        await pilot.pause()

    app = Dashboard(connect, now=lambda: samples.NOW, start_node=start)
    assert await take(app, stage, lambda: "UNREACHABLE" in shown(app, "#verdict")) == []


def without_settings(setup: ScriptedSetup) -> Dashboard:
    """Return a dashboard that begins at place 8, since there is nothing to show a node of."""

    async def connect() -> NodeClient:
        raise problem_error("no_settings", "There is no node to show yet")

    return Dashboard(connect, make_setup=lambda: setup, begins_with_setup=True, now=lambda: samples.NOW)


async def test_setup_without_settings(take: Take) -> None:
    app = without_settings(ScriptedSetup())

    async def stage(pilot: Pilot[None]) -> None:
        await at_menu(app, pilot)

    assert await take(app, stage, lambda: "Set up a node" in shown(app, "#menu")) == []


async def test_setup_with_a_problem(take: Take) -> None:
    setup = ScriptedSetup()
    app = without_settings(setup)

    async def stage(pilot: Pilot[None]) -> None:
        await at_step(app, pilot, setup, Step.ENDPOINT)
        await until(pilot, lambda: bool(app.screen.query("#host")))
        app.screen.query_one("#host", Input).value = "nonsense"

    assert await take(app, stage, lambda: "it is no address" in shown(app, "#findings")) == []


async def test_setup_in_the_demo(take: Take) -> None:
    stood = Stood(samples.snapshot())

    async def stage(pilot: Pilot[None]) -> None:
        await stood.go_to(pilot, "8")
        await until(pilot, lambda: bool(stood.app.screen.query("#not-here")))

    assert await take(stood.app, stage, lambda: "leave it (q)" in shown(stood.app, "#not-here")) == []
