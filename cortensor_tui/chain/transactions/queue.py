"""One sends at a time, and whoever has the least time left is next."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

AT_ONCE = -math.inf  # what was sent before goes before all that is new: later nonces wait for it


class DeadlineQueue:
    """A lock that is handed to the earliest deadline, and among equals to the one that came first."""

    def __init__(self) -> None:
        self._is_taken = False
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []

    def __len__(self) -> int:
        """Return how many wait."""
        return sum(not turn.done() for _, _, turn in self._waiting)

    async def take(self, deadline_at: float | None) -> None:
        """Wait for the turn. Who is cancelled while waiting has never been there."""
        if not self._is_taken:
            self._is_taken = True
            return
        turn = asyncio.get_running_loop().create_future()
        place = math.inf if deadline_at is None else deadline_at
        heapq.heappush(self._waiting, (place, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the turn came together with the cancellation
                self.release()
            raise

    def release(self) -> None:
        """Hand the turn on."""
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._is_taken = False

    @asynccontextmanager
    async def turn(self, deadline_at: float | None) -> AsyncIterator[None]:
        """Hold the turn until the block is left."""
        await self.take(deadline_at)
        try:
            yield
        finally:
            self.release()
