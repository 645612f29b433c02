"""An engine that has one model at a time, and changes it when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inference import (
    EngineHealth,
    EngineState,
    Generation,
    GenerationEvent,
    SelfTest,
)
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.inference.engine import Engine, HealthListener
from cortensor_tui.inference.problems import engine_start_failed
from cortensor_tui.inference.self_test import self_test

log = structlog.get_logger(__name__)

TRIED_AGAIN_S = 600.0
"""A model that could not be loaded is left alone for so long: memory may be free by then."""


class ModelWish(msgspec.Struct, frozen=True, kw_only=True):
    """The model file that a session's tasks ask for; None where it is the configured one that answers."""

    session_id: int
    path: Path | None = None


class FailedModel(NamedTuple):
    """Why a model is not loaded, whose wish it was, and when it was tried, on the monotonic clock."""

    problem: Problem
    session_id: int
    tried_at_s: float


class SwitchedEngine:
    """An `Engine` whose model may be changed while nothing runs.

    `make` builds the engine of one model file. `require_room` raises `ProblemError` where a file could not
    be loaded even with so many bytes given back; it reads the file and is called in a thread. A model that
    cannot be loaded, or fails its self-test, leaves the one before in place or brings it back.
    """

    def __init__(
        self,
        configured: Path,
        make: Callable[[Path, HealthListener], Engine],
        require_room: Callable[[Path, int], None],
        on_health: HealthListener,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._configured = self._path = configured
        self._make = make
        self._require_room = require_room
        self._on_health = on_health
        self._clock = clock
        self._engine = make(configured, self._told)
        self._lock = asyncio.Lock()
        self._change: asyncio.Task[None] | None = None
        self._loading: ModelWish | None = None
        self._self_test: SelfTest | None = None
        self._failed: dict[Path, FailedModel] = {}
        self._asked_for = ModelWish(session_id=0)

    # --- what may be loaded ----------------------------------------------------------------------

    @property
    def is_changing(self) -> bool:
        """Tell whether the model is being changed, or is about to be."""
        return self._change is not None

    def is_loaded(self, wish: ModelWish) -> bool:
        """Tell whether the model that answers a wish is the one that the engine has, or starts with."""
        return self._path_for(wish) == self._path

    def failure(self, path: Path) -> FailedModel | None:
        """Return why a model is not loaded, None where nothing speaks against trying it."""
        found = self._failed.get(path)
        is_over = found is None or self._clock.monotonic() - found.tried_at_s > TRIED_AGAIN_S
        return None if is_over else found

    @property
    def failures(self) -> tuple[FailedModel, ...]:
        """Return why the models are not loaded that could not be."""
        return tuple(found for path in self._failed if (found := self.failure(path)) is not None)

    def change(self, wish: ModelWish) -> None:
        """Begin to load the model that answers a wish, while nothing runs; nothing where a change goes on.

        The health is told when it is over, whichever model there is then.
        """
        if self._change is None:
            self._change = asyncio.create_task(self._changed(wish), name="change of model")

    def _path_for(self, wish: ModelWish) -> Path:
        asked = (self._configured,) if wish.path is None else (wish.path, self._configured)
        return next((path for path in asked if self.failure(path) is None), self._path)

    # --- the engine that it has ------------------------------------------------------------------

    @property
    def health(self) -> EngineHealth:
        """What is known of the engine now; while the model is changed, of the one that is loaded."""
        return self._shown(self._engine.health)

    async def start(self) -> None:
        """See `Engine.start`. Where another model does not come back, the configured one is started."""
        async with self._lock:
            try:
                await self._engine.start()
            except ProblemError as error:
                if self._path == self._configured:
                    raise
                self._give_up(self._path, self._asked_for.session_id, error.problem)
                await self._take(self._configured)
                await self._engine.start()
            self._failed.pop(self._path, None)

    def generate(self, generation: Generation) -> AsyncGenerator[GenerationEvent, None]:
        """See `Engine.generate`."""
        return self._engine.generate(generation)

    async def cancel(self) -> None:
        """See `Engine.cancel`."""
        await self._engine.cancel()

    async def stop(self) -> None:
        """See `Engine.stop`."""
        if self._change is not None:
            self._change.cancel()
            await asyncio.wait([self._change])
        await self._engine.stop()

    # --- one change ------------------------------------------------------------------------------

    async def _changed(self, wish: ModelWish) -> None:
        try:
            async with self._lock:
                await self._load_or_stay(wish)
        except ProblemError as error:  # whoever keeps the engine running sees its health, and starts it again
            log.error("the model before could not be brought back", why=error.problem.sentence())
        finally:
            self._loading = self._change = None
            self._on_health(self.health)

    async def _load_or_stay(self, wish: ModelWish) -> None:
        before, wanted = self._path, self._path_for(wish)
        if wanted == before:
            return
        try:
            held_bytes = self._engine.health.rss_bytes or 0
            await asyncio.to_thread(self._require_room, wanted, held_bytes)
        except ProblemError as error:
            self._give_up(wanted, wish.session_id, error.problem)
            return
        log.info("changing the model", model=wanted.stem, session=wish.session_id, was=before.stem)
        self._loading = wish
        self._asked_for = wish
        try:
            await self._take(wanted)
            await self._engine.start()
            await self._test()
        except ProblemError as error:
            self._give_up(wanted, wish.session_id, error.problem)
            await self._take(before)
            await self._engine.start()

    async def _take(self, path: Path) -> None:
        await self._engine.stop()
        self._path, self._self_test = path, None
        self._engine = self._make(path, self._told)

    async def _test(self) -> None:
        """Ask the model a short prompt. Raises `ProblemError` where it does not answer as a model should."""
        found = await self_test(self._engine, self._clock)
        if found is None:
            raise ProblemError(engine_start_failed(self._engine.health.death or self._engine.health.error))
        if found.problem is not None and self._path != self._configured:
            raise ProblemError(found.problem)
        self._self_test = found

    def _give_up(self, path: Path, session_id: int, problem: Problem) -> None:
        self._failed[path] = FailedModel(problem, session_id, self._clock.monotonic())
        log.warning("model not loaded", model=path.stem, session=session_id, why=problem.sentence())

    # --- its health ------------------------------------------------------------------------------

    def _told(self, health: EngineHealth) -> None:
        self._on_health(self._shown(health))

    def _shown(self, health: EngineHealth) -> EngineHealth:
        if self._loading is None:
            return msgspec.structs.replace(health, self_test=self._self_test)
        return msgspec.structs.replace(
            health,
            state=EngineState.LOADING,
            loading_for=self._loading.session_id,
            error="",
            failure=None,
            self_test=None,
        )
