"""An engine in a container: have it run, then be the engine that speaks to its server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

import msgspec
import structlog

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inference import EngineHealth, EngineState, Generation, GenerationEvent
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.inference.container.own_container import OwnContainer, Up
from cortensor_tui.inference.container.plan import ContainerPlan
from cortensor_tui.inference.container.problems import container_died, never_answered
from cortensor_tui.inference.container.readiness import is_serving
from cortensor_tui.inference.container.server_log import ServerLog
from cortensor_tui.inference.engine import Engine, HealthListener
from cortensor_tui.inference.restarts import RestartLimits
from cortensor_tui.inference.supervisor import Supervisor
from cortensor_tui.inference.told_health import ToldHealth

log = structlog.get_logger(__name__)

EngineAt = Callable[[str, HealthListener], Engine]
"""Makes the engine that speaks to the server at a URL."""


class ContainerPatience(RestartLimits, frozen=True, kw_only=True):
    """How long a container may take, and how often it may die before it is left dead.

    `start_s` is how long its log may stand still before its server answers; after `looks` in a row, `look_s`
    apart, without an answer within `answer_s`, it is ended.
    """

    start_s: float = 120.0
    ready_look_s: float = 0.25
    look_s: float = 5.0
    answer_s: float = 5.0
    looks: int = 6


class ContainerEngine:
    """An `Engine` whose model server runs in a container that ends with the node.

    A node that is killed leaves its container; the next node with the same settings takes it over.
    """

    def __init__(
        self,
        container: OwnContainer,
        plan: ContainerPlan,
        engine_at: EngineAt,
        *,
        on_health: HealthListener | None = None,
        patience: ContainerPatience | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._container = container
        self._plan = plan
        self._engine_at = engine_at
        self._patience = patience or ContainerPatience()
        self._clock = clock
        unstarted = EngineHealth(state=EngineState.STOPPED, engine=f"container {plan.name}", model=plan.image)
        self._health = ToldHealth(unstarted, on_health)
        self._supervisor: Supervisor[Engine] = Supervisor(
            self._live_once, self._health, self._patience, clock
        )
        self._server: Engine | None = None
        self._is_lost = asyncio.Event()  # set when the server's engine has lost it
        self._server_log = ServerLog(clock)
        self._heard_count = 0
        self._killed_because = ""

    # --- what the miner asks ---------------------------------------------------------------------

    @property
    def health(self) -> EngineHealth:
        """What is known of the engine now."""
        return self._health.now

    async def start(self) -> None:
        """See `Engine.start`."""
        self._supervisor.start()
        try:
            await self._supervisor.until_ready()
        except asyncio.CancelledError:
            await self.stop()
            raise

    async def generate(self, generation: Generation) -> AsyncGenerator[GenerationEvent, None]:
        """See `Engine.generate`. While the container restarts, this waits for it."""
        server = await self._supervisor.until_ready()
        self._server_log.remember(generation)
        async with aclosing(server.generate(generation)) as events:
            async for event in events:
                yield event

    async def cancel(self) -> None:
        """See `Engine.cancel`."""
        if self._server is not None:
            await self._server.cancel()

    async def stop(self) -> None:
        """See `Engine.stop`. The container is stopped and removed."""
        await self._supervisor.stop()
        await self._container.close()

    # --- the container's life --------------------------------------------------------------------

    async def _live_once(self) -> Problem:
        """Have one container run to its end; return how it ended."""
        self._killed_because = ""
        up = await self._container.up(self._step)
        death = asyncio.create_task(self._container.ended(up.container_id))
        beside = [asyncio.create_task(self._follow_log(up))]
        try:
            await self._until_serving(up, death)
            if not death.done():
                speaking = asyncio.create_task(self._speak_to(up.url))
                beside += [speaking, asyncio.create_task(self._watch(up))]
                await asyncio.wait([death, speaking], return_when=asyncio.FIRST_COMPLETED)
                if speaking.done():
                    await speaking  # it never returns, so this raises
            how = await death
        finally:
            for task in (death, *beside):
                task.cancel()
            self._supervisor.lost()
            await self._end(up)
        return container_died(self._killed_because or how)

    async def _until_serving(self, up: Up, death: asyncio.Task[str]) -> None:
        """Wait until the server answers or the container ends, and end it when nothing happens for long."""
        patience = self._patience
        heard, silent_s = -1, 0.0
        while not death.done():
            asked_at = self._clock.monotonic()
            if await is_serving(up.url, patience.answer_s):
                return
            self._at(EngineState.LOADING, "the container's server is loading", load_progress=None, error="")
            await asyncio.wait([death], timeout=patience.ready_look_s)
            # No look counts for more than it may take: this process may have stood still meanwhile.
            look_s = min(self._clock.monotonic() - asked_at, patience.answer_s + patience.ready_look_s)
            silent_s = 0.0 if heard != self._heard_count else silent_s + look_s
            heard = self._heard_count
            if silent_s >= patience.start_s:
                because = never_answered(silent_s, self._container.last_line)
                if await self._kill(up, because):
                    await death

    async def _speak_to(self, url: str) -> None:
        """Be the engine of a server until cancelled; one that was lost for a moment is taken up again."""
        server = self._server = self._engine_at(url, self._told_by_server)
        while True:
            self._is_lost.clear()
            try:
                await server.start()
                self._supervisor.ready(server)
                await self._is_lost.wait()
            except ProblemError as error:
                log.warning("server in container not ready", why=error.problem.sentence())
            await asyncio.sleep(self._patience.look_s)

    async def _watch(self, up: Up) -> None:
        """End a container whose server hangs. Looks are counted, since this process may stand still too."""
        missed = 0
        while True:
            await asyncio.sleep(self._patience.look_s)
            missed = 0 if await is_serving(up.url, self._patience.answer_s) else missed + 1
            if missed >= self._patience.looks:
                await self._kill(up, f"its server did not answer {missed} times in a row")

    async def _kill(self, up: Up, because: str) -> bool:
        was_killed = await self._container.kill(up.container_id)
        if was_killed:
            self._killed_because = self._killed_because or because
        return was_killed

    async def _follow_log(self, up: Up) -> None:
        def hear(line: str) -> None:
            self._heard_count += 1
            self._server_log.hear(line, is_serving=self._supervisor.is_ready)

        shown = self._server_log.shown
        await self._container.follow_log(up.container_id, hear, shown, from_now=up.was_left)

    async def _end(self, up: Up) -> None:
        server, self._server = self._server, None
        if server is not None:
            with suppress(ProblemError):
                await server.stop()
        await self._container.down(up.container_id)

    # --- what is told ----------------------------------------------------------------------------

    def _step(self, what: str, fraction: float | None) -> None:
        moves = {} if fraction is None else {"error": ""}
        self._at(EngineState.STARTING, what, load_progress=fraction, **moves)

    def _at(self, state: EngineState, step: str, **changes: object) -> None:
        self._health.become(state, step=step, engine=f"container {self._plan.name}", **changes)

    def _told_by_server(self, health: EngineHealth) -> None:
        """Pass on what the server's engine tells, with the container's own past."""
        if self._server is None:
            return
        if health.state is EngineState.FAILED:
            self._is_lost.set()
            self._supervisor.lost()
        own = self.health
        self._health.tell(
            msgspec.structs.replace(
                health,
                engine=f"{health.engine} in container {self._plan.name}",
                is_ours=True,  # nobody else is told where it is, and it is restarted here
                restarts=own.restarts,
                died_at=own.died_at,
                death=own.death,
            )
        )
