"""How long the dashboard lives on after its terminal has gone."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.processes import BenchmarkError
from benchmarks.tui.dashboards import LIVE_TEXT, SETTLE_S, dashboard
from tests.world import status_of

LIMIT_S = 30.0


async def exits_s(settings: Path, rounds: int) -> list[float]:
    """Hang up on dashboards that ignore SIGHUP; return how long each took to end. The node must live on."""
    found: list[float] = []
    for _ in range(rounds):
        async with dashboard(settings, ignores_hangup=True) as terminal:
            await terminal.shows(LIVE_TEXT)
            await asyncio.sleep(SETTLE_S)
            began_s = time.monotonic()
            terminal.hang_up()
            try:
                async with asyncio.timeout(LIMIT_S):
                    await terminal.process.wait()
            except TimeoutError:
                raise BenchmarkError(f"the dashboard still ran {LIMIT_S:g} s after its terminal") from None
            found.append(time.monotonic() - began_s)
    await status_of(settings)
    return found
