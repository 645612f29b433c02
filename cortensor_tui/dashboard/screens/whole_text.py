"""One text, whole, however long it is."""

from __future__ import annotations

from textual.app import ComposeResult

from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.widgets.pager import Pager


class WholeTextScreen(Panel[None]):
    """A text to be read; it closes when what may be seen has changed, since it may be private."""

    DEFAULT_CSS = """
    WholeTextScreen > #panel { height: 100%; width: 100%; max-width: 124; }
    """
    PANEL_HINT = "j/k scroll   esc back"

    def __init__(self, title: str, text: str) -> None:
        self.PANEL_TITLE = title
        super().__init__()
        self._text = text
        self._snapshots: int | None = None

    def compose_panel(self) -> ComposeResult:
        """Yield the text."""
        yield Pager(id="text")

    def on_mount(self) -> None:
        """Show the text."""
        self._snapshots = self.dashboard.feed_state.snapshots
        self.query_one(Pager).show(self._text)
        self.query_one(Pager).focus()

    def take(self, state: FeedState) -> None:
        """Close where the node has told all anew."""
        if self._snapshots not in (None, state.snapshots):
            self.dismiss(None)
