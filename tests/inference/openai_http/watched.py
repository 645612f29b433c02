"""An engine over HTTP and every health it told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.inference.openai_http.engine import OpenAiHttp
from cortensor_tui.inference.openai_http.patience import Patience

ASSUMED_CONTEXT_TOKENS = 777
QUICK = Patience(
    poll_interval_s=0.02, answer_s=10.0, misses=2, stall_s=30.0, first_pause_s=0.01, longest_pause_s=0.02
)


class Watched:
    """Waits for healths; each wait is bounded by the test's own time limit."""

    def __init__(self, url: str, patience: Patience = QUICK, token: str = "", model: str = "") -> None:
        self.healths: list[EngineHealth] = []
        self._news = asyncio.Event()
        self.engine = OpenAiHttp(
            url,
            context_tokens=ASSUMED_CONTEXT_TOKENS,
            token=lambda: token,
            model=model,
            on_health=self._told,
            patience=patience,
        )

    @property
    def states(self) -> list[EngineState]:
        """The states it went through, repeats left out."""
        states = [health.state for health in self.healths]
        return [state for index, state in enumerate(states) if index == 0 or states[index - 1] is not state]

    async def until(self, is_met: Callable[[EngineHealth], bool]) -> EngineHealth:
        """Return the first health that meets a condition, of those told and those to come."""
        while True:
            for health in self.healths:
                if is_met(health):
                    return health
            self._news.clear()
            await self._news.wait()

    def forget(self) -> None:
        """Let `until` look at what comes from now on."""
        self.healths.clear()

    def _told(self, health: EngineHealth) -> None:
        self.healths.append(health)
        self._news.set()


@asynccontextmanager
async def started(
    url: str, patience: Patience = QUICK, token: str = "", model: str = ""
) -> AsyncIterator[Watched]:
    """An engine that is ready; what it told on the way is forgotten."""
    watched = Watched(url, patience, token, model)
    await watched.engine.start()
    watched.forget()
    try:
        yield watched
    finally:
        await watched.engine.stop()
