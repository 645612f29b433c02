"""How a process ended, in words."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path


def describe_exit(status: int, *, has_memory_run_out: bool = False) -> str:
    """Put an exit status as `asyncio` gives it (negative for a signal) into words.

    `has_memory_run_out` says that the kernel killed somebody for memory just then.
    """
    if status >= 0:
        return f"it ended with exit status {status}"
    name = signal.Signals(-status).name if -status in list(signal.Signals) else f"signal {-status}"
    hint = ", as the kernel does when memory runs out" if name == "SIGKILL" and has_memory_run_out else ""
    return f"it was killed by {name}{hint}"


def memory_kills(counters: Path = Path("/proc/vmstat")) -> int | None:
    """Return how many processes the kernel has killed since memory ran out, None where it does not tell."""
    try:
        lines = counters.read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    counted = [line.split()[-1] for line in lines if line.startswith("oom_kill ")]
    return int(counted[0]) if counted and counted[0].isdecimal() else None


class MemoryKills:
    """Whether the kernel has just killed somebody because memory ran out.

    It counts those of the whole machine, and a container that is too small for itself is no cause of ours:
    only what came after the last look but one is recent.
    """

    def __init__(self, count: Callable[[], int | None] = memory_kills) -> None:
        self._count = count
        self._last = self._last_but_one = count()

    def look(self) -> None:
        """Take how many there are now."""
        self._last_but_one, self._last = self._last, self._count()

    @property
    def are_recent(self) -> bool:
        """Tell whether there were any since the last look but one."""
        return self._last_but_one is not None and self._count() != self._last_but_one
