"""How often an engine may die before it is left dead, and how long it is left alone in between."""

from __future__ import annotations

from collections import deque

import msgspec

from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference import problems


class RestartLimits(msgspec.Struct, frozen=True, kw_only=True):
    """So many `deaths` within so long end it; after the first one it is left alone for `first_backoff_s`."""

    deaths: int = 3
    deaths_within_s: float = 60.0
    first_backoff_s: float = 0.5


class Restarts:
    """The rule that engines of ours go by: what never started is not tried again, nor what keeps dying."""

    def __init__(self, clock: Clock, limits: RestartLimits) -> None:
        self._clock = clock
        self._limits = limits
        self._deaths: deque[float] = deque(maxlen=limits.deaths)

    def after_death(self, how: str, *, was_ready: bool) -> float:
        """Return how many seconds to wait before the next start; it doubles with each death.

        Raises `ProblemError` where there is to be none: the very first start failed, or it died as often
        as it may within the time.
        """
        within_s = self._limits.deaths_within_s
        self._deaths.append(self._clock.monotonic())
        if not was_ready and len(self._deaths) == 1:
            raise ProblemError(problems.engine_start_failed(how))
        if len(self._deaths) == self._deaths.maxlen and self._deaths[-1] - self._deaths[0] < within_s:
            raise ProblemError(problems.engine_keeps_dying(len(self._deaths), within_s, how))
        return self._limits.first_backoff_s * float(2 ** (len(self._deaths) - 1))
