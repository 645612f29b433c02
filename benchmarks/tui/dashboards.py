"""The real dashboard on a terminal, and how its cursor is found there."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from benchmarks.processes import BenchmarkError, running
from benchmarks.tui.decoded import Decoded
from benchmarks.tui.scripted_node import STARTED
from benchmarks.tui.terminal import Terminal, on_terminal_of
from cortensor_tui.dashboard.themes import DEFAULT_THEME, load_theme, shipped_folder
from cortensor_tui.settings import env_line

LIVE_TEXT = "SERVING"
SETTLE_S = 2.0
SCRIPTED_START_S = 120.0
_KEY_LIMIT_S = 5.0
_KEY = "0x" + "1" * 64


def dashboard(
    settings: Path, *, link_bytes_per_s: int = 0, ignores_hangup: bool = False
) -> AbstractAsyncContextManager[Terminal]:
    """Run the dashboard of these settings on a terminal."""
    command = (sys.executable, "-m", "cortensor_tui", "--env", str(settings))
    return on_terminal_of(command, link_bytes_per_s=link_bytes_per_s, ignores_hangup=ignores_hangup)


@asynccontextmanager
async def live_dashboard(settings: Path, *, link_bytes_per_s: int = 0) -> AsyncIterator[Terminal]:
    """The same, once it shows what the node says and has settled."""
    async with dashboard(settings, link_bytes_per_s=link_bytes_per_s) as terminal:
        await terminal.shows(LIVE_TEXT)
        await asyncio.sleep(SETTLE_S)
        terminal.look()
        yield terminal


@asynccontextmanager
async def scripted_node(folder: Path, sessions: int, past: Sequence[int] = ()) -> AsyncIterator[Path]:
    """Run a scripted node until the block is left; yield the settings to attach with."""
    settings = folder / f"scripted-{sessions}.env"
    values = {
        "HOST": "http://127.0.0.1:1",
        "CHAINID": "31337",
        "CONTRACT_ADDRESS_RUNTIME": "0x" + "22" * 20,
        "NODE_PRIVATE_KEY": _KEY,
        "ENABLE_DEDICATED_NODE": "1",
        "CORTENSOR_TUI_DATA_DIR": str(folder / "scripted-data"),
    }
    settings.write_text("".join(env_line(key, value) for key, value in values.items()))
    settings.chmod(0o600)
    arguments = (str(settings), str(sessions), *map(str, past))
    command = (sys.executable, "-m", "benchmarks.tui.scripted_node", *arguments)
    async with running(*command, stdout=asyncio.subprocess.PIPE) as process:
        if process.stdout is None:
            raise BenchmarkError("the scripted node was started without a pipe")
        async with asyncio.timeout(SCRIPTED_START_S):
            line = await process.stdout.readline()
        if line.decode().strip() != STARTED:
            raise BenchmarkError("the scripted node did not start")
        yield settings


class Cursor:
    """Moves the cursor of the list that has the focus, and times it."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        theme = load_theme(shipped_folder() / f"{DEFAULT_THEME}.toml")
        self._color = theme.variables["cursor"].removeprefix("#").lower()

    async def press_ms(self, key: str) -> float:
        """Press a key and return how long it took until the cursor had moved, in ms."""
        before = self._rows()
        if not before:
            raise BenchmarkError(f"no list has a cursor:\n{self._terminal.screen.text}")
        pressed_at_s = self._terminal.press(key)

        def has_moved(screen: Decoded) -> bool:
            return screen.rows_on(self._color) not in (before, ())

        moved_at_s = await self._terminal.until(has_moved, "a cursor that moved", _KEY_LIMIT_S)
        return (moved_at_s - pressed_at_s) * 1000

    async def presses_ms(self, count: int) -> list[float]:
        """Press down and up so many times, five of each in a row, at uneven intervals."""
        found: list[float] = []
        key, steps = "j", 0
        for number in range(count):
            if steps == 5:
                key, steps = ("k" if key == "j" else "j"), 0
            found.append(await self.press_ms(key))
            steps += 1
            await asyncio.sleep(0.31 + 0.017 * (number % 7))  # not in step with any timer
        return found

    def _rows(self) -> tuple[int, ...]:
        return self._terminal.look().rows_on(self._color)
