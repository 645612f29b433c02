"""How the chain has answered of late, as long as the dashboard runs: latency and the age of the head."""

from __future__ import annotations

from typing import NamedTuple

from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.format import UNKNOWN, milliseconds
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.widgets.chart import Series
from cortensor_tui.domain.health import ChainHealth

STEP_S = 10.0
STEPS = 90


class _Beat(NamedTuple):
    """The chain at one moment, or the worst of several. None is what was not known."""

    latency_ms: float | None = None
    head_age_s: float | None = None

    def worst(self, other: _Beat) -> _Beat:
        return _Beat(_most(self.latency_ms, other.latency_ms), _most(self.head_age_s, other.head_age_s))


class Pulse:
    """The worst of each ten seconds of the last quarter of an hour; what was not known stays blank."""

    def __init__(self) -> None:
        self._worst: dict[int, _Beat] = {}
        self._last = _Beat()

    def see(self, state: FeedState, now: float) -> None:
        """Take what the node says of the chain at a moment; nothing while it says nothing."""
        is_told = state.view is not None and not Sight.of(state, now).is_past
        self._last = _beat(state.view.status.chain, now) if state.view is not None and is_told else _Beat()
        if self._last == _Beat():
            return
        step = int(now // STEP_S)
        self._worst[step] = self._last.worst(self._worst.get(step, _Beat()))
        for old in [one for one in self._worst if one <= step - STEPS]:
            del self._worst[old]

    @property
    def is_known(self) -> bool:
        """Tell whether anything was seen yet."""
        return bool(self._worst)

    def series(self, now: float) -> tuple[Series, Series]:
        """Return latency in milliseconds and the head's age in seconds."""
        last = int(now // STEP_S)
        seen = [self._worst.get(step, _Beat()) for step in range(last - STEPS + 1, last + 1)]
        latency_ms, age_s = self._last
        return (
            Series("latency", milliseconds(latency_ms), tuple(one.latency_ms for one in seen), STEP_S),
            Series(
                "head age",
                UNKNOWN if age_s is None else f"{age_s:.0f} s",
                tuple(one.head_age_s for one in seen),
                STEP_S,
            ),
        )


def _beat(chain: ChainHealth, now: float) -> _Beat:
    """Return the chain now. One that does not answer has no latency, while its head grows older."""
    latency_ms = None if chain.error or chain.unread_since is not None else chain.latency_ms
    return _Beat(latency_ms, None if chain.head_seen_at is None else max(0.0, now - chain.head_seen_at))


def _most(one: float | None, other: float | None) -> float | None:
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)
