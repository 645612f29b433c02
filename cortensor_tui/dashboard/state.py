"""What is known of a node: all that it last said, frozen. `folding` keeps it up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cortensor_tui.domain.throughput import Throughput

if TYPE_CHECKING:
    from cortensor_tui.domain.health import NodeStatus
    from cortensor_tui.domain.sessions import SessionView
    from cortensor_tui.domain.tasks import TaskKey, TaskView
    from cortensor_tui.domain.transactions import Transaction
    from cortensor_tui.node.live_messages import LiveInference, Runs


class SequenceGapError(Exception):
    """A change is missing; only a fresh snapshot helps."""


class NodeView(msgspec.Struct, frozen=True, kw_only=True):
    """All that is shown of a node. Tasks oldest first, transactions by id, sessions as the node has them.

    `generation` counts the snapshots: between two of one generation no change is missing. `live` is the run
    that is shown, the newest of `runs` unless another was chosen.
    """

    sequence: int
    status: NodeStatus
    generation: int = 0
    sessions: tuple[SessionView, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    live: LiveInference | None = None
    runs: Runs = ()
    rates: tuple[float, ...] = ()
    throughput: Throughput = Throughput()

    def session(self, session_id: int) -> SessionView | None:
        """Return one session, None where the node does not know it."""
        return next((view for view in self.sessions if view.session.session_id == session_id), None)

    def task(self, key: TaskKey) -> TaskView | None:
        """Return one task, None where it is unknown or no longer kept."""
        return next((task for task in self.tasks if task.key == key), None)

    def transaction(self, transaction_id: int) -> Transaction | None:
        """Return one transaction, None where it is unknown or no longer kept."""
        return next((one for one in self.transactions if one.transaction_id == transaction_id), None)

    @property
    def going_on(self) -> Runs:
        """Return the runs that the engine works on, in the order they were begun."""
        return tuple(run for run in self.runs if not run.is_over)

    def showing(self, key: TaskKey | None) -> NodeView:
        """Return the view with a task's run as the one that is shown; as it is where there is none of it."""
        chosen = next((run for run in self.runs if run.key == key), None)
        return self if chosen is None else msgspec.structs.replace(self, live=chosen)

    def differs_in_figures_only(self, newer: NodeView) -> bool:
        """Tell whether a newer view has only newer figures of the status: head, latency, gas, memory."""
        lists = ("sessions", "tasks", "transactions", "runs", "rates", "throughput")
        says = ("verdict", "reason", "problem", "warnings", "past", "answered_tasks", "missed_tasks")
        return (
            self.generation == newer.generation
            and all(getattr(self, name) is getattr(newer, name) for name in lists)
            and all(getattr(self.status, name) == getattr(newer.status, name) for name in says)
        )
