"""The chain, its endpoints and contracts as the node sees them."""

from __future__ import annotations

from textual.app import ComposeResult

from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.details import network_details
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.document import Document
from cortensor_tui.dashboard.widgets.text_lines import Heading


class NetworkScreen(PlaceScreen):
    """Labelled values; scrolls where they do not fit."""

    PLACE = "network"

    def compose_place(self) -> ComposeResult:
        """Yield the values under their title."""
        yield Heading("Network")
        yield Document(id="document")

    def on_mount(self) -> None:
        """Let the keys scroll."""
        self.query_one(Document).focus()

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Show the newest values."""
        self.query_one(Document).show(network_details(view.status.chain))
