"""How it looks. Times of day are in UTC, the clock stands still and nothing blinks."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import Snapshot

from . import samples
from .conftest import shown, until
from .form_answers import answer_checks
from .scripted_node import ScriptedNode

Stage = Callable[[Pilot[None]], Awaitable[None]]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show the same times of day everywhere."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


class Stood:
    """A dashboard whose node starts in the dashboard's own loop, as the snapshot tool needs it."""

    def __init__(self, snapshot: Snapshot | None, theme: str = "harbour") -> None:
        folder = Path(tempfile.mkdtemp(prefix="ct"))  # short: a socket's path has 108 bytes
        weakref.finalize(self, shutil.rmtree, folder)
        self.node = ScriptedNode(folder / "node.sock", snapshot or samples.snapshot())
        answer_checks(self.node)
        self._is_served = snapshot is not None
        self._tries = 0
        self.app = Dashboard(self._connect, theme=theme, now=lambda: samples.NOW)

    async def _connect(self) -> NodeClient:
        self._tries += 1
        if self._tries > 1:
            await asyncio.Event().wait()  # the picture is of the first wait, however long it takes to draw
        if self._is_served:
            await self.node.start()
        return await self.node.connect()


def when(app: Dashboard, words: str, *keys: str) -> Stage:
    """Return what brings the app to the moment of the picture: words to wait for, then keys."""

    async def stage(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: words in shown(app, "#verdict"))
        await pilot.press(*keys)
        await pilot.pause()

    return stage


@pytest.mark.parametrize("name", ["live", "empty", "blocked"])
def test_between_narrow_and_wide(snap_compare: Any, name: str) -> None:
    snapshots = {
        "live": (samples.snapshot(), "SERVING"),
        "empty": (samples.empty_snapshot(), "WAITING"),
        "blocked": (samples.snapshot(status=samples.blocked(), live=None, rates=()), "BLOCKED"),
    }
    snapshot, words = snapshots[name]
    stood = Stood(snapshot)
    assert snap_compare(stood.app, terminal_size=(120, 40), run_before=when(stood.app, words))


def test_high_contrast(snap_compare: Any) -> None:
    stood = Stood(samples.snapshot(), "high-contrast")
    assert snap_compare(stood.app, terminal_size=(80, 24), run_before=when(stood.app, "SERVING"))
