"""All sessions the node tells of."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from cortensor_tui.dashboard.cells import line
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present import tables
from cortensor_tui.dashboard.screens.detail import open_session
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.text_lines import Heading

NO_SESSIONS = "No sessions yet. Press n to create one, or bind this node to one with a."
NOT_READ = "Unknown until the chain is read."


class SessionsScreen(PlaceScreen):
    """A list; enter opens one session with all its fields."""

    PLACE = "sessions"

    def compose_place(self) -> ComposeResult:
        """Yield the list under its title."""
        yield Heading("Sessions")
        yield LineTable(tables.SESSION_COLUMNS, NO_SESSIONS, id="sessions")

    def on_mount(self) -> None:
        """Start in the list."""
        self.query_one(LineTable).focus()

    def chosen_session(self) -> int | None:
        """Return the session under the cursor."""
        row = self.query_one(LineTable).current
        return int(row.key) if row else None

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Show the newest sessions."""
        is_read = view.status.chain.head_number is not None
        self.query_one(LineTable).show(tables.session_rows(view), NO_SESSIONS if is_read else NOT_READ)
        served = sum(1 for one in view.sessions if one.service.value == "served")
        remark = f"{served} of {len(view.sessions)} served" if is_read else "unknown, the chain is not read"
        self.query_one(Heading).say(line((remark, "muted")))

    @on(LineTable.Opened)
    def _open(self, event: LineTable.Opened) -> None:
        open_session(self.app, int(event.key))
