"""How long a step is tried again that the contract refuses.

A refusal is of the state it was made on. A server that lags has not seen the assignment yet, and after a
reorganisation what the step stands on may come again.
"""

from __future__ import annotations

from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.miner.delivery import REVERTED, REVERTED_ON_CHAIN

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 4.0
SHORTEST_PATIENCE_S = 10.0  # also when the step is overdue
LASTING_S = 5.0  # no server lags so long without the pool noticing
MOST_REVERTS = 3  # asking costs nothing, a transaction that reverts costs gas


class Refusals:
    """Counts what one task's step was refused; each stage begins anew."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.start_over()

    def start_over(self) -> None:
        """Forget what was refused: the task was moved."""
        self._stage: Stage | None = None
        self._since_s = self._until_s = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._reverts = 0

    @property
    def is_lasting(self) -> bool:
        """Tell whether the step has been refused for longer than a server lags."""
        return self._stage is not None and self._clock.monotonic() - self._since_s >= LASTING_S

    def pause_s(self, problem: Problem, stage: Stage, deadline_at: float | None) -> float | None:
        """Return how long to wait before the step is tried again, None when it is not.

        `deadline_at` is when the step is due, unix seconds: until then it may still be taken.
        """
        if problem.code not in (REVERTED, REVERTED_ON_CHAIN):
            return None
        now_s = self._clock.monotonic()
        if stage is not self._stage:
            left_s = 0.0 if deadline_at is None else deadline_at - self._clock.now()
            self._stage, self._reverts, self._pause_s = stage, 0, FIRST_PAUSE_S
            self._since_s, self._until_s = now_s, now_s + max(SHORTEST_PATIENCE_S, left_s)
        self._reverts += problem.code == REVERTED_ON_CHAIN
        if now_s >= self._until_s or self._reverts >= MOST_REVERTS:
            return None
        pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, LONGEST_PAUSE_S)
        return pause_s
