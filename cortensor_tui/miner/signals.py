"""What the chain has said about one task, as events a pipeline can wait for."""

from __future__ import annotations

import asyncio

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.tasks import TaskOnChain

# Working hypothesis of public clients (cortensor-protocol.md, 5.5): from here on precommits are closed.
STATUS_PRECOMMITTED = 2


class TaskSignals:
    """A stage that was reached stays reached, unless the chain is reorganised."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self.precommits_closed = asyncio.Event()
        self.ended = asyncio.Event()
        self.precommits_closed_at: float | None = None
        self._clock = clock

    def on_event(self, name: str) -> None:
        """Take an event of the queue contract."""
        if name in ("TaskAllPrecommitted", "TaskPrecommitEnded"):
            self._close_precommits()
        elif name == "TaskEnded":
            self._close_precommits()
            self.ended.set()

    def on_state(self, task: TaskOnChain) -> None:
        """Take the task as the contract has it; used after a gap in events."""
        if task.status >= STATUS_PRECOMMITTED:
            self._close_precommits()
        if task.is_ended:
            self.ended.set()

    def start_over(self, task: TaskOnChain | None) -> None:
        """Forget what was said before a reorganisation, and take the task as the contract has it now."""
        self.precommits_closed.clear()
        self.precommits_closed_at = None
        self.ended.clear()
        if task is not None:
            self.on_state(task)

    def _close_precommits(self) -> None:
        if not self.precommits_closed.is_set():
            self.precommits_closed_at = self._clock.now()
            self.precommits_closed.set()
