"""How many threads llama.cpp should use on this machine."""

from __future__ import annotations

import math
import os
from pathlib import Path

import psutil

_CGROUP_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


def threads_for(asked: int | None) -> tuple[int, int]:
    """Return the threads for decode and for prefill.

    None or a number below 1 means by itself. Prefill is bound by arithmetic and gets every processor.
    Decode is bound by memory and gets all physical cores but one: llama.cpp's threads wait for each other
    at every layer, so one that has to share its core with the node, the dashboard or a devnet holds up all.
    On two busy cores two threads fell from 165 to between 15 and 50 tokens a second; one stayed at 141.
    A number asked for is used for both, at most every processor.
    """
    available = available_processors()
    if (both := at_most_all(asked)) is not None:
        return both, both
    physical = psutil.cpu_count(logical=False) or available
    return max(1, min(physical, available) - 1), available


def at_most_all(asked: int | None) -> int | None:
    """Return threads that were asked for, at most every processor; None where none were."""
    return min(asked, available_processors()) if asked is not None and asked >= 1 else None


def available_processors() -> int:
    """Count the processors this process may use: affinity and a container's CPU quota respected."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cgroup_quota()
    return max(1, min(count, quota) if quota is not None else count)


def cgroup_quota(path: Path = _CGROUP_CPU_MAX) -> int | None:
    """Return a container's CPU quota in processors, rounded up; None where there is no limit."""
    try:
        quota, period = path.read_text(encoding="ascii").split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return None  # no cgroup v2, or "max": not limited
