"""One session in full, over the place it was opened from."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.private import PrivateTexts
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.screens.session_acts import ActsOnSession
from cortensor_tui.dashboard.screens.session_pane import SessionPane


class SessionPanel(Panel[None], ActsOnSession):
    """Where there is no room beside the list: the same, in a box."""

    DEFAULT_CSS = """
    SessionPanel > #panel { height: 100%; max-width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "app.copy", "Copy", id="session.copy", tooltip="Copy the value under the cursor"),
        Binding("p", "app.reveal", "Private", show=False, id="session.reveal", tooltip="Show private texts"),
    ]
    PANEL_HINT = "j/k move   y copy   enter open   e change   esc back"

    def __init__(self, session_id: int) -> None:
        self.PANEL_TITLE = f"Session {session_id}"
        super().__init__()
        self._session_id = session_id

    def compose_panel(self) -> ComposeResult:
        """Yield the session."""
        yield SessionPane(self.dashboard, id="session")

    def on_mount(self) -> None:
        """Read it."""
        pane = self.query_one(SessionPane)
        pane.point_at(self._session_id)
        pane.entries.focus()

    def take(self, state: FeedState) -> None:
        """Show the newest state."""
        self.query_one(SessionPane).take(state)

    def move_ages(self) -> None:
        """Move the ages on."""
        self.take(self.dashboard.feed_state)

    def chosen_session(self) -> int | None:
        """Return the session shown."""
        return self._session_id

    def private_texts(self) -> PrivateTexts | None:
        """Return what `p` does here."""
        return self.query_one(SessionPane).private_texts()

    def copy_text(self) -> tuple[str, str] | None:
        """Return the value under the cursor."""
        entry = self.query_one(SessionPane).entries.current
        return (entry.copy, entry.copy_name) if entry and entry.copy else None
