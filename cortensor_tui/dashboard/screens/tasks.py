"""The newest tasks of the node."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from cortensor_tui.dashboard.cells import line
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present import tables
from cortensor_tui.dashboard.present.private import PrivateTexts, texts_of_task
from cortensor_tui.dashboard.screens.detail import open_task
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.text_lines import Heading

NO_TASKS = "No tasks yet. Press s to submit a prompt to a session of yours."


class TasksScreen(PlaceScreen):
    """A list; enter opens one task with its full answer."""

    PLACE = "tasks"

    def compose_place(self) -> ComposeResult:
        """Yield the list under its title."""
        yield Heading("Tasks")
        yield LineTable(tables.TASK_COLUMNS, NO_TASKS, id="tasks")

    def on_mount(self) -> None:
        """Start in the list."""
        self.query_one(LineTable).focus()

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Show the newest tasks."""
        self.query_one(LineTable).show(tables.task_rows(view, self.dashboard.now()))
        self.query_one(Heading).say(line((_counted(len(view.tasks)), "muted")))

    def copy_text(self) -> tuple[str, str] | None:
        """Return the answer's hash, or the task's number before there is one."""
        row = self.query_one(LineTable).current
        return (row.copy, "answer's hash" if row.copy.startswith("0x") else "task's number") if row else None

    def private_texts(self) -> PrivateTexts | None:
        """Return what `p` does for the task under the cursor."""
        row, view = self.query_one(LineTable).current, self.state.view
        if row is None or view is None:
            return None
        return texts_of_task(next((task for task in view.tasks if str(task.key) == row.key), None))

    @on(LineTable.Opened)
    def _open(self, event: LineTable.Opened) -> None:
        row = event.table.current
        open_task(self.app, event.key, row.copy if row else "")


def _counted(count: int) -> str:
    return "1 task " if count == 1 else f"{count} tasks, newest first "
