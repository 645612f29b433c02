"""What dashboard and node cost while nothing happens."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec

from benchmarks.tui.dashboards import live_dashboard
from benchmarks.tui.usage import cpu_s, rss_mb


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """One value a round."""

    bytes_per_s: list[float]
    dashboard_cpu_pct: list[float]
    node_cpu_pct: list[float]
    rss_mb: float

    @property
    def cpu_pct(self) -> list[float]:
        """Return what both use together, in percent of one core."""
        return [ours + its for ours, its in zip(self.dashboard_cpu_pct, self.node_cpu_pct, strict=True)]


async def rest(settings: Path, node_pid: int, rounds: int, seconds: int) -> Rest:
    """Watch a dashboard that is attached to an idle node, so many times for so long."""
    sent: list[float] = []
    ours: list[float] = []
    its: list[float] = []
    async with live_dashboard(settings) as terminal:
        for _ in range(rounds):
            began_s, before = time.monotonic(), (cpu_s([terminal.pid]), cpu_s([node_pid]))
            await asyncio.sleep(seconds)
            ended_s, after = time.monotonic(), (cpu_s([terminal.pid]), cpu_s([node_pid]))
            took_s = ended_s - began_s
            sent.append(terminal.bytes_between(began_s, ended_s) / took_s)
            ours.append(100 * (after[0] - before[0]) / took_s)
            its.append(100 * (after[1] - before[1]) / took_s)
        return Rest(bytes_per_s=sent, dashboard_cpu_pct=ours, node_cpu_pct=its, rss_mb=rss_mb(terminal.pid))
