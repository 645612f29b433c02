"""The real dashboard on a terminal of 120x40 that somebody reads."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.processes import BenchmarkError, running

COLUMNS, ROWS = 120, 40
START_TIMEOUT_S = 60.0
LOOK_S = 0.05
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")
_KEPT_BYTES = 256 * 1024


class Screen:
    """What a program writes to its terminal: counted, and its last part kept."""

    def __init__(self, descriptor: int) -> None:
        self.drawn_bytes = 0
        self._descriptor = descriptor
        self._last = b""

    def drain(self) -> None:
        """Take what is there; a terminal that nobody reads would hold the program up."""
        try:
            chunk = os.read(self._descriptor, 65536)
        except OSError:  # the program has closed its side
            chunk = b""
        if not chunk:
            asyncio.get_running_loop().remove_reader(self._descriptor)
        self.drawn_bytes += len(chunk)
        self._last = (self._last + chunk)[-_KEPT_BYTES:]

    async def until(self, text: str) -> None:
        """Wait until a text has been drawn."""
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while text.encode() not in _ESCAPES.sub(b"", self._last):
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise BenchmarkError(f"the dashboard never drew {text!r}") from None


@asynccontextmanager
async def attached_dashboard(settings: Path) -> AsyncIterator[Screen]:
    """Attach the dashboard to the node of these settings until the block is left."""
    ours, its = os.openpty()
    try:
        termios.tcsetwinsize(its, (ROWS, COLUMNS))
        os.set_blocking(ours, False)
        screen = Screen(ours)
        asyncio.get_running_loop().add_reader(ours, screen.drain)
        command = (sys.executable, "-m", "cortensor_tui", "--env", str(settings))
        async with running(*command, stdin=its, stdout=its, stderr=its):
            await screen.until("SERVING")
            yield screen
    finally:
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)
        os.close(its)
