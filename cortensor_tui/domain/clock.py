"""The two times there are: what a wall clock shows, and how long something has taken."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where a room gets its time, so that a test can make it jump.

    Waits and ages go by `monotonic`: the wall clock is set back and forth by people and time servers.
    """

    def now(self) -> float:
        """Return the wall clock's time in unix seconds; it is kept and shown, never waited by."""

    def monotonic(self) -> float:
        """Return seconds since an unknown moment; they only ever grow, and mean nothing after a restart."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        """Return unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds since an unknown moment."""
        return time.monotonic()


SYSTEM_CLOCK: Clock = SystemClock()
