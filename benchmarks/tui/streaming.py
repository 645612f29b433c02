"""What the dashboard costs while a node is busy, and how fast its keys are then."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec

from benchmarks.tui.dashboards import Cursor, live_dashboard, scripted_node
from benchmarks.tui.usage import cpu_s, rss_mb

SESSIONS = 20
SLOW_LINK_BYTES_PER_S = 16 * 1024


class Streaming(msgspec.Struct, frozen=True, kw_only=True):
    """Rates have one value a round, keys one a press, in ms."""

    bytes_per_s: list[float]
    cpu_pct: list[float]
    key_ms: list[float]
    slow_link_key_ms: list[float]
    rss_mb: float


async def streaming(folder: Path, rounds: int, seconds: int, presses: int) -> Streaming:
    """Attach to a scripted node of 20 sessions that streams 100 tokens and sends a transaction a second."""
    sent: list[float] = []
    cpu: list[float] = []
    async with scripted_node(folder, SESSIONS) as settings:
        async with live_dashboard(settings) as terminal:
            for _ in range(rounds):
                began_s, before_s = time.monotonic(), cpu_s([terminal.pid])
                await asyncio.sleep(seconds)
                ended_s, after_s = time.monotonic(), cpu_s([terminal.pid])
                sent.append(terminal.bytes_between(began_s, ended_s) / (ended_s - began_s))
                cpu.append(100 * (after_s - before_s) / (ended_s - began_s))
            keys = await Cursor(terminal).presses_ms(presses)
            memory = rss_mb(terminal.pid)
        async with live_dashboard(settings, link_bytes_per_s=SLOW_LINK_BYTES_PER_S) as terminal:
            slow_keys = await Cursor(terminal).presses_ms(presses)
    return Streaming(bytes_per_s=sent, cpu_pct=cpu, key_ms=keys, slow_link_key_ms=slow_keys, rss_mb=memory)
