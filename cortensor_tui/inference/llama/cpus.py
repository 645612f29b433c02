"""How many threads llama.cpp should use on this machine."""

from __future__ import annotations

import math
import os
from pathlib import Path

import psutil

_CGROUP_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


def suited_threads() -> tuple[int, int]:
    """Return the threads for decode and for prefill that suit most machines.

    Prefill is bound by arithmetic and gets every processor. Decode is bound by memory and gets all physical
    cores but one: llama.cpp's threads wait for each other at every layer, so one that has to share its core
    with the node, the dashboard or a devnet holds up all. On two busy cores two threads fell from 165 to
    between 15 and 50 tokens a second; one stayed at 141.
    """
    available = available_processors()
    return max(1, min(physical_cores(), available) - 1), available


def threads_for(asked: int | None) -> tuple[int, int]:
    """Return the threads for decode and for prefill: those asked for, or those that suit most machines."""
    both = at_most_all(asked)
    return suited_threads() if both is None else (both, both)


def physical_cores() -> int:
    """Count the cores of the machine, or its processors where they cannot be told apart."""
    return psutil.cpu_count(logical=False) or available_processors()


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
