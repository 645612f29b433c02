"""Tasks: a list with their ways, and one of them in full."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from cortensor_tui.dashboard.cells import Line, Span
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present import task_rows
from cortensor_tui.dashboard.present.private import PrivateTexts, texts_of_task
from cortensor_tui.dashboard.present.task_report import copied
from cortensor_tui.dashboard.present.timeline import legend
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.screens.reading import open_texts
from cortensor_tui.dashboard.screens.task_pane import TaskPane
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.filter_line import FilterLine
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.scrolling import ScrolledLines
from cortensor_tui.dashboard.widgets.text_lines import Heading, TextLines
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.task_filter import TaskFilter
from cortensor_tui.domain.task_filter_text import parse
from cortensor_tui.domain.tasks import TaskView
from cortensor_tui.node.history_messages import MOST_LISTED, Count, GetTasks, Tasks

NO_TASKS = "No tasks yet. Press s to submit a prompt to a session of yours."
NONE_MATCH = "No task matches this filter. Press esc to clear it."
READING = "Reading the tasks …"
FILTER_HINT = "stage:ended  session:7  age<1h  took>5s  tokens>100  missed  open  word"
_LISTED_CHARS = 300


class TasksScreen(PlaceScreen):
    """The list follows the newest unless it is frozen; enter opens one task, on wide screens beside it."""

    PLACE = "tasks"
    DEFAULT_CSS = """
    TasksScreen {
        & #task-panes { height: 1fr; }
        & #task-list { width: 1fr; height: 1fr; & > LineTable { height: 1fr; } & > #legend { height: 1; } }
        & #task { display: none; }
        &.-reading { & #task { display: block; } & #task-list { display: none; } }
        &.-wide {
            & #task-list { display: block; width: 56%; }
            & #task { display: block; width: 1fr; margin-left: 2; }
        }
        &.-flat #legend { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", id="tasks.filter", tooltip="Filter the list"),
        Binding("f", "freeze", "Freeze", id="tasks.freeze", tooltip="Freeze or follow"),
        Binding("v", "verify", "Verify", id="tasks.verify", tooltip="Prove it on chain"),
        Binding("enter", "read", "Read on", show=False, id="tasks.read", tooltip="Read texts whole"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._filter = TaskFilter()
        self._page: dict[str, TaskView] | None = None
        self._count: Count | None = None
        self._problem: Problem | None = None
        self._frozen: FeedState | None = None
        self._snapshots = -1
        self._known: dict[str, TaskView] = {}
        self._opened: TaskView | None = None

    def compose_place(self) -> ComposeResult:
        """Yield the list, and the task beside or in place of it."""
        with Horizontal(id="task-panes"):
            with Vertical(id="task-list"):
                yield Heading("Tasks")
                yield LineTable(task_rows.COLUMNS, READING, id="tasks")
                yield TextLines(lambda _: [legend()], id="legend")
                yield FilterLine(parse, FILTER_HINT)
            yield TaskPane(id="task")

    def on_mount(self) -> None:
        """Start in the list."""
        super().on_mount()
        self.query_one(LineTable).focus()

    # --- the list --------------------------------------------------------------------------------

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Bring list and task up to date, the list unless it is frozen."""
        if state.snapshots != self._snapshots:
            self._snapshots = state.snapshots
            self._frozen = None  # what was seen then may be hidden now
            self._ask()
        listed = (self._frozen or state).view or view
        self._known = self._matching(listed)
        now = self.dashboard.now()
        rows = [task_rows.task_row(task, now) for task in self._known.values()]
        self.query_one(LineTable).show(rows, self._empty)
        self.query_one("#task-list > Heading", Heading).say(self._remark(view))
        self._show_task(state)

    def _matching(self, view: NodeView) -> dict[str, TaskView]:
        """Return the tasks wanted, newest first: those that were asked for, and what the feed tells since."""
        now = self.dashboard.now()
        told = {str(task.key): task for task in view.tasks}
        found = [
            task
            for key, task in ((self._page or {}) | told).items()
            if key not in told or self._filter.matches(task, now)
        ]
        found.sort(key=lambda task: (task.assigned_at or 0.0, task.key), reverse=True)
        return {str(task.key): task for task in found}

    @property
    def _empty(self) -> str:
        """Return what stands in place of the rows where there are none."""
        if self._problem is not None:
            return self._problem.sentence()
        if self._page is None:
            return READING
        return NONE_MATCH if self._filter.terms else NO_TASKS

    def _remark(self, view: NodeView) -> Line:
        if self._frozen is not None:
            held = len(self._frozen.view.tasks) if self._frozen.view is not None else 0
            new = sum(1 for task in view.tasks if str(task.key) not in self._known) if held else 0
            return (Span(f"frozen · {new} new · f follows", "warn"),)
        if self._problem is not None:
            return (Span(f"✖ {inert(self._problem.what, 200)}", "bad"),)
        number, is_more = (self._count.number, self._count.is_more) if self._count else (0, False)
        shown = len(self._known)
        many = f"{max(number, shown):,}{' or more' if is_more else ''}"
        of = f"{shown} of {many}, newest first" if number > shown else f"{shown}, newest first"
        return (Span("filtered · " if self._filter.terms else "", "accent"), Span(of, "muted"))

    def _ask(self) -> None:
        self.run_worker(self._load(), group="tasks", exclusive=True)

    async def _load(self) -> None:
        wanted = self._filter
        body = GetTasks(filter=wanted, limit=MOST_LISTED, text_chars=_LISTED_CHARS, wants_count=True)
        try:
            reply = await self.dashboard.request(body)
        except ProblemError as error:
            self._problem = error.problem
        else:
            if isinstance(reply, Tasks):
                self._problem, self._count = None, reply.count
                self._page = {str(task.key): task for task in reply.tasks}
        self.take(self.state)

    @on(FilterLine.Wanted)
    def _on_filter(self, event: FilterLine.Wanted) -> None:
        self._filter = parse(event.text)
        self._page, self._count, self._problem = None, None, None
        self._ask()
        self.take(self.state)

    @on(FilterLine.Left)
    def _on_filter_left(self) -> None:
        self.query_one(LineTable).focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterLine).open()

    def action_freeze(self) -> None:
        """Keep the list as it is, or follow what comes again."""
        self._frozen = None if self._frozen is not None else self.state
        self.take(self.state)

    # --- one task --------------------------------------------------------------------------------

    @property
    def _chosen(self) -> TaskView | None:
        """Return the task that is read, else the one under the cursor."""
        if self._opened is not None:
            return self._known.get(str(self._opened.key), self._opened)
        row = self.query_one(LineTable).current
        return None if row is None else self._known.get(row.key)

    def _show_task(self, state: FeedState) -> None:
        if self.has_class("-wide") or self.has_class("-reading"):
            chosen = self._chosen
            self.query_one(TaskPane).show(chosen.key if chosen else None, state, chosen)

    @on(LineTable.Moved)
    def _on_moved(self) -> None:
        self._opened = None
        self._show_task(self.state)

    @on(LineTable.Opened)
    def _on_opened(self) -> None:
        self._opened = self._chosen  # the cursor may follow what is newest; what is read stays
        self.add_class("-reading")
        self._show_task(self.state)
        self.query_one(ScrolledLines).focus()

    def _close(self) -> None:
        self._opened = None
        self.remove_class("-reading")
        self._show_task(self.state)

    def on_resize(self) -> None:
        """Show the task where there is room for it now."""
        self.take(self.state)

    def action_read(self) -> None:
        """Read the texts of the task whole."""
        open_texts(self.app, self.query_one(TaskPane).task_in_sight)

    def action_verify(self) -> None:
        """Prove the task against the chain, and show it."""
        if self._chosen is not None:
            self._on_opened()
            self.query_one(TaskPane).verify()

    def action_go_back(self) -> None:
        """Leave the task, then the filter, then the place."""
        if self.has_class("-reading"):
            self._close()
            self.query_one(LineTable).focus()
        elif self.query_one(FilterLine).text:
            self.query_one(FilterLine).set_text("")
        else:
            super().action_go_back()

    def chosen_session(self) -> int | None:
        """Return the session of the task under the cursor."""
        return self._chosen.key.session_id if self._chosen is not None else None

    def copy_text(self) -> tuple[str, str] | None:
        """Return the answer's hash, or the task's number before there is one."""
        return None if self._chosen is None else copied(self._chosen)

    def private_texts(self) -> PrivateTexts | None:
        """Return what `p` does for the task under the cursor."""
        return texts_of_task(self._chosen)
