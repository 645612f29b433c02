"""Tells when this process stood still: stopped by somebody, or kept from its turn by the machine."""

from __future__ import annotations

from collections import deque

import structlog

from cortensor_tui.domain.clock import Clock
from cortensor_tui.miner.causes import Hindrance

log = structlog.get_logger(__name__)

STOOD_STILL_FROM_S = 3.0
MOST_KEPT = 32
STOOD_STILL = "this process stood still"


class Standstills:
    """Keeps the last ones. `look` is to be called every `interval_s`: one that comes late tells."""

    def __init__(self, interval_s: float, clock: Clock) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._looked_s: float | None = None
        self._found: deque[Hindrance] = deque(maxlen=MOST_KEPT)

    def look(self) -> float:
        """Return for how many seconds this process stood still just now, 0 where it did not."""
        now_s = self._clock.monotonic()
        before_s, self._looked_s = self._looked_s, now_s
        stood_s = 0.0 if before_s is None else now_s - before_s - self._interval_s
        if stood_s < STOOD_STILL_FROM_S:
            return 0.0
        now = self._clock.now()
        self._found.append(Hindrance(what=STOOD_STILL, began_at=now - stood_s, lasted_until=now))
        log.warning(f"{STOOD_STILL} for {stood_s:.0f} s")
        return stood_s

    def found(self) -> tuple[Hindrance, ...]:
        """Return when this process stood still, oldest first."""
        return tuple(self._found)
