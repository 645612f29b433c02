"""What is known of an engine, told to whoever listens."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.problems import Problem
from cortensor_tui.inference.engine import HealthListener


class ToldHealth:
    """The health of one engine; the listener is called each time that it has changed."""

    def __init__(self, health: EngineHealth, listener: HealthListener | None) -> None:
        self._now = health
        self._listener = listener

    @property
    def now(self) -> EngineHealth:
        """What is known now."""
        return self._now

    def become(self, state: EngineState, **changes: object) -> None:
        """Change the state, and those fields of `EngineHealth` that are named."""
        if changes.get("error") == "":
            changes["failure"] = None
        self.tell(msgspec.structs.replace(self._now, state=state, **changes))

    def fail(self, problem: Problem, **changes: object) -> None:
        """Say that it failed, and why; that stays to be seen until `error` is taken back."""
        told = {"load_progress": None, "step": "", "silent_since": None, "runs": 0} | changes
        self.become(EngineState.FAILED, error=problem.sentence(), failure=problem, **told)

    def tell(self, health: EngineHealth) -> None:
        """Take a whole health in place of the one before."""
        if health == self._now:
            return
        self._now = health
        if self._listener is not None:
            self._listener(health)
