"""Pictures of one moment: at both sizes, in the dark and the light theme, of one app that runs once."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.setup import Setup
from cortensor_tui.dashboard.widgets.line_view import LineView
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.log_messages import GetLogs, Logs
from cortensor_tui.node.messages import ReplyBody, RequestBody, Snapshot
from cortensor_tui.node.network_messages import GetNetwork

from . import network_samples, samples
from .conftest import text_of, until
from .past import answer_history
from .scripted_node import ScriptedNode
from .session_samples import answer_readings
from .settings_answers import answer_settings
from .test_snapshots_logs import lines

SIZES = ((80, 24), (160, 48))
THEMES = ("harbour", "harbour-light")
LASTING = ("feed", "keys", "ticker")
"""Groups of workers that run as long as the app does."""
WAITS = ("being read from", "being asked for", "Reading", "reading …", "Asking", "Checking …", "Trying it")
FAULT = ("internal", "The node failed at this request", "a fault in it", "See its log, and report it")
Ready = Callable[[], bool]
Stage = Callable[[Pilot[None]], Awaitable[None]]
Take = Callable[..., Awaitable[list[str]]]


class Stood:
    """A dashboard and its node, at a moment that stands still; `setup` is what place 8 stands on."""

    def __init__(self, snapshot: Snapshot, setup: Setup | None = None) -> None:
        folder = Path(tempfile.mkdtemp(prefix="ct"))  # short: a socket's path has 108 bytes
        weakref.finalize(self, shutil.rmtree, folder)
        self.clock = samples.NOW
        self.node = ScriptedNode(folder / "node.sock", snapshot)
        self._tries = 0
        make_setup = None if setup is None else lambda: setup
        self.app = Dashboard(self._connect, now=lambda: self.clock, make_setup=make_setup)

    async def _connect(self) -> NodeClient:
        self._tries += 1
        if self._tries > 1:
            await asyncio.Event().wait()  # the picture is of the first wait, however long it takes to draw
        await self.node.start()
        return await self.node.connect()

    async def go_to(self, pilot: Pilot[None], key: str) -> None:
        """Go to a place, as soon as the node has said something."""
        await until(pilot, lambda: self.app.view is not None)
        await pilot.press(key)


def answer_all(node: ScriptedNode) -> None:
    """Have the node answer what any place asks."""
    answer_readings(node)
    answer_history(node)
    answer_settings(node)
    of_task = node.answers[GetLogs]

    def logs(body: RequestBody) -> ReplyBody:
        assert isinstance(body, GetLogs)
        return of_task(body) if body.task else Logs(lines=() if body.after else lines(), newest=35)

    node.answers[GetNetwork] = lambda _: network_samples.network_report()
    node.answers[GetLogs] = logs


@pytest.fixture
def take(snapshot: SnapshotAssertion) -> Iterator[Take]:
    """Return what takes the four pictures of an app and tells which of them are not as they were.

    `stage` brings the app to the moment, `is_ready` tells that everything is there, in each size.
    """
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    kept = snapshot.use_extension(SVGImageExtension)

    async def pictures(
        app: Dashboard, stage: Stage, is_ready: Ready, waits_for_ever: bool = False
    ) -> list[str]:
        changed = []
        async with app.run_test(size=SIZES[0]) as pilot:
            await stage(pilot)
            for width, height in SIZES:
                await pilot.resize_terminal(width, height)
                for theme in THEMES:
                    app.theme = theme
                    await _settle(pilot, is_ready, waits_for_ever=waits_for_ever)
                    name = f"{width}x{height}-{theme}"
                    if app.export_screenshot(title=app.title, simplify=True) != kept(name=name):
                        changed.append(name)
        return changed

    yield pictures
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def is_waiting(app: Dashboard) -> bool:
    """Tell whether something is being asked for, or soon will be, and says so."""
    is_asking = any(worker.is_running and worker.group not in LASTING for worker in app.workers)
    shown = (text_of(view) for view in app.screen.query(LineView) if view.is_on_screen)
    return is_asking or any(words in text for text in shown for words in WAITS)


async def _settle(pilot: Pilot[None], is_ready: Ready, *, waits_for_ever: bool) -> None:
    app = pilot.app
    assert isinstance(app, Dashboard)

    def is_still() -> bool:
        return waits_for_ever or not is_waiting(app)

    await until(pilot, lambda: is_still() and is_ready())
    app._tick()  # so that it does not matter how many seconds have passed
    await until(pilot, is_still)
    await pilot.wait_for_scheduled_animations()
    await pilot.pause()
