"""Who has the engine now: several runs at once, or one alone. Those go first that can still be in time."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import problem_error

# This clock and the chain's may differ, and an answer that is nearly whole is worth a moment.
GRACE_S = 10.0


class _Turn:
    """One run that has the engine, or waits for it. `due_at` is its deadline, unix seconds."""

    def __init__(self, due_at: float, number: int, *, is_alone: bool) -> None:
        self.due_at = due_at
        self.number = number
        self.is_alone = is_alone
        self.may_begin = asyncio.Event()
        self.limit = asyncio.timeout(None)
        self.is_sent_away = False


class Turns:
    """Gives the engine to as many runs at once as it takes. `most_at_once` is asked each time.

    Of the runs that wait, those whose deadline is ahead go first, the earliest deadline before the others.
    Nobody passes the first one, so that a run that is to have the engine alone gets it. A run that is past
    its deadline gives way to one that can still be in time, and to no other.
    """

    def __init__(self, most_at_once: Callable[[], int], clock: Clock = SYSTEM_CLOCK) -> None:
        self._most_at_once = most_at_once
        self._clock = clock
        self._numbers = itertools.count()
        self._waiting: set[_Turn] = set()
        self._running: set[_Turn] = set()
        self._next_look: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def taken(self, deadline_at: float | None, *, is_alone: bool = False) -> AsyncIterator[None]:
        """Wait for the engine and hold it. Raises `ProblemError` "answer_too_late" in a run that gives way.

        `deadline_at` is in unix seconds; a run without one waits for those that have one.
        """
        due_at = math.inf if deadline_at is None else deadline_at
        turn = _Turn(due_at, next(self._numbers), is_alone=is_alone)
        self._waiting.add(turn)
        try:
            async with turn.limit:
                self.review()
                await turn.may_begin.wait()
                yield
        except TimeoutError as error:
            if not turn.limit.expired():
                raise
            raise problem_error(
                "answer_too_late",
                "The answer was not whole when it was due, and other tasks waited for the engine",
                f"its deadline passed {self._late_s(turn):.0f} s ago",
                "Ask for fewer tokens in the session's parameters, or use a smaller model",
            ) from error
        finally:
            self._waiting.discard(turn)
            self._running.discard(turn)
            self.review()

    def review(self) -> None:
        """Let in who may go on. To be called when the engine may take more at once than before."""
        while self._waiting and self._fits(first := min(self._waiting, key=self._order)):
            self._waiting.discard(first)
            self._running.add(first)
            first.may_begin.set()
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        if any(self._late_s(one) < 0 for one in self._waiting):
            self._end_a_late_run()

    def _order(self, turn: _Turn) -> tuple[bool, float, int]:
        return self._late_s(turn) >= 0, turn.due_at, turn.number

    def _late_s(self, turn: _Turn) -> float:
        return self._clock.now() - turn.due_at

    def _fits(self, turn: _Turn) -> bool:
        if not self._running:
            return True
        is_one_alone = turn.is_alone or any(one.is_alone for one in self._running)
        return not is_one_alone and len(self._running) < self._most_at_once()

    def _end_a_late_run(self) -> None:
        """End the run that is latest, one at a time, or look again when it will be too late."""
        latest = min(self._running, key=lambda one: one.due_at)
        if math.isinf(latest.due_at) or any(one.is_sent_away for one in self._running):
            return
        loop = asyncio.get_running_loop()
        left_s = GRACE_S - self._late_s(latest)
        if left_s > 0:
            self._next_look = loop.call_later(left_s, self.review)
            return
        latest.is_sent_away = True
        latest.limit.reschedule(loop.time())
