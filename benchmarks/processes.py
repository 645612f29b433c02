"""Starts what is measured. All of it ends with the benchmark, a kill -9 of the benchmark included."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cortensor_tui.devnet import anvil_launcher

REPOSITORY = Path(__file__).resolve().parents[1]
STOP_TIMEOUT_S = 15.0


class BenchmarkError(Exception):
    """Nothing can be measured; says why."""


@asynccontextmanager
async def running(
    *command: str, stdin: int = DEVNULL, stdout: int = DEVNULL, stderr: int | None = None
) -> AsyncIterator[Process]:
    """Run a command, tied to this process, until the block is left; `stderr` None is that of this process."""
    # The launcher becomes the command, and has the kernel end it when this process dies.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", anvil_launcher.__file__, str(os.getpid()), *command),
        cwd=REPOSITORY,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,  # Ctrl+C is for the benchmark, which ends the others in order
    )
    try:
        yield process
    finally:
        await end(process)


async def end(process: Process) -> None:
    """Stop a process politely, then by force."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
