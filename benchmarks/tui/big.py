"""A long past: what the dashboard holds of it in memory, and how fast its lists are."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from benchmarks.tui.dashboards import SETTLE_S, Cursor, live_dashboard, scripted_node
from benchmarks.tui.usage import rss_mb

SESSIONS, TASKS, TRANSACTIONS = 1_000, 100_000, 1_000_000
LISTS = {"sessions": "2", "tasks": "3", "transactions": "4"}
PAGES = 10


class Big(msgspec.Struct, frozen=True, kw_only=True):
    """Presses in ms by list; memory after all lists were seen and paged through."""

    key_ms: dict[str, list[float]]
    rss_mb: float


async def big(folder: Path, presses: int, scale: float = 1.0) -> Big:
    """Attach to a scripted node with a journal of its own, and move through each list."""
    past = (int(TASKS * scale), int(TRANSACTIONS * scale))
    found: dict[str, list[float]] = {}
    async with (
        scripted_node(folder, int(SESSIONS * scale), past) as settings,
        live_dashboard(settings) as terminal,
    ):
        for name, key in LISTS.items():
            terminal.press(key)
            await asyncio.sleep(SETTLE_S)
            cursor = Cursor(terminal)
            found[name] = await cursor.presses_ms(presses)
            for page in ("\x04", "\x15"):  # ctrl+d, then ctrl+u
                for _ in range(PAGES):
                    terminal.press(page)
                    await asyncio.sleep(0.2)
            await asyncio.sleep(SETTLE_S)
        return Big(key_ms=found, rss_mb=rss_mb(terminal.pid))
