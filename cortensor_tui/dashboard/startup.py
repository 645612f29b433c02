"""The steps of starting up, as whoever starts things tells them and the dashboard shows them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec

from cortensor_tui.domain.problems import Problem


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

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self._steps = tuple(StartupStep(name=name, state=StepState.WAITING) for name in names)
        self._problem: Problem | None = None
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

    def update(self, name: str, state: StepState, detail: str = "") -> None:
        """Set one step, added at the end if it is new."""
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
            msgspec.structs.replace(step, state=StepState.FAILED) if step.state is StepState.RUNNING else step
            for step in self._steps
        )
        self._tell()

    def listen(self, listener: Callable[[], None] | None) -> None:
        """Call `listener` after every change, from the thread that made it."""
        self._listener = listener

    def _tell(self) -> None:
        if self._listener is not None:
            self._listener()
