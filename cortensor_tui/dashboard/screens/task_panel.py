"""One task in full, opened from another place."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.private import PrivateTexts, texts_of_task
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.screens.task_pane import COPIES_WHOLE, TaskPane
from cortensor_tui.dashboard.widgets.report import Report
from cortensor_tui.domain.tasks import TaskKey


class TaskPanel(Panel[None]):
    """What the tasks' own place shows of a task, over the place that it was opened from."""

    DEFAULT_CSS = """
    TaskPanel > #panel { height: 100%; width: 100%; max-width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", "Verify", id="tasks.verify", tooltip="Prove it on chain"),
        Binding("Y", "copy_whole", "Copy whole", show=False, id="tasks.copy_whole", tooltip=COPIES_WHOLE),
        Binding("y", "app.copy", "Copy", show=False, id="panel.copy", tooltip="Copy what the cursor is on"),
        Binding("p", "app.reveal", "Private", show=False, id="panel.reveal", tooltip="Private texts"),
    ]
    PANEL_HINT = "enter opens   v verify   y, Y copy   esc back"

    def __init__(self, key: TaskKey) -> None:
        super().__init__()
        self._key = key

    def compose_panel(self) -> ComposeResult:
        """Yield the task."""
        yield TaskPane(id="task")

    def on_mount(self) -> None:
        """Show the task as it is known."""
        self.take(self.dashboard.feed_state)
        self.query_one(Report).focus()

    def take(self, state: FeedState) -> None:
        """Bring the task up to date."""
        self.query_one(TaskPane).show(self._key, state)

    def action_verify(self) -> None:
        """Prove the task against the chain."""
        self.query_one(TaskPane).verify()

    def action_copy_whole(self) -> None:
        """Copy the answer, or the prompt where the cursor is on it, however long."""
        self.query_one(TaskPane).copy_whole()

    def copy_text(self) -> tuple[str, str] | None:
        """Return what the cursor is on, else the answer's hash or the task's number."""
        return self.query_one(TaskPane).copy_text()

    def private_texts(self) -> PrivateTexts | None:
        """Return what `p` does here."""
        return texts_of_task(self.query_one(TaskPane).task_in_sight)
