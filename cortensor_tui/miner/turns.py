"""Who has the engine now: several runs at once, or one alone, and of which model. Those in time go first."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.inference.switching import ModelWish

# This clock and the chain's may differ, and an answer that is nearly whole is worth a moment.
GRACE_S = 10.0


class Models(Protocol):
    """Which model the engine has, and how it gets another. Whoever has it calls `review` after a change."""

    @property
    def is_changing(self) -> bool:
        """Tell whether the model is being changed."""

    def is_loaded(self, wish: ModelWish) -> bool:
        """Tell whether the engine has the model that answers a wish."""

    def change(self, wish: ModelWish) -> None:
        """Begin to load the model that answers a wish; nothing runs until that is over."""


class _OneModel:
    """An engine that answers everything with what it has."""

    is_changing = False

    def is_loaded(self, wish: ModelWish) -> bool:
        return True

    def change(self, wish: ModelWish) -> None:
        raise AssertionError("there is nothing to change")


ONE_MODEL: Models = _OneModel()


class _Turn:
    """One run that has the engine, or waits for it. `due_at` is its deadline, unix seconds."""

    def __init__(
        self, due_at: float, number: int, *, is_alone: bool, wish: ModelWish | None, asked_at: float
    ) -> None:
        self.due_at = due_at
        self.number = number
        self.is_alone = is_alone
        self.wish = wish
        self.half_way_at = asked_at + (due_at - asked_at) / 2
        self.may_begin = asyncio.Event()
        self.limit = asyncio.timeout(None)
        self.is_sent_away = False
        self.let_in_at: float | None = None
        self.is_admitted = False


class Turns:
    """Gives the engine to as many runs at once as it takes. `most_at_once` is asked each time.

    Of the runs that wait, those whose deadline is ahead go first, the earliest deadline before the others.
    Nobody passes the first one, so that a run that is to have the engine alone gets it. A run that is past
    its deadline gives way to one that can still be in time, and to no other: also to one that was let in,
    where the engine has no room for it beside the others.

    Where runs ask for several models, the one that is loaded goes on as long as runs wait for it. A run that
    has waited half of its time for another goes before them, but not before those that waited already when
    this one was asked for: so each change serves all who waited for it.
    """

    def __init__(
        self, most_at_once: Callable[[], int], clock: Clock = SYSTEM_CLOCK, models: Models = ONE_MODEL
    ) -> None:
        self._most_at_once = most_at_once
        self._clock = clock
        self._models = models
        self._first_after_change = 0
        self._numbers = itertools.count()
        self._waiting: set[_Turn] = set()
        self._running: set[_Turn] = set()
        self._next_look: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def taken(
        self, deadline_at: float | None, *, is_alone: bool = False, wish: ModelWish | None = None
    ) -> AsyncIterator[Callable[[], None]]:
        """Wait for the engine and hold it. Raises `ProblemError` "answer_too_late" in a run that gives way.

        Gives what is to be called once the engine works on the run: until then it may wait there for room.
        `deadline_at` is in unix seconds; a run without one waits for those that have one. A run without a
        wish takes any model.
        """
        due_at = math.inf if deadline_at is None else deadline_at
        asked_at = self._clock.now()
        turn = _Turn(due_at, next(self._numbers), is_alone=is_alone, wish=wish, asked_at=asked_at)
        self._waiting.add(turn)
        try:
            async with turn.limit:
                self.review()
                await turn.may_begin.wait()
                yield lambda: self._admit(turn)
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
        """Let in who may go on. To be called when the engine may take more at once, or has another model."""
        while self._waiting and self._may_begin(first := min(self._waiting, key=self._order)):
            self._waiting.discard(first)
            self._running.add(first)
            first.let_in_at = self._clock.now()
            first.may_begin.set()
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        kept = [one for one in self._waiting | self._running if not one.is_admitted and self._late_s(one) < 0]
        if self._running and kept:
            self._end_a_late_run(max(map(self._kept_s, kept)))

    def _admit(self, turn: _Turn) -> None:
        turn.is_admitted = True
        self.review()

    def _kept_s(self, turn: _Turn) -> float:
        """Return for how long a run that was let in waits for room; any other has waited enough."""
        return math.inf if turn.let_in_at is None else self._clock.now() - turn.let_in_at

    def _order(self, turn: _Turn) -> tuple[bool, int, float, int]:
        return self._late_s(turn) >= 0, self._rank(turn), turn.due_at, turn.number

    def _rank(self, turn: _Turn) -> int:
        """Return where its model puts a run: 0 first."""
        if self._has_model_for(turn):
            return 0 if turn.number < self._first_after_change else 2
        return 1 if self._clock.now() >= turn.half_way_at else 3

    def _has_model_for(self, turn: _Turn) -> bool:
        return turn.wish is None or self._models.is_loaded(turn.wish)

    def _may_begin(self, turn: _Turn) -> bool:
        """Tell whether the first one may begin; have the model changed where only that is missing."""
        if self._models.is_changing:
            return False
        if self._has_model_for(turn):
            return self._fits(turn)
        if not self._running and turn.wish is not None:
            self._first_after_change = next(self._numbers)
            self._models.change(turn.wish)
        return False

    def _late_s(self, turn: _Turn) -> float:
        return self._clock.now() - turn.due_at

    def _fits(self, turn: _Turn) -> bool:
        if not self._running:
            return True
        is_one_alone = turn.is_alone or any(one.is_alone for one in self._running)
        return not is_one_alone and len(self._running) < self._most_at_once()

    def _end_a_late_run(self, kept_s: float) -> None:
        """End the run that is latest, one at a time, or look again when it will be too late.

        `kept_s` is for how long another waits: the engine has a moment, too, to admit one that was let in.
        """
        latest = min(self._running, key=lambda one: one.due_at)
        if math.isinf(latest.due_at) or any(one.is_sent_away for one in self._running):
            return
        loop = asyncio.get_running_loop()
        left_s = GRACE_S - min(self._late_s(latest), kept_s)
        if left_s > 0:
            self._next_look = loop.call_later(left_s, self.review)
            return
        latest.is_sent_away = True
        latest.limit.reschedule(loop.time())
