"""An engine over HTTP, every health it told, and what comes of asking it once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.inference.openai_http.engine import OpenAiHttp
from cortensor_tui.inference.openai_http.patience import Patience
from tests.inference.engines import ask, collect, text_of
from tests.inference.openai_http.told_server import Script, ToldServer, told_server

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


async def problem_of(server: ToldServer, prompt: str = "Hello") -> Problem:
    """Ask once, and return why there was no answer; the engine must still take a run after that."""
    async with started(server.url) as watched:
        with pytest.raises(ProblemError) as caught:
            await collect(watched.engine.generate(ask(prompt)))
        server.scripts.clear()
        await watched.until(lambda health: health.state is EngineState.READY)
        assert text_of(await collect(watched.engine.generate(ask(prompt)))) == "Hello!"
    return caught.value.problem


async def answer_to(pieces: Sequence[bytes], pages: dict[str, Any] | None = None) -> list[Any]:
    """Return the events of a run whose server streams these pieces."""
    async with told_server(pages) as server, started(server.url) as watched:
        server.scripts.append(Script(pieces=pieces))
        return await collect(watched.engine.generate(ask("Hello")))
