"""A real terminal for tests: tmux runs the program, keys go in, the screen comes out."""

from __future__ import annotations

import asyncio
import os
import secrets
import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

LOOK_S = 0.05


class Terminal:
    """One tmux server with one window."""

    def __init__(self) -> None:
        self._socket = f"cortensor-tui-test-{os.getpid()}-{secrets.token_hex(4)}"

    async def tmux(self, *words: str) -> str:
        """Run one tmux command and return what it prints."""
        process = await asyncio.create_subprocess_exec(
            "tmux",
            *("-L", self._socket, "-f", "/dev/null", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, failed = await process.communicate()
        if process.returncode != 0:
            raise AssertionError(f"tmux {words[0]}: {failed.decode()}")
        return said.decode()

    async def screen(self) -> str:
        """Return the screen as text."""
        return await self.tmux("capture-pane", "-p", "-t", "t")

    async def press(self, *keys: str) -> None:
        """Press keys by their tmux names."""
        for key in keys:
            await self.tmux("send-keys", "-t", "t", key)

    async def step(self, *keys: str) -> None:
        """Press keys one at a time, waiting for each to show: keys typed ahead go to where the focus was."""
        for key in keys:
            before = await self._drawn()
            await self.press(key)
            async with asyncio.timeout(15):
                while await self._drawn() == before:
                    await asyncio.sleep(LOOK_S)

    async def _drawn(self) -> str:
        return await self.tmux("capture-pane", "-p", "-e", "-t", "t")

    async def type(self, text: str) -> None:
        """Type text as it is."""
        await self.tmux("send-keys", "-t", "t", "-l", text)

    async def until(self, *texts: str, timeout_s: float = 60.0) -> str:
        """Wait until every text is on the screen, and return the screen."""
        screen = ""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    screen = await self.screen()
                    if all(text in screen for text in texts):
                        return screen
                    await asyncio.sleep(LOOK_S)
        except TimeoutError as error:
            missing = [text for text in texts if text not in screen]
            raise AssertionError(f"never on the screen: {missing}\n{screen}") from error

    async def until_ended(self, timeout_s: float = 60.0) -> int:
        """Wait until the program has ended, and return its exit status."""
        screen = await self.until("[exit ", "]", timeout_s=timeout_s)
        return int(screen.split("[exit ")[1].split("]")[0])


@asynccontextmanager
async def open_terminal(
    command: Sequence[str], *, columns: int = 120, rows: int = 40
) -> AsyncIterator[Terminal]:
    """Run a command in a terminal of this size; whatever still runs at the end is hung up on."""
    terminal = Terminal()
    size = ("-x", str(columns), "-y", str(rows))
    # The shell tells the status: tmux itself now and then forgets to collect it.
    told = f'{shlex.join(command)}; echo "[exit $?]"; exec sleep 3600'
    passed_on = [f"-e{key}={value}" for key, value in os.environ.items() if key.startswith("XDG_")]
    await terminal.tmux(
        *("start-server", ";", "set", "-g", "escape-time", "0"),
        *(";", "set", "-g", "default-size", f"{columns}x{rows}"),
        *(";", "new-session", "-d", "-s", "t", *size, *passed_on, told),
    )
    try:
        yield terminal
    finally:
        await terminal.tmux("kill-server")
