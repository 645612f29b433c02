"""How the chain has answered of late, as far as it was looked at: latency and the age of the head."""

from __future__ import annotations

from cortensor_tui.dashboard.format import UNKNOWN, milliseconds
from cortensor_tui.dashboard.widgets.chart import Series
from cortensor_tui.domain.health import ChainHealth

STEP_S = 10.0
STEPS = 90


class Pulse:
    """The worst of each ten seconds of the last quarter of an hour; what was not looked at stays blank."""

    def __init__(self) -> None:
        self._worst: dict[int, tuple[float, float]] = {}
        self._now = (UNKNOWN, UNKNOWN)

    def see(self, chain: ChainHealth, now: float) -> None:
        """Take what the node says of the chain at a moment; nothing where it knows nothing."""
        if chain.latency_ms is None or chain.head_seen_at is None:
            self._now = (UNKNOWN, UNKNOWN)
            return
        step, age_s = int(now // STEP_S), max(0.0, now - chain.head_seen_at)
        latency_ms, oldest_s = self._worst.get(step, (0.0, 0.0))
        self._worst[step] = (max(latency_ms, chain.latency_ms), max(oldest_s, age_s))
        self._now = (milliseconds(chain.latency_ms), f"{age_s:.0f} s")
        for old in [one for one in self._worst if one <= step - STEPS]:
            del self._worst[old]

    def series(self, now: float) -> tuple[Series, Series]:
        """Return latency in milliseconds and the head's age in seconds."""
        last = int(now // STEP_S)
        seen = [self._worst.get(step) for step in range(last - STEPS + 1, last + 1)]
        latency, age = self._now
        return (
            Series("latency", latency, tuple(one and one[0] for one in seen), STEP_S),
            Series("head age", age, tuple(one and one[1] for one in seen), STEP_S),
        )
