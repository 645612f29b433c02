"""An engine in a container, with every health it told and a server's engine that a test makes up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inference import (
    EngineHealth,
    EngineState,
    Generation,
)
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.container.docker_api import DockerApi
from cortensor_tui.inference.container.engine import ContainerEngine, ContainerPatience, EngineAt
from cortensor_tui.inference.container.own_container import OwnContainer
from cortensor_tui.inference.container.plan import ContainerPlan
from cortensor_tui.inference.engine import HealthListener
from tests.support.engines import ScriptedEngine

IMAGE = "example/server:1"
PATIENT = ContainerPatience(
    start_s=60, ready_look_s=0.1, look_s=0.5, answer_s=2.0, looks=5, first_backoff_s=0.1
)
"""For real containers, on a machine that has other things to do."""
QUICK = ContainerPatience(start_s=1.0, ready_look_s=0.02, look_s=0.05, looks=3, first_backoff_s=0.01)


class EchoEngine(ScriptedEngine):
    """The engine at a URL: it is ready at once, and says where it is."""

    def __init__(self, url: str, on_health: HealthListener) -> None:
        super().__init__(EngineHealth(state=EngineState.STOPPED, engine="echo", model="none", is_ours=False))
        self.url = url
        self.starts = 0
        self.is_stopped = False
        self._on_health = on_health

    async def start(self) -> None:
        self.starts += 1
        self.tell(EngineState.READY)

    def tell(self, state: EngineState) -> None:
        self.health = msgspec.structs.replace(self.health, state=state, context_tokens=512)
        self._on_health(self.health)

    async def _answer(self, generation: Generation) -> str:
        return self.url

    async def cancel(self) -> None:
        self.tell(EngineState.READY)

    async def stop(self) -> None:
        self.is_stopped = True


class WatchedContainer:
    """A `ContainerEngine`, the engines it made for its servers, and what it told."""

    def __init__(
        self,
        socket_path: Path,
        port: int,
        *,
        patience: ContainerPatience = QUICK,
        engine_at: EngineAt | None = None,
        clock: Clock = SYSTEM_CLOCK,
        **changes: Any,
    ) -> None:
        self.plan = msgspec.structs.replace(
            ContainerPlan(image=IMAGE, name="model", owner="/home/o/.env", host_port=port), **changes
        )
        self.api = DockerApi(socket_path, request_s=5.0)
        self.healths: list[EngineHealth] = []
        self.servers: list[EchoEngine] = []
        self._news = asyncio.Event()
        self.container = OwnContainer(self.api, self.plan, ask_again_s=0.02, clock=clock)
        self.engine = ContainerEngine(
            self.container,
            self.plan,
            engine_at or self._echo_at,
            on_health=self._told,
            patience=patience,
            clock=clock,
        )

    async def until(self, is_met: Callable[[EngineHealth], bool]) -> EngineHealth:
        """Wait until a health is told that meets a condition; bounded by the test's own time limit."""
        while True:
            for health in self.healths:
                if is_met(health):
                    return health
            self._news.clear()
            await self._news.wait()

    async def until_ready(self, restarts: int = 0) -> EngineHealth:
        """Wait until it is ready after so many restarts."""
        return await self.until(
            lambda health: health.state is EngineState.READY and health.restarts == restarts
        )

    async def vanish(self) -> None:
        """End as a node that is killed does: nothing is stopped, nothing removed."""

        async def leave(container_id: str) -> None:
            pass

        self.container.down = leave  # type: ignore[method-assign]
        await self.engine.stop()

    def _echo_at(self, url: str, on_health: HealthListener) -> EchoEngine:
        self.servers.append(EchoEngine(url, on_health))
        return self.servers[-1]

    def _told(self, health: EngineHealth) -> None:
        self.healths.append(health)
        self._news.set()


async def failure_of(watched: WatchedContainer) -> tuple[str, str]:
    """Start it where it cannot start; return the problem's code and sentence."""
    with pytest.raises(ProblemError) as caught:
        await watched.engine.start()
    assert watched.engine.health.state is EngineState.FAILED
    assert watched.engine.health.error == caught.value.problem.sentence()
    return caught.value.problem.code, caught.value.problem.sentence()
