"""When this node looked at the chain, and what kept it from looking."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import Problem
from cortensor_tui.miner.causes import Hindrance

ABSENT_FROM_S = 10.0  # longer than the rest between two looks on any network
MOST_ABSENCES = 32
SKEW_S = 5.0  # how far a chain's clock may be from this machine's

NOT_LOOKING = "this node was not looking"
NO_BLOCK_TAKEN = "this node took no block"


class Attendance:
    """Keeps the last absences. Times are unix seconds by this machine's clock."""

    def __init__(
        self,
        last_seen_at: float | None = None,
        standstills: Callable[[], Sequence[Hindrance]] = tuple,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """`last_seen_at` is when the run before this one last took a block: a quiet chain may have had none.

        `standstills` tells when this process stood still.
        """
        self._seen_at = last_seen_at
        self._kept_by = NO_BLOCK_TAKEN
        self._standstills = standstills
        self._clock = clock
        self._absences: deque[Hindrance] = deque(maxlen=MOST_ABSENCES)

    def looked(self) -> None:
        """The chain was read just now."""
        now = self._clock.now()
        if self._seen_at is not None and now - self._seen_at > ABSENT_FROM_S:
            self._absences.append(Hindrance(what=self._kept_by, began_at=self._seen_at, lasted_until=now))
        self._seen_at, self._kept_by = now, NOT_LOOKING

    def failed(self, problem: Problem) -> None:
        """A look came to nothing."""
        if self._kept_by == NOT_LOOKING:
            self._kept_by = problem.what

    def standstills_in(self, began_at: float, ended_at: float) -> tuple[Hindrance, ...]:
        """Return when this process stood still in that time."""
        return tuple(_overlapping(self._standstills(), began_at, ended_at))

    def absences_in(self, began_at: float, ended_at: float) -> tuple[Hindrance, ...]:
        """Return when nobody looked in that time, and why: a standstill where there was one."""
        standstills = self.standstills_in(began_at, ended_at)
        return standstills or tuple(_overlapping(self._absences, began_at, ended_at))


def _overlapping(found: Sequence[Hindrance], began_at: float, ended_at: float) -> Iterator[Hindrance]:
    for one in found:
        if one.began_at <= ended_at + SKEW_S and one.lasted_until >= began_at - SKEW_S:
            yield one
