"""Gets the model, starts the engine, and starts it again when what kept it from running is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inference import EngineHealth, EngineState, SelfTest
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.choosing import choose_engine, reads_model_file, switched_engine
from cortensor_tui.inference.engine import Engine
from cortensor_tui.inference.models.packaged import DEFAULT_MODEL, fetch_default_model
from cortensor_tui.inference.self_test import self_test
from cortensor_tui.settings import Settings

log = structlog.get_logger(__name__)

# What ends an engine may pass at once; one that fails again and again is left alone for longer each time.
FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 20.0
# What ran for less ended by itself, most likely: it would do so again.
STEADY_S = 60.0


class EngineRoom:
    """Holds the engine of one node; `switched` is the same one where sessions may change its model."""

    def __init__(
        self, settings: Settings, on_health: Callable[[EngineHealth], None], clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._on_health = on_health
        self._clock = clock
        self._ready_at_s: float | None = None
        self._models_dir = settings.models_dir
        self._fetches_model = settings.model_path is None and reads_model_file(settings)
        path = model_path(settings)
        self.switched = switched_engine(settings, path, self._told)
        self.engine: Engine = self.switched or choose_engine(settings, path, self._told)
        self._has_failed = asyncio.Event()
        self._retry_s = FIRST_RETRY_S
        self._died_at: float | None = None
        self._is_ready = False
        self._last_failure = ""
        self._self_test: SelfTest | None = None

    async def run(self) -> None:
        """Keep the engine running until cancelled."""
        try:
            while True:
                self._has_failed.clear()
                try:
                    await self._fetch_model()
                    await self.engine.start()
                    await self._test()
                    await self._has_failed.wait()
                except ProblemError as error:
                    self._fail(error)
                await asyncio.sleep(self._retry_s)
                self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
        finally:
            await self.engine.stop()

    async def _test(self) -> None:
        """Ask a model of ours a short prompt; one that others serve may cost them, or money."""
        if not self.engine.health.is_ours:
            return
        self._self_test = await self_test(self.engine)
        if self._self_test is not None and self._self_test.problem is not None:
            log.warning("self-test failed", why=self._self_test.problem.sentence())
        self._told(self.engine.health)

    async def _fetch_model(self) -> None:
        path = self._models_dir / DEFAULT_MODEL.file_name
        if not self._fetches_model or path.exists():
            return
        loop = asyncio.get_running_loop()

        def progressed(done_bytes: int, total_bytes: int) -> None:
            fraction = min(1.0, done_bytes / total_bytes)
            loop.call_soon_threadsafe(self._fetching, fraction)

        await asyncio.to_thread(fetch_default_model, self._models_dir, progressed)

    def _fetching(self, fraction: float) -> None:
        health = msgspec.structs.replace(
            self.engine.health,
            state=EngineState.STARTING,
            load_progress=fraction,
            error="fetching the model",
        )
        self._on_health(health)

    def _told(self, health: EngineHealth) -> None:
        if health.died_at not in (None, self._died_at):
            self._died_at = health.died_at
            log.warning("engine died", why=health.death, restarts=health.restarts)
        if health.state is EngineState.FAILED:
            self._has_failed.set()
        self._note_readiness(health)
        self._log_ready(health)
        self._on_health(msgspec.structs.replace(health, self_test=health.self_test or self._self_test))

    def _note_readiness(self, health: EngineHealth) -> None:
        """Begin with short pauses again after an engine that ran for long."""
        if health.state is EngineState.READY and self._ready_at_s is None:
            self._ready_at_s = self._clock.monotonic()
        elif health.state is EngineState.FAILED and self._ready_at_s is not None:
            if self._clock.monotonic() - self._ready_at_s >= STEADY_S:
                self._retry_s = FIRST_RETRY_S
            self._ready_at_s = None

    def _log_ready(self, health: EngineHealth) -> None:
        is_ready = health.state in (EngineState.READY, EngineState.BUSY)
        if is_ready and not self._is_ready:
            self._last_failure = ""
            log.info("engine ready", model=health.model, restarts=health.restarts)
            for warning in health.warnings:
                log.warning("engine not as it is set", why=warning.sentence())
        self._is_ready = is_ready

    def _fail(self, error: ProblemError) -> None:
        why = error.problem.sentence()
        if why != self._last_failure:  # a server may be away for days, and is tried every few seconds
            self._last_failure = why
            log.error("engine not running", why=why)
        health = self.engine.health
        failed = {"state": EngineState.FAILED, "error": why, "failure": error.problem}
        self._on_health(msgspec.structs.replace(health, **failed))


def model_path(settings: Settings) -> Path:
    """Return where the model is or will be."""
    return settings.model_path or settings.models_dir / DEFAULT_MODEL.file_name
