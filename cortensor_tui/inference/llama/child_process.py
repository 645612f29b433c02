"""A process of ours that speaks frames on its pipes: spawn, read, write, end, and say how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections import deque
from collections.abc import AsyncIterator

import psutil

from cortensor_tui.domain.inert import inert
from cortensor_tui.inference.llama.exit_words import MemoryKills, describe_exit
from cortensor_tui.inference.llama.wire import (
    LENGTH_BYTES,
    FromChild,
    ToChild,
    body_length,
    decode_from_child,
    encode_frame,
)

_KEPT_STDERR_LINES = 20
_STDERR_LINE_BYTES = 4096
_END_WAIT_S = 5.0

# The node's own environment may hold private keys; a program that reads model files gets none of it.
_PASSED_NAMES = frozenset({"PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME"})
_PASSED_PREFIXES = ("LC_", "GGML_", "LLAMA_", "OMP_", "CUDA_", "NVIDIA_", "HIP_", "HSA_", "ROCR_", "VK_")


class ChildProcess:
    """A running child. `messages()` ends when the child has; `ended()` then says how."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        stdin: asyncio.StreamWriter,
        stdout: asyncio.StreamReader,
        stderr: asyncio.StreamReader,
    ) -> None:
        self._process = process
        self._stdin = stdin
        self._stdout = stdout
        self._errors = stderr
        self._last_lines: deque[str] = deque(maxlen=_KEPT_STDERR_LINES)
        self._drain = asyncio.create_task(self._drain_stderr())
        self._killed_because = ""
        self._memory_kills = MemoryKills()

    @classmethod
    async def spawn(cls, module: str) -> ChildProcess:
        """Start `python -m MODULE OUR_PID` on the same interpreter. Raises OSError.

        It gets a session of its own, so that Ctrl+C and a closing terminal reach the node alone, and the
        node alone decides; and `-P`, so that no file of the folder the node runs in is imported.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", module, str(os.getpid())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(),
            start_new_session=True,
        )
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise OSError("the process was started without pipes")
        return cls(process, process.stdin, process.stdout, process.stderr)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def look(self) -> int | None:
        """Return how much memory it holds, in bytes, None where that cannot be told any more.

        Done now and then, it also tells apart later what the kernel killed just now and what long ago.
        """
        self._memory_kills.look()
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return None

    async def messages(self) -> AsyncIterator[FromChild]:
        """Yield what the child says until its pipe ends. Raises `FrameError` on anything else."""
        while True:
            try:
                prefix = await self._stdout.readexactly(LENGTH_BYTES)
                body = await self._stdout.readexactly(body_length(prefix))
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            yield decode_from_child(body)

    def send(self, message: ToChild) -> None:
        """Queue a message. Says nothing if the child is gone: `messages()` is about to end then.

        Raises `FrameError` when the message is too long.
        """
        frame = encode_frame(message)
        if not self._stdin.is_closing():
            self._stdin.write(frame)

    def kill(self, because: str) -> None:
        """End it by force; the first reason is the one `ended()` gives."""
        self._killed_because = self._killed_because or because
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def let_go(self) -> None:
        """Close its standard input, at which it ends by itself."""
        self._stdin.close()

    async def ended(self) -> str:
        """Wait for the end, by force after a few seconds, and return it in words.

        Whoever is cancelled meanwhile waits as well: nobody else would ever end the process and collect it.
        """
        end = asyncio.ensure_future(self._end())
        try:
            return await asyncio.shield(end)
        except asyncio.CancelledError:
            await end
            raise

    async def _end(self) -> str:
        try:
            await asyncio.wait_for(asyncio.shield(self._process.wait()), _END_WAIT_S)
        except TimeoutError:
            self.kill("it did not end after its pipe was closed")
        status = await self._process.wait()
        # A grandchild could hold the pipe open for ever.
        await asyncio.wait([self._drain], timeout=_END_WAIT_S)
        self._drain.cancel()
        return self._in_words(status)

    def _in_words(self, status: int) -> str:
        how = self._killed_because or describe_exit(status, has_memory_run_out=self._memory_kills.are_recent)
        return f"{how}; its last words: {self._last_lines[-1]}" if self._last_lines else how

    async def _drain_stderr(self) -> None:
        held = b""
        while chunk := await self._errors.read(_STDERR_LINE_BYTES):
            *lines, held = (held + chunk).split(b"\n")
            self._keep(lines)
            if len(held) > _STDERR_LINE_BYTES:
                self._keep([held])
                held = b""
        self._keep([held])

    def _keep(self, lines: list[bytes]) -> None:
        for line in lines:
            if text := inert(line.decode("utf-8", "replace").strip(), 300):
                self._last_lines.append(text)


def _environment() -> dict[str, str]:
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_NAMES or name.startswith(_PASSED_PREFIXES)
    }
    # Without this llama.cpp starts a debugger on itself when it aborts.
    return passed | {"GGML_NO_BACKTRACE": "1"}
