"""When the node looks at the chain again: at intervals, and at once when there is news."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from cortensor_tui.chain.endpoints import budget
from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock

# An idle node asks its endpoint at most twice a second, whatever news there is of other people's tasks; what
# is left over is for what it reads now and then.
IDLE_LOOKS_PER_S = 1.85


class Pace:
    """Waits between two looks. `is_busy` tells whether something that is awaited happens on chain.

    While the engine answers and nothing else is open, a node looks as an idle one does: each look takes time
    from the engine, and news of the task's end comes by the feed.
    """

    def __init__(
        self, profile: NetworkProfile, is_busy: Callable[[], bool], clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._profile = profile
        self._is_fed = False
        self._is_busy = is_busy
        self._clock = clock
        self._budget = budget.new_budget(IDLE_LOOKS_PER_S, clock.monotonic())
        self._changed = asyncio.Event()
        self._has_news = False

    def take(self, profile: NetworkProfile) -> None:
        """Wait as long as this says from now on."""
        self._profile = profile
        self._changed.set()

    def fed(self, is_fed: bool) -> None:
        """Be told whether news comes by itself: then an idle node looks less often, to be sure of it."""
        self._is_fed = is_fed
        self._changed.set()

    def news(self) -> None:
        """Something happened on chain: look at once."""
        self._has_news = True
        self._changed.set()

    def changed(self) -> None:
        """The node may have become busy: an idle wait is cut short."""
        self._changed.set()

    def asked(self) -> None:
        """Count a look, or a request beside the looks. Only an idle node has to make up for it."""
        if not self._is_busy():
            self._budget = budget.spent(self._budget, self._clock.monotonic())

    async def rest(self) -> None:
        """Return when it is time to look."""
        began = self._clock.monotonic()
        while (left_s := self.left_s(began)) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._changed.wait()
        self._has_news = False
        self.asked()

    def left_s(self, began: float) -> float:
        """Return how long a wait that began then still lasts, 0 or less for no longer."""
        now, profile = self._clock.monotonic(), self._profile
        if self._is_busy():
            return 0.0 if self._has_news else began + profile.busy_look_interval_s - now
        wait_s = budget.wait_s(self._budget, now)
        idle_s = profile.fed_look_interval_s if self._is_fed else profile.look_interval_s
        return wait_s if self._has_news else max(began + idle_s - now, wait_s)
