"""One thing in full, kept up to date while it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.details import Detail, Details
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.widgets.document import Document

Content = Callable[[FeedState], Details | None]
_GONE = [Detail("", "The node no longer tells of this.", "muted")]


class DetailScreen(Panel[None]):
    """Labelled values in a box; scrolls where they do not fit."""

    DEFAULT_CSS = """
    DetailScreen > #panel { height: 90%; max-width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "app.copy", "Copy", id="detail.copy", tooltip="Copy the hash or id"),
    ]
    PANEL_HINT = "j/k scroll   y copy   esc back"

    def __init__(self, title: str, content: Content, copy: str = "") -> None:
        self.PANEL_TITLE = title
        super().__init__()
        self._content = content
        self._copy = copy
        self._snapshots = 0
        self._last: Details = list(_GONE)

    def compose_panel(self) -> ComposeResult:
        """Yield the document."""
        yield Document(id="document")

    def on_mount(self) -> None:
        """Show the first state."""
        self.take(self.dashboard.feed_state)
        self.query_one(Document).focus()

    def take(self, state: FeedState) -> None:
        """Show the newest state; what the node has forgotten stays as it was last seen.

        With a fresh snapshot it goes: texts may have been hidden since.
        """
        kept = self._last if state.snapshots == self._snapshots else list(_GONE)
        self._last, self._snapshots = self._content(state) or kept, state.snapshots
        self.query_one(Document).show(self._last)

    def copy_text(self) -> tuple[str, str] | None:
        """Return the thing's own hash or id."""
        return (self._copy, "value") if self._copy else None
