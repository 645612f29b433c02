"""A scripted node, and a dashboard with a frozen clock in front of it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from cortensor_tui.dashboard.app import Dashboard

from . import samples
from .scripted_node import ScriptedNode

LIMIT_S = 20.0


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    """Serve the usual snapshot. The folder is short: a socket's path has 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="ct") as folder:
        scripted = ScriptedNode(Path(folder) / "node.sock", samples.snapshot())
        await scripted.start()
        yield scripted
        await scripted.stop()


@pytest.fixture
def app(node: ScriptedNode) -> Dashboard:
    """Return a dashboard of that node, at the samples' moment."""
    return Dashboard(node.connect, now=lambda: samples.NOW)


async def until(pilot: Pilot[None], is_so: Callable[[], bool]) -> None:
    """Let the app work until something is so."""
    async with asyncio.timeout(LIMIT_S):
        while not is_so():
            await pilot.pause(0.01)
    await pilot.pause()


async def live(pilot: Pilot[None]) -> None:
    """Wait for the first view to be on the screen."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    await until(pilot, lambda: app.view is not None and "SERVING" in shown(app, "#verdict"))


def shown(app: Dashboard, selector: str) -> str:
    """Return what a widget of the screen on top has drawn, row by row."""
    widget = app.screen.query_one(selector)
    return text_of(widget)


def text_of(widget: Widget) -> str:
    """Return the text of a widget's rows."""
    return "\n".join(widget.render_line(y).text.rstrip() for y in range(widget.size.height))
