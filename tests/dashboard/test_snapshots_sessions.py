"""What the sessions screen looks like, in each of its states."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from cortensor_tui.node.messages import Snapshot

from . import samples
from .conftest import shown, until
from .session_samples import answer_readings, many
from .test_snapshots import Stood, utc

__all__ = ["utc"]

SIZES = [(80, 24), (160, 48)]
by_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
by_theme = pytest.mark.parametrize("theme", ["harbour", "harbour-light"])


def stood_at(snapshot: Snapshot | None, theme: str = "harbour") -> Stood:
    stood = Stood(snapshot, theme)
    answer_readings(stood.node)
    return stood


async def at_sessions(pilot: Pilot[None], stood: Stood, words: str = "SERVING") -> None:
    await until(pilot, lambda: words in shown(stood.app, "#verdict"))
    await pilot.press("2")
    await until(pilot, lambda: bool(stood.app.screen.query("#session")))
    await pilot.pause()


async def until_read(pilot: Pilot[None], stood: Stood, size: tuple[int, int], last: str) -> None:
    """Wait for the session's fields, and for the last line of its tasks, which come after them."""
    if size[0] >= 100:
        await until(pilot, lambda: "decoded" in shown(stood.app, "#entries"))
        await until(pilot, lambda: last in shown(stood.app, "#entries"))


@by_size
def test_a_thousand_sessions_filtered_and_sorted(snap_compare: Any, size: tuple[int, int]) -> None:
    stood = stood_at(samples.snapshot(sessions=many(1_000)))

    async def stage(pilot: Pilot[None]) -> None:
        await at_sessions(pilot, stood)
        await pilot.press("S", "slash", *"mode:dedicated mine", "enter", "j", "j")
        await until(pilot, lambda: "of 1,000" in shown(stood.app, "#list Heading"))
        await until_read(pilot, stood, size, "has taken none")

    assert snap_compare(stood.app, terminal_size=size, run_before=stage)
