"""How soon something is seen: a first screen, beside a bare Textual application, and then live data."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from benchmarks.tui.bare_app import TEXT
from benchmarks.tui.dashboards import LIVE_TEXT, dashboard
from benchmarks.tui.decoded import Decoded
from benchmarks.tui.terminal import Terminal, on_terminal_of

PAINTED_CELLS = 40
REST_S = 0.5


class Starts(msgspec.Struct, frozen=True, kw_only=True):
    """One value a round, in seconds. `live_data_s` counts from the dashboard's first screen."""

    bare_s: list[float]
    first_s: list[float]
    live_data_s: list[float]

    @property
    def ratios(self) -> list[float]:
        """Return the dashboard's time to its first screen by the bare application's, round by round."""
        return [first / bare for first, bare in zip(self.first_s, self.bare_s, strict=True)]


async def starts(settings: Path, rounds: int) -> Starts:
    """Start both by turns, after one round that fills the caches. A node runs already."""
    found = Starts(bare_s=[], first_s=[], live_data_s=[])
    for number in range(rounds + 1):
        async with on_terminal_of((sys.executable, "-m", "benchmarks.tui.bare_app")) as bare:
            await bare.has_written(TEXT.encode())
            bare_s = await _painted_s(bare)
        await asyncio.sleep(REST_S)
        async with dashboard(settings) as ours:
            await ours.has_written(LIVE_TEXT.encode())
            first_s = await _painted_s(ours)
            live_s = await ours.shows(LIVE_TEXT) - ours.started_at_s
        await asyncio.sleep(REST_S)
        if number:
            found.bare_s.append(bare_s)
            found.first_s.append(first_s)
            found.live_data_s.append(live_s - first_s)
    return found


async def _painted_s(terminal: Terminal) -> float:
    def is_painted(screen: Decoded) -> bool:
        return screen.inked_cells >= PAINTED_CELLS

    return await terminal.until(is_painted, "a first screen") - terminal.started_at_s
