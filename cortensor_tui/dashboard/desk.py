"""What screens may use of the application they run in, so that neither has to know the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cortensor_tui.dashboard.feed import FeedState
    from cortensor_tui.dashboard.present.pulse import Pulse
    from cortensor_tui.dashboard.setup import Outcome, Setup
    from cortensor_tui.dashboard.startup import StartupBoard
    from cortensor_tui.dashboard.state import NodeView
    from cortensor_tui.dashboard.toasts import Toasts
    from cortensor_tui.domain.problems import Problem
    from cortensor_tui.domain.tasks import TaskKey
    from cortensor_tui.domain.transactions import Transaction
    from cortensor_tui.node.messages import ReplyBody, RequestBody


class Desk(Protocol):
    """The application as its screens see it: the newest state, a way to ask the node, and a clock."""

    now: Callable[[], float]
    """Returns unix seconds; tests let it stand still."""
    board: StartupBoard | None
    """Tells the steps of starting, where something is being started."""
    pulse: Pulse
    """How the chain has answered of late, whatever was looked at."""
    owns_node: bool
    """Tells that the node ends with the dashboard, as in the demo."""
    toasts: Toasts
    """Those that stand now."""

    @property
    def unsaid(self) -> int:
        """Return how much needs the operator that the line at the top does not say."""

    @property
    def setup(self) -> Setup | None:
        """Return what sets up nodes, None where nothing can be set up."""

    def leave_for(self, outcome: Outcome) -> None:
        """End the dashboard, to be opened again on something else."""

    @property
    def export_folder(self) -> Path | None:
        """Return where lists are written to, None where they cannot be."""

    @property
    def feed_state(self) -> FeedState:
        """Return the newest state of the feed."""

    @property
    def view(self) -> NodeView | None:
        """Return what the node last said, None before its first word."""

    @property
    def can_start_node(self) -> bool:
        """Tell whether a node can be started from here."""

    @property
    def is_starting(self) -> bool:
        """Tell whether a node that is not there yet is being started."""

    async def request(self, body: RequestBody, timeout_s: float = 30.0) -> ReplyBody:
        """Ask the node. Raises `ProblemError`."""

    def tell(self, problem: Problem) -> None:
        """Show what went wrong with something the user just did."""

    def copy(self, text: str, name: str) -> None:
        """Copy a text to the clipboard and say so; `name` is what it is called."""

    def open_task(self, key: TaskKey) -> None:
        """Show one task in full, over what is there."""

    def open_transaction(self, one: Transaction) -> None:
        """Show one transaction in full, over what is there."""

    def go_to(self, name: str) -> None:
        """Show a place by its name in `places.PLACES`."""
