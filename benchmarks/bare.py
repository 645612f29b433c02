"""The bare loop as the benchmark sees it: a process that is asked for one run at a time."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from benchmarks.bare_loop import Ask, Told
from benchmarks.processes import BenchmarkError, running

RUN_TIMEOUT_S = 300.0


class BareLoop:
    """A loaded model with nothing around it."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def run(self, prompt: str, tokens: int) -> Told:
        """Do one greedy run."""
        reader, writer = self._process.stdout, self._process.stdin
        if reader is None or writer is None:
            raise BenchmarkError("the bare loop was started without pipes")
        writer.write(msgspec.json.encode(Ask(prompt, tokens)) + b"\n")
        async with asyncio.timeout(RUN_TIMEOUT_S):
            line = await reader.readline()
        if not line:
            raise BenchmarkError(f"the bare loop ended with {await self._process.wait()}")
        return msgspec.json.decode(line, type=Told)


@asynccontextmanager
async def bare_loop(model: Path, context_tokens: int, threads: tuple[int, int]) -> AsyncIterator[BareLoop]:
    """Load the model in a process of its own; `threads` are for decode and for prefill."""
    numbers = (str(number) for number in (context_tokens, *threads))
    command = (sys.executable, "-m", "benchmarks.bare_loop", str(model), *numbers)
    async with running(*command, stdin=PIPE, stdout=PIPE) as process:
        yield BareLoop(process)
