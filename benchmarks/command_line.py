"""How long a short command takes, as a whole process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.processes import REPOSITORY, BenchmarkError

TIMEOUT_S = 30.0


async def status_times(settings: Path, runs: int) -> list[float]:
    """Return the seconds of each `cortensor-tui status`, after one that only fills the caches."""
    program = Path(sys.executable).with_name("cortensor-tui")
    command = [str(program), "status", "--env", str(settings)]
    # In a thread: the dashboard's terminal must be read all the while.
    return [await asyncio.to_thread(_timed, command) for _ in range(runs + 1)][1:]


def _timed(command: list[str]) -> float:
    began_s = time.perf_counter()
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, timeout=TIMEOUT_S, check=False)
    took_s = time.perf_counter() - began_s
    if done.returncode != 0 or not done.stdout:
        raise BenchmarkError(f"status failed: {done.stderr.decode('utf-8', 'replace')}")
    return took_s
