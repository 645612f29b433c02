"""A program on a pseudo-terminal of 120x40, of which this process is the terminal."""

from __future__ import annotations

import asyncio
import os
import re
import struct
import sys
import termios
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from benchmarks.processes import REPOSITORY, BenchmarkError, end
from benchmarks.tui import on_terminal
from benchmarks.tui.decoded import COLUMNS, ROWS, Decoded

LIMIT_S = 30.0
_READ_BYTES = 65_536
_LINK_TICK_S = 0.005
_LINK_BURST_BYTES = 4096
# What a present-day terminal is asked, and what it answers: it has synchronised output, and is dark.
_ANSWERS = (
    (re.compile(rb"\x1b\[\?2026\$p"), b"\x1b[?2026;2$y"),
    (re.compile(rb"\x1b\[\?2048\$p"), b"\x1b[?2048;0$y"),
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
    (re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\]11;\?"), b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
    (re.compile(rb"\x1b\]10;\?"), b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\"),
)


class Chunk(NamedTuple):
    """What came at once. `at_s` is on the system's monotonic clock."""

    at_s: float
    data: bytes


class Terminal:
    """Reads all that the program writes, and decodes it only where somebody looks: that costs time."""

    def __init__(self, descriptor: int, process: Process, started_at_s: float, link_bytes_per_s: int) -> None:
        self.process = process
        self.started_at_s = started_at_s
        self.chunks: list[Chunk] = []
        self.screen = Decoded()
        self._decoded = 0
        self._descriptor = descriptor
        self._has_more = asyncio.Event()
        self._link_bytes_per_s = link_bytes_per_s
        self._slow: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Return the program's process id."""
        return self.process.pid

    def listen(self) -> None:
        """Begin to read: at once, or as fast as the link takes it."""
        if self._link_bytes_per_s:
            self._slow = asyncio.create_task(self._read_slowly())
        else:
            asyncio.get_running_loop().add_reader(self._descriptor, self._read, _READ_BYTES)

    def hang_up(self) -> None:
        """Let the terminal vanish."""
        if self._descriptor < 0:
            return
        if self._slow is not None:
            self._slow.cancel()
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1

    def press(self, keys: str) -> float:
        """Type, and return when."""
        at_s = time.monotonic()
        os.write(self._descriptor, keys.encode())
        return at_s

    def bytes_between(self, since_s: float, until_s: float) -> int:
        """Return how many bytes were written in that time."""
        return sum(len(chunk.data) for chunk in self.chunks if since_s <= chunk.at_s < until_s)

    async def until(self, holds: Callable[[Decoded], bool], what: str, limit_s: float = LIMIT_S) -> float:
        """Wait until something holds on the screen; return when what made it so arrived.

        Raises `BenchmarkError` after the limit, with the screen.
        """
        found = self._decode_until(holds)
        try:
            async with asyncio.timeout(limit_s):
                while found is None:
                    self._has_more.clear()
                    await self._has_more.wait()
                    found = self._decode_until(holds)
        except TimeoutError:
            raise BenchmarkError(f"the screen never had {what}:\n{self.screen.text}") from None
        return found

    async def shows(self, text: str, limit_s: float = LIMIT_S) -> float:
        """Wait until a text is on the screen."""
        return await self.until(lambda screen: text in screen.text, repr(text), limit_s)

    async def has_written(self, text: bytes) -> None:
        """Wait until a text was written, without decoding: looking would hold up the reading."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while text not in b"".join(chunk.data for chunk in self.chunks):
                    self._has_more.clear()
                    await self._has_more.wait()
        except TimeoutError:
            self.look()
            raise BenchmarkError(f"the program never wrote {text!r}:\n{self.screen.text}") from None

    def look(self) -> Decoded:
        """Decode all that has come."""
        self._decode_until(lambda _: False)
        return self.screen

    def _decode_until(self, holds: Callable[[Decoded], bool]) -> float | None:
        if self._decoded and holds(self.screen):
            return self.chunks[self._decoded - 1].at_s
        while self._decoded < len(self.chunks):
            chunk = self.chunks[self._decoded]
            self._decoded += 1
            self.screen.feed(chunk.data)
            if holds(self.screen):
                return chunk.at_s
        return None

    def _read(self, most_bytes: int) -> int:
        try:
            data = os.read(self._descriptor, most_bytes)
        except BlockingIOError:
            return 0
        except OSError:  # the program has closed its side
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            return 0
        self.chunks.append(Chunk(time.monotonic(), data))
        self._has_more.set()
        for question, answer in _ANSWERS:
            if question.search(data):
                os.write(self._descriptor, answer)
        return len(data)

    async def _read_slowly(self) -> None:
        credit, at_s = 0.0, time.monotonic()
        while True:
            now = time.monotonic()
            credit = min(credit + (now - at_s) * self._link_bytes_per_s, _LINK_BURST_BYTES)
            at_s = now
            if credit >= 1:
                credit -= self._read(int(credit))
            await asyncio.sleep(_LINK_TICK_S)


@asynccontextmanager
async def on_terminal_of(
    command: Sequence[str], *, link_bytes_per_s: int = 0, ignores_hangup: bool = False
) -> AsyncIterator[Terminal]:
    """Run a command on a terminal until the block is left; 0 is a link without limit."""
    ours, its = os.openpty()
    told, report = os.pipe()
    try:
        termios.tcsetwinsize(its, (ROWS, COLUMNS))
        os.set_blocking(ours, False)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", on_terminal.__file__, str(os.getpid()), str(report)),
            *("ignore" if ignores_hangup else "obey", *command),
            cwd=REPOSITORY,
            stdin=its,
            stdout=its,
            stderr=its,
            pass_fds=(report,),
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )
    finally:
        os.close(its)
        os.close(report)
    try:
        (started_at_s,) = struct.unpack("d", await asyncio.to_thread(os.read, told, 8))
    finally:
        os.close(told)
    terminal = Terminal(ours, process, started_at_s, link_bytes_per_s)
    terminal.listen()
    try:
        yield terminal
    finally:
        await end(process)
        terminal.hang_up()
