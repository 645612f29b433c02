"""What the chain has said about one task, as events a pipeline can wait for."""

from __future__ import annotations

import asyncio

from cortensor_tui.domain.tasks import TaskOnChain

# Working hypothesis of public clients (cortensor-protocol.md, 5.5): from here on precommits are closed.
STATUS_PRECOMMITTED = 2


class TaskSignals:
    """Set once, never cleared: a stage that was reached stays reached."""

    def __init__(self) -> None:
        self.precommits_closed = asyncio.Event()
        self.ended = asyncio.Event()

    def on_event(self, name: str) -> None:
        """Take an event of the queue contract."""
        if name in ("TaskAllPrecommitted", "TaskPrecommitEnded"):
            self.precommits_closed.set()
        elif name == "TaskEnded":
            self.precommits_closed.set()
            self.ended.set()

    def on_state(self, task: TaskOnChain) -> None:
        """Take the task as the contract has it; used after a gap in events."""
        if task.status >= STATUS_PRECOMMITTED:
            self.precommits_closed.set()
        if task.is_ended:
            self.ended.set()
