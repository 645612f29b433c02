"""All sessions the node tells of, and beside them the one under the cursor in full."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize

from cortensor_tui.dashboard.cells import Line, Span, line
from cortensor_tui.dashboard.export_file import ExportFile
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present import session_table
from cortensor_tui.dashboard.present.export_rows import exported_session
from cortensor_tui.dashboard.present.freshness import Sight, as_it_was
from cortensor_tui.dashboard.present.private import PrivateTexts, texts_of_session
from cortensor_tui.dashboard.present.session_table import SortedSessions
from cortensor_tui.dashboard.present.tables import MINE, OWNED, served_count
from cortensor_tui.dashboard.screens.exporting import Exporting
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.screens.session_acts import ActsOnSession
from cortensor_tui.dashboard.screens.session_pane import SessionPane
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.entry_list import EntryList
from cortensor_tui.dashboard.widgets.filter_line import FilterLine
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.text_lines import Heading
from cortensor_tui.domain.session_filter import SessionFilter, parse_session_filter
from cortensor_tui.domain.sessions import SessionView

NO_SESSIONS = "No sessions yet. Press n to create one, or bind this node to one with a."
NOT_READ = "Unknown until the chain is read. 5 shows how its endpoints stand."
NONE_MATCHES = "No session matches the filter. Press / and then escape to see all again."
WATCHING_HINT = "owned  watched  inactive  mode:dedicated  owner:0x…  id:7  words"
FILTER_HINT = "mine  served  refused  inactive  mode:dedicated  owner:0x…  id:7  words"


class SessionsScreen(PlaceScreen, ActsOnSession, Exporting):
    """A list; where there is room the session under the cursor is shown beside it, else enter opens it."""

    PLACE = "sessions"
    DEFAULT_CSS = """
    SessionsScreen {
        & #list { height: 1fr; & > LineTable { height: 1fr; } }
        & #session { display: none; }
        &.-normal, &.-wide {
            & #list { width: 46%; }
            & #session { display: block; width: 1fr; margin-left: 1; }
        }
        &.-wide #list { width: 42%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash", "filter", "Filter", key_display="/", id="sessions.filter", tooltip="Filter the list"
        ),
        Binding("S", "sort_next", "Sort", id="sessions.sort", tooltip="By the next column"),
        Binding(
            "R",
            "sort_reversed",
            "Reverse",
            show=False,
            id="sessions.reverse",
            tooltip="Other way round",
        ),
        Binding("escape", "leave", "Back", show=False, id="app.back", tooltip="Back one level"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._order = SortedSessions()
        self._wanted = SessionFilter()
        self._shown: tuple[tuple[SessionView, ...], SessionFilter, SortedSessions, bool, bool] | None = None

    def compose_place(self) -> ComposeResult:
        """Yield the list under its title, and the session beside it."""
        with Horizontal():
            with Vertical(id="list"):
                yield Heading("Sessions")
                yield LineTable(session_table.COLUMNS, NO_SESSIONS, id="sessions", keeps_row=True)
                yield FilterLine(parse_session_filter, FILTER_HINT)
            yield SessionPane(self.dashboard, id="session")

    def on_mount(self) -> None:
        """Start in the list."""
        self._table.focus()

    @property
    def _table(self) -> LineTable:
        return self.query_one("#sessions", LineTable)

    @property
    def _pane(self) -> SessionPane:
        return self.query_one(SessionPane)

    @property
    def _is_beside(self) -> bool:
        """Tell whether there is room for a session beside the list."""
        return self.has_class("-normal") or self.has_class("-wide")

    # --- what is shown ---------------------------------------------------------------------------

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Show the newest sessions; nothing is made anew while they, filter and order are the same."""
        sight = self.chain_sight
        is_read = session_table.are_known(view.status)
        wanted = (view.sessions, self._wanted, self._order, sight.is_past, is_read)
        if self._shown is None or any(old is not new for old, new in zip(self._shown, wanted, strict=True)):
            self._shown = wanted
            rows = session_table.session_rows(view.sessions, self._wanted, self._order, sight)
            empty = NONE_MATCHES if view.sessions else NO_SESSIONS
            if view.status.is_watching:
                self._table.rename(MINE, OWNED)
                self.query_one(FilterLine).say_hint(WATCHING_HINT)
            self._table.show_order(self._order.column, is_falling=self._order.is_falling)
            self._table.show(rows, empty if is_read else NOT_READ)
        self.query_one("#list Heading", Heading).say(self._remark(view, sight) if is_read else NOT_KNOWN)
        if self._is_beside:
            self._pane.point_at(self.chosen_session())
            self._pane.take(state)

    def _remark(self, view: NodeView, sight: Sight) -> Line:
        shown, known = self._table.row_count, len(view.sessions)
        served, word = served_count(view)
        counted = f"{shown:,} of {known:,}" if self._wanted.terms else f"{known:,}"
        if sight.is_past:
            return (Span(f"{counted}, ", "muted"), *as_it_was(sight))
        return line((f"{counted}, {served:,} {word}", "muted"))

    def chosen_session(self) -> int | None:
        """Return the session under the cursor."""
        row = self._table.current
        return int(row.key) if row else None

    def copy_text(self) -> tuple[str, str] | None:
        """Return the value under the cursor of the detail, or the session's id."""
        if isinstance(self.focused, EntryList):
            entry = self.focused.current
            return (entry.copy, entry.copy_name) if entry and entry.copy else None
        row = self._table.current
        return (row.copy, "session id") if row else None

    def private_texts(self) -> PrivateTexts | None:
        """Return what `p` does for the session under the cursor."""
        view, session_id = self.dashboard.view, self.chosen_session()
        return texts_of_session(view.session(session_id) if view and session_id is not None else None)

    def export_name(self) -> str:
        """Return what the list is called."""
        return "sessions"

    async def write_rows(self, file: ExportFile) -> bool:
        """Write the list as it is filtered and sorted; the node tells of a thousand or so, not of more."""
        view = self.dashboard.view
        wanted = filter(self._wanted.matches, view.sessions) if view is not None else ()
        for one in session_table.ordered(wanted, self._order):
            file.write(exported_session(one))
        return False

    # --- what the keys do ------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Open the filter line."""
        self.query_one(FilterLine).open()

    def action_sort_next(self) -> None:
        """Sort by the next column."""
        self._sort(self._order.next())

    def action_sort_reversed(self) -> None:
        """Sort the other way round."""
        self._sort(self._order.reversed())

    def _sort(self, order: SortedSessions) -> None:
        self._order = order
        self.take(self.state)

    def action_leave(self) -> None:
        """Leave the detail, then the filter, then the place."""
        if isinstance(self.focused, EntryList):
            self._table.focus()
        elif self._wanted.terms:
            self.query_one(FilterLine).set_text("")
        else:
            self.action_go_back()

    @on(FilterLine.Wanted)
    def _on_filter(self, event: FilterLine.Wanted) -> None:
        self._wanted = parse_session_filter(event.text)
        self.take(self.state)

    @on(FilterLine.Left)
    def _on_filter_left(self) -> None:
        self._table.focus()

    @on(LineTable.Moved)
    def _on_moved(self) -> None:
        if self._is_beside:
            self._pane.point_at(self.chosen_session())

    @on(LineTable.Opened)
    def _open(self, event: LineTable.Opened) -> None:
        if self._is_beside:
            self._pane.entries.focus()
        else:
            self._open_panel(int(event.key))

    def _open_panel(self, session_id: int) -> None:
        from cortensor_tui.dashboard.screens.session_panel import SessionPanel

        self.app.push_screen(SessionPanel(session_id))

    def on_resize(self, event: Resize) -> None:
        """Point the detail at the session under the cursor, should there be room for it now."""
        self.call_after_refresh(self.offer, self.state)


NOT_KNOWN: Line = line(("unknown, the chain is not read", "muted"))
