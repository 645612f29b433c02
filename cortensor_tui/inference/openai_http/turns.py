"""Whose turn it is at a server: so many runs at once, the one with the earliest deadline first, some alone.

The miner has turns of its own, which choose between tasks and models and send late runs away. These keep
what `Engine.generate` promises to whoever asks, the self-test beside the tasks too: a server is never asked
for more than it has places, though their number may fall, nor left to put in order what waits.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.inference.engine import due_at

_Waiting = tuple[float, int, bool, asyncio.Future[None]]


class Turns:
    """Hands out turns. `most` is how many at once, None for any number."""

    def __init__(self, most: int | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self._most = most
        self._clock = clock
        self._taken = 0
        self._is_alone = False
        self._asked_count = 0
        self._waiting: list[_Waiting] = []

    def allow(self, most: int | None) -> None:
        """Let another number run at once; those that run go on."""
        self._most = most
        self._let_in()

    @asynccontextmanager
    async def turn(self, deadline_at: float | None, *, alone: bool) -> AsyncIterator[None]:
        """Wait for a turn and hold it. `alone` waits until no other is held, and keeps others waiting."""
        await self._take(due_at(deadline_at, self._clock.now()), alone)
        try:
            yield
        finally:
            self._give_back()

    async def _take(self, deadline_at: float, alone: bool) -> None:
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked_count += 1
        heapq.heappush(self._waiting, (deadline_at, self._asked_count, alone, admitted))
        self._let_in()
        try:
            await admitted
        except asyncio.CancelledError:
            if admitted.done() and not admitted.cancelled():
                self._give_back()  # it was let in and left in the same moment
            self._let_in()
            raise

    def _give_back(self) -> None:
        self._taken -= 1
        self._is_alone = False  # whoever was alone was the only one
        self._let_in()

    def _let_in(self) -> None:
        """Admit from the front only: nobody overtakes one that waits to be alone, so it is not starved."""
        while self._waiting:
            _, _, alone, admitted = self._waiting[0]
            if not admitted.done():
                if not self._has_room(alone):
                    return
                self._taken += 1
                self._is_alone = alone
                admitted.set_result(None)
            heapq.heappop(self._waiting)

    def _has_room(self, alone: bool) -> bool:
        if self._taken == 0:
            return True
        return not (alone or self._is_alone) and (self._most is None or self._taken < self._most)
