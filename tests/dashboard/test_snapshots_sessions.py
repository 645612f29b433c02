"""What the sessions screen looks like, in each of its states."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cortensor_tui.dashboard.screens.close_session import CloseSessionScreen
from cortensor_tui.dashboard.screens.confirm import ConfirmScreen
from cortensor_tui.dashboard.screens.swap import SwapScreen
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.messages import Snapshot

from . import samples
from .conftest import shown, until
from .session_samples import answer_readings, answer_swaps, many
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


@by_theme
def test_one_session_on_a_narrow_screen(snap_compare: Any, theme: str) -> None:
    stood = stood_at(samples.snapshot(tasks=()), theme)

    async def stage(pilot: Pilot[None]) -> None:
        await at_sessions(pilot, stood)
        await pilot.press("enter")
        await until(pilot, lambda: "all in Tasks" in shown(stood.app, "#entries"))
        await until(pilot, lambda: "Routers 1" in shown(stood.app, "#entries"))
        await pilot.press("j", "j", "j")

    assert snap_compare(stood.app, terminal_size=(80, 24), run_before=stage)


@pytest.mark.parametrize("is_busy", [False, True], ids=["free", "busy"])
def test_swap(snap_compare: Any, is_busy: bool) -> None:
    stood = stood_at(samples.snapshot())
    answer_swaps(stood.node, in_flight=(TaskKey(7, 12),) if is_busy else ())

    async def stage(pilot: Pilot[None]) -> None:
        await at_sessions(pilot, stood)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(stood.app.screen, SwapScreen))
        stood.app.screen.query_one("#comes", Input).value = samples.STRANGER
        await until(pilot, lambda: "then call" in shown(stood.app, "#checks"))

    assert snap_compare(stood.app, terminal_size=(80, 24), run_before=stage)


@pytest.mark.parametrize("is_asked", [False, True], ids=["checked", "asked"])
def test_closing(snap_compare: Any, is_asked: bool) -> None:
    stood = stood_at(samples.snapshot())

    async def stage(pilot: Pilot[None]) -> None:
        await at_sessions(pilot, stood)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(stood.app.screen, CloseSessionScreen))
        await until(pilot, lambda: "at most" in shown(stood.app, "#checks"))
        if is_asked:
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(stood.app.screen, ConfirmScreen))
            await pilot.press("8", "enter")

    assert snap_compare(stood.app, terminal_size=(80, 24), run_before=stage)
