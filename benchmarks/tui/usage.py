"""Processor time and memory of processes, as the system counts them."""

from __future__ import annotations

from collections.abc import Iterable

import psutil


def cpu_s(pids: Iterable[int]) -> float:
    """Return the processor seconds of processes and their children so far."""
    total = 0.0
    for pid in pids:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def rss_mb(pid: int) -> float:
    """Return the memory of one process that is in RAM, in 10^6 bytes."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6
