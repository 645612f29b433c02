"""How often an engine may die before it is left dead, and how long it is left alone in between."""

from __future__ import annotations

from collections import deque

from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference import problems


class Restarts:
    """The rule that engines of ours go by: what never started is not tried again, nor what keeps dying."""

    def __init__(self, clock: Clock, *, deaths: int, within_s: float, first_backoff_s: float) -> None:
        self._clock = clock
        self._within_s = within_s
        self._first_backoff_s = first_backoff_s
        self._deaths: deque[float] = deque(maxlen=deaths)

    def after_death(self, how: str, *, was_ready: bool) -> float:
        """Return how many seconds to wait before the next start; it doubles with each death.

        Raises `ProblemError` where there is to be none: the very first start failed, or it died as often
        as it may within the time.
        """
        self._deaths.append(self._clock.monotonic())
        if not was_ready and len(self._deaths) == 1:
            raise ProblemError(problems.engine_start_failed(how))
        if len(self._deaths) == self._deaths.maxlen and self._deaths[-1] - self._deaths[0] < self._within_s:
            raise ProblemError(problems.engine_keeps_dying(len(self._deaths), self._within_s, how))
        return self._first_backoff_s * float(2 ** (len(self._deaths) - 1))
