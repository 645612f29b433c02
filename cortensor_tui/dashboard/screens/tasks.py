"""All tasks the node tells of."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.cells import line
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present import details, tables
from cortensor_tui.dashboard.screens.base import Watching
from cortensor_tui.dashboard.screens.detail import DetailScreen
from cortensor_tui.dashboard.widgets.key_bar import KeyBar
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.text_lines import Heading

NO_TASKS = "No tasks yet. Submit a prompt to a session of yours with s on the main screen."


class TasksScreen(Watching):
    """A list; enter opens one task with its full answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Details", id="tasks.open", tooltip="Prompt, answer and steps of the task"),
        Binding("escape,t", "leave", "Back", id="tasks.back", tooltip="Back to the main screen"),
    ]

    def compose(self) -> ComposeResult:
        """Yield the list under its title."""
        yield Heading("Tasks")
        yield LineTable(tables.TASK_COLUMNS, NO_TASKS, id="tasks")
        yield KeyBar()

    def on_mount(self) -> None:
        """Show what is known."""
        table = self.query_one(LineTable)
        table.styles.height = "1fr"
        table.focus()
        self.take(self.dashboard.feed_state)

    def take(self, state: FeedState) -> None:
        """Show the newest state."""
        if state.view is None:
            return
        self.query_one(LineTable).show(tables.task_rows(state.view, self.dashboard.now()))
        self.query_one(Heading).say(line((_counted(len(state.view.tasks)), "muted")))

    def tick(self) -> None:
        """Move the ages on."""
        self.take(self.dashboard.feed_state)

    def copy_text(self) -> tuple[str, str] | None:
        """Return the answer's hash, or the task's number before there is one."""
        row = self.query_one(LineTable).current
        return (row.copy, "answer's hash" if row.copy.startswith("0x") else "task's number") if row else None

    def action_open(self) -> None:
        """Open the task under the cursor."""
        self.query_one(LineTable).action_open()

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()

    @on(LineTable.Opened)
    def _open_task(self, event: LineTable.Opened) -> None:
        def content(state: FeedState) -> details.Details | None:
            if state.view is None:
                return None
            found = next((task for task in state.view.tasks if str(task.key) == event.key), None)
            return details.task_details(found, state.view.transactions) if found else None

        row = event.table.current
        self.app.push_screen(DetailScreen(f"Task {event.key}", content, copy=row.copy if row else ""))


def _counted(count: int) -> str:
    return "1 task " if count == 1 else f"{count} tasks, newest first "
