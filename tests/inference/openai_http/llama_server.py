"""A real llama-server on the engine's own libllama, as a process that may be killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from benchmarks.engine.yardsticks import yardstick, yardstick_command
from tests.support.ports import lasting_port

needs_llama_server = pytest.mark.skipif(
    not yardstick("llama-server").is_file(), reason="llama-server is not built: make yardsticks"
)


class LlamaServer:
    """One at a fixed port, with two slots of 512 tokens each."""

    def __init__(self, model: Path, log: Path) -> None:
        self._model = model
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self.port = lasting_port()

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and return at once; it is ready some time after."""
        command = yardstick_command(
            "llama-server",
            *("-m", str(self._model), "--host", "127.0.0.1", "--port", str(self.port)),
            *("--ctx-size", "1024", "--parallel", "2", "--threads", "1", "--device", "none", "--no-webui"),
        )
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)

    def signal(self, how: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        os.kill(self._process.pid, how)

    async def kill(self) -> None:
        """End it at once, wherever it is."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def busy_slots(self) -> int:
        """Return how many of its slots work."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/slots") as response:
            slots: list[dict[str, Any]] = await response.json()
        return sum(bool(slot["is_processing"]) for slot in slots)


@asynccontextmanager
async def llama_server(model: Path, folder: Path) -> AsyncIterator[LlamaServer]:
    """A server that was started, ready or not."""
    server = LlamaServer(model, folder / "llama-server.log")
    await server.start()
    try:
        yield server
    finally:
        await server.kill()
