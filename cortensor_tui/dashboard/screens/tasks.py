"""Tasks: a list with their ways, and one of them in full."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.cells import Line, width_of
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.history_pages import TaskPages
from cortensor_tui.dashboard.present import task_rows
from cortensor_tui.dashboard.present.export_rows import ExportRow, exported_task
from cortensor_tui.dashboard.present.private import PrivateTexts, texts_of_task
from cortensor_tui.dashboard.present.task_report import copied
from cortensor_tui.dashboard.present.timeline import legend
from cortensor_tui.dashboard.screens.exporting import EXPORTED_TEXT_CHARS
from cortensor_tui.dashboard.screens.history_screen import HistoryScreen
from cortensor_tui.dashboard.screens.task_pane import COPIES_WHOLE, TaskPane
from cortensor_tui.dashboard.sorting import Sorted
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.line_table import Row
from cortensor_tui.dashboard.widgets.report import Report
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.list_orders import TaskOrder
from cortensor_tui.domain.task_filter_text import parse
from cortensor_tui.domain.tasks import TaskKey, TaskView


class TasksScreen(HistoryScreen):
    """The tasks of the node; `v` proves one against the chain."""

    PLACE = "tasks"
    LIST_TITLE = "Tasks"
    COLUMNS = task_rows.COLUMNS
    EMPTY = "No tasks yet. Press s to submit a prompt to a session of yours."
    NONE_MATCH = "No task matches this filter. Press esc to clear it."
    FILTER_HINT = "stage:ended  session:7  age<1h  took>5s  tokens>100  missed  open  word"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", "Verify", id="tasks.verify", tooltip="Prove it on chain"),
        Binding("Y", "copy_whole", "Copy whole", show=False, id="tasks.copy_whole", tooltip=COPIES_WHOLE),
    ]

    def compose_below(self) -> ComposeResult:
        """Yield what the signs of the bars mean."""
        yield TextLines(self._legend, id="legend")

    def compose_detail(self) -> ComposeResult:
        """Yield the task."""
        yield TaskPane(id="task")

    def pages_of(self, text: str) -> TaskPages:
        """Return the tasks that a filter wants."""
        return TaskPages(parse(text), self.sorting.order, self.sorting.is_rising)

    def first_sorting(self) -> Sorted[TaskOrder]:
        """Return the newest first."""
        return Sorted(task_rows.SORTINGS)

    def exported_list(self) -> tuple[str, TaskPages]:
        """Return the list in sight, with texts that are worth keeping."""
        pages = self.pages_of(self.filter_text)
        return self.PLACE, msgspec.structs.replace(pages, text_chars=EXPORTED_TEXT_CHARS)

    def export_row(self, item: TaskView) -> ExportRow:
        """Return a task as a row of a file."""
        return exported_task(item)

    def row_of(self, item: TaskView) -> Row:
        """Return a task as a row."""
        return task_rows.task_row(item, self.sight, self.chain_sight, is_watched=self._is_watched)

    def newest_of(self, item: TaskView, view: NodeView) -> TaskView | None:
        """Return the task as the feed has it now."""
        return view.task(item.key)

    def keys_of(self, view: NodeView) -> set[TaskKey]:
        """Return the tasks that the feed knows."""
        return {task.key for task in view.tasks}

    def show_item(self, item: TaskView | None, state: FeedState) -> None:
        """Show a task in full."""
        self.query_one(TaskPane).show(item.key if item else None, state, item)

    def action_copy_whole(self) -> None:
        """Copy the answer, or the prompt where the cursor is on it, however long."""
        pane = self.query_one(TaskPane)
        if self.chosen is not None:
            pane.show(self.chosen.key, self.state, self.chosen)
        pane.copy_whole()

    def action_verify(self) -> None:
        """Prove the task against the chain, and show it."""
        if self.chosen is not None:
            self.open_detail()
            self.query_one(TaskPane).verify()

    def chosen_session(self) -> int | None:
        """Return the session of the task under the cursor."""
        return self.chosen.key.session_id if self.chosen is not None else None

    def copy_text(self) -> tuple[str, str] | None:
        """Return what the cursor is on in the detail, else the answer's hash, or the task's number."""
        if isinstance(self.focused, Report):
            return self.query_one(TaskPane).copy_text()
        return None if self.chosen is None else copied(self.chosen)

    def private_texts(self) -> PrivateTexts | None:
        """Return what `p` does for the task under the cursor."""
        return texts_of_task(self.chosen)

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Show the list, and the signs of such a node's bars."""
        super().show_view(state, view)
        self.query_one("#legend", TextLines).redraw()

    @property
    def _is_watched(self) -> bool:
        view = self.dashboard.view
        return view is not None and view.status.is_watching

    def _legend(self, width: int) -> list[Line]:
        """Return what the signs mean, nothing where there is no room for the bars either."""
        signs = legend(is_watched=self._is_watched)
        return [signs] if width >= width_of(signs) else []
