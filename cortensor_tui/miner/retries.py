"""Whether a run that failed is asked for again, and after what pause."""

from __future__ import annotations

from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.problems import Problem

MOST_RUNS = 3
TAKES_RUNS = (EngineState.READY, EngineState.BUSY)

# The engine is started again, so the task waits for it; or the batch failed that it shared with others.
_PASSING = frozenset({"engine_died", "engine_failed", "engine_stopped", "decode_failed"})
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 16.0


class Retries:
    """Those of one task; `lost_runs` counts its runs that gave nothing.

    A prompt that kills the engine every time must not keep it from other tasks, so that it is run `MOST_RUNS`
    times. A server of others that is there and fails, as one behind a proxy does while it is started again,
    is asked as long as the task's deadline (unix seconds) allows.
    """

    def __init__(self, deadline_at: float | None, clock: Clock) -> None:
        self._deadline_at = deadline_at
        self._clock = clock
        self._counted = 0
        self.lost_runs = 0

    def pause_s(self, problem: Problem, engine: EngineHealth) -> float | None:
        """Return how many seconds to wait before the task is run again, None where it is given up."""
        if problem.code not in _PASSING:
            return None
        pause_s = min(_FIRST_PAUSE_S * float(2**self.lost_runs), _LONGEST_PAUSE_S)
        self.lost_runs += 1
        if not engine.is_ours and engine.state in TAKES_RUNS and self._deadline_at is not None:
            return pause_s if self._clock.now() + pause_s < self._deadline_at else None
        self._counted += 1
        return pause_s if self._counted < MOST_RUNS else None
