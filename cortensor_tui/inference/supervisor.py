"""Keeps the process behind an engine alive: it is started, waited for, restarted, and in the end given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.inference import EngineState
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.inference import problems
from cortensor_tui.inference.restarts import RestartLimits, Restarts
from cortensor_tui.inference.told_health import ToldHealth

Ready = TypeVar("Ready")
"""What can be asked once the process is ready."""


class Supervisor(Generic[Ready]):
    """Has a process live one life after another, until it is stopped or makes no sense any more.

    `live_once` runs the process to its end and returns how that came, in the problem's `why`. Meanwhile it
    calls `ready` and `lost`; it raises `ProblemError` where another life would end the same way. `on_give_up`
    hears why there is no other.
    """

    def __init__(
        self,
        live_once: Callable[[], Awaitable[Problem]],
        health: ToldHealth,
        limits: RestartLimits,
        clock: Clock,
        on_give_up: Callable[[Problem], None] = lambda problem: None,
    ) -> None:
        self._live_once = live_once
        self._health = health
        self._limits = limits
        self._clock = clock
        self._on_give_up = on_give_up
        self._task: asyncio.Task[None] | None = None
        self._ready: Ready | None = None
        self._was_ready = False
        self._settled = asyncio.Event()  # set while the process is ready, or has been given up
        self._gave_up: Problem | None = None

    @property
    def is_ready(self) -> bool:
        """Tell whether the process is ready now."""
        return self._ready is not None

    def start(self) -> None:
        """Begin, or begin anew after the process was given up; nothing while it is kept alive."""
        if self._task is not None and not self._task.done():
            return
        self._settled.clear()
        had_died = self._gave_up is not None and self._gave_up.code == problems.GAVE_UP
        self._gave_up = None
        # Why it was given up stays to be seen until this comes to something.
        self._health.become(EngineState.STARTING, restarts=self._health.now.restarts + had_died)
        self._task = asyncio.create_task(self._supervise())

    async def until_ready(self) -> Ready:
        """Return what to ask once the process is ready, also where it restarts meanwhile.

        Raises `ProblemError` "engine_stopped" where it was not started, or why it was given up.
        """
        if self._task is None and self._gave_up is None:
            raise ProblemError(problems.engine_stopped())
        while self._ready is None:
            await self._settled.wait()
            if self._gave_up is not None:
                raise ProblemError(self._gave_up)
        return self._ready

    async def stop(self) -> None:
        """End the process. Safe to call twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._give_up(problems.engine_stopped())
        self._health.become(
            EngineState.STOPPED, error="", load_progress=None, step="", rss_bytes=None, silent_since=None
        )

    # --- what a life tells -----------------------------------------------------------------------

    def ready(self, what: Ready) -> None:
        """Let runs begin."""
        self._ready = what
        self._was_ready = True
        self._settled.set()

    def lost(self) -> None:
        """Keep runs waiting until it is ready again."""
        self._ready = None
        self._settled.clear()

    # --- one life after another ------------------------------------------------------------------

    async def _supervise(self) -> None:
        restarts = Restarts(self._clock, self._limits)
        try:
            while True:
                self._was_ready = False
                death = await self._live_once()
                self._tell_death(death)
                await asyncio.sleep(restarts.after_death(death.why, was_ready=self._was_ready))
                self._health.become(EngineState.STARTING, restarts=self._health.now.restarts + 1)
        except ProblemError as error:
            self._fail(error.problem)
        except Exception as error:  # whatever it is, those who wait for the engine must hear of it
            self._fail(problems.engine_failed(f"{type(error).__name__}: {error}"))

    def _tell_death(self, death: Problem) -> None:
        died = {"died_at": self._clock.now(), "death": death.why} if self._was_ready else {}
        self._health.fail(death, rss_bytes=None, **died)

    def _fail(self, problem: Problem) -> None:
        self._give_up(problem)
        self._health.fail(problem)

    def _give_up(self, problem: Problem) -> None:
        self._gave_up = problem
        self._settled.set()
        self._on_give_up(problem)
