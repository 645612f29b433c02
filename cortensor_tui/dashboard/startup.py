"""The steps of starting up, as whoever starts things tells them and the dashboard shows them."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum

import msgspec

from cortensor_tui.domain.problems import Problem

FIRST_WORD_S = 10.0
"""So long after the last step the node's first word may still be on its way."""


class StepState(StrEnum):
    """Where one step of starting stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class StartupStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step: its name is its identity, `detail` what is happening in it."""

    name: str
    state: StepState
    detail: str = ""


class StartupBoard:
    """Written by what starts the node or the demo, read by the dashboard. Safe to call from any thread."""

    def __init__(self, names: tuple[str, ...] = (), now: Callable[[], float] = time.time) -> None:
        self._steps = tuple(StartupStep(name=name, state=StepState.WAITING) for name in names)
        self._problem: Problem | None = None
        self._now = now
        self._moved_at = now()
        self._listener: Callable[[], None] | None = None

    @property
    def steps(self) -> tuple[StartupStep, ...]:
        """Return the steps in the order they were first named."""
        return self._steps

    @property
    def problem(self) -> Problem | None:
        """Return what stopped the start, None while nothing did."""
        return self._problem

    @property
    def is_running(self) -> bool:
        """Tell whether some step is not done yet."""
        return any(step.state in (StepState.WAITING, StepState.RUNNING) for step in self._steps)

    @property
    def is_starting(self) -> bool:
        """Tell whether the node is on its way: nothing has stopped the start, nor is it long over."""
        if self._problem is not None or not self._steps:
            return False
        return self.is_running or self._now() - self._moved_at < FIRST_WORD_S

    def update(self, name: str, state: StepState, detail: str = "") -> None:
        """Set one step, added at the end if it is new. One that runs begins a start that has failed anew."""
        if state is StepState.RUNNING:
            self._problem = None
        step = StartupStep(name=name, state=state, detail=detail)
        if any(one.name == name for one in self._steps):
            self._steps = tuple(step if one.name == name else one for one in self._steps)
        else:
            self._steps = (*self._steps, step)
        self._tell()

    def fail(self, problem: Problem) -> None:
        """Say that the start has come to an end without success; running steps are marked failed."""
        self._problem = problem
        self._steps = tuple(
            StartupStep(name=step.name, state=StepState.FAILED) if step.state is StepState.RUNNING else step
            for step in self._steps
        )
        self._tell()

    def listen(self, listener: Callable[[], None] | None) -> None:
        """Call `listener` after every change, from the thread that made it."""
        self._listener = listener

    def _tell(self) -> None:
        self._moved_at = self._now()
        if self._listener is not None:
            self._listener()
