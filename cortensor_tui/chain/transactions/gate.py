"""What stops a key from sending: a stranger who uses it, until a restart; an empty balance, until filled."""

from __future__ import annotations

import msgspec
import structlog

from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.problems import Problem, ProblemError

log = structlog.get_logger(__name__)

TRIAL_AFTER_S = 30.0  # whatever the balance says: fees may have fallen, or our figure be wrong
SOON_S = 10.0
LEFT = Problem(
    code="chain_replaced",
    what="The node no longer looks at this chain",
    why="its endpoint serves another one, or the node stops",
    remedy="Look the transaction up before asking again",
)


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Why and since when nothing is sent. `refused_wei` is a balance that was not enough, where known."""

    problem: Problem
    began_s: float
    needed_wei: int
    refused_wei: int | None = None

    def is_over(self, balance_wei: int, now_s: float) -> bool:
        """Tell whether sending is worth a try with this balance. Times are monotonic seconds."""
        if balance_wei == 0:
            return False
        if now_s - self.began_s >= TRIAL_AFTER_S:
            return True
        is_more = self.refused_wei is None or balance_wei > self.refused_wei
        return is_more and balance_wei >= self.needed_wei


class Gate:
    """Open, paused or shut."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shut_by: Problem | None = None
        self._pause: Pause | None = None
        self._resumed_s: float | None = None
        self._resumed_with_wei: int | None = None

    @property
    def problem(self) -> Problem | None:
        """Return what keeps the key from sending."""
        return self._shut_by or (self._pause.problem if self._pause else None)

    @property
    def is_shut(self) -> bool:
        """Tell whether nothing is sent any more until a restart."""
        return self._shut_by is not None

    @property
    def is_paused(self) -> bool:
        """Tell whether the balance is to be read."""
        return self._pause is not None

    def check(self) -> None:
        """Raise `ProblemError` while nothing may be sent."""
        if self.problem is not None:
            raise ProblemError(self.problem)

    def shut(self, problem: Problem) -> None:
        """Send nothing more until the node is started again."""
        if self._shut_by is None:
            log.error("stopped sending", code=problem.code, why=problem.sentence())
            self._shut_by = problem

    def leave(self) -> None:
        """Send nothing more here: the key works for another chain, or the node stops."""
        self._shut_by = self._shut_by or LEFT

    def pause(self, problem: Problem, needed_wei: int) -> None:
        """Send nothing until the balance is filled."""
        now_s = self._clock.monotonic()
        is_again = self._resumed_s is not None and now_s - self._resumed_s < SOON_S
        log.warning("paused", why=problem.sentence())
        self._pause = Pause(
            problem=problem,
            began_s=now_s,
            needed_wei=needed_wei,
            refused_wei=self._resumed_with_wei if is_again else None,
        )

    def see_balance(self, balance_wei: int) -> None:
        """Take the balance as read, and go on where it was filled."""
        now_s = self._clock.monotonic()
        if self._pause is not None and self._pause.is_over(balance_wei, now_s):
            log.info("the balance was filled")
            self._pause, self._resumed_s, self._resumed_with_wei = None, now_s, balance_wei
