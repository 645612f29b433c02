"""One transaction in full, opened from another place."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.private import PrivateTexts, texts_of_transaction
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.screens.transaction_acts import ActsOnTransaction
from cortensor_tui.dashboard.screens.transaction_pane import TransactionPane
from cortensor_tui.dashboard.widgets.report import Report
from cortensor_tui.domain.transactions import Transaction


class TransactionPanel(Panel[None], ActsOnTransaction):
    """What the transactions' own place shows of one, over the place that it was opened from."""

    DEFAULT_CSS = """
    TransactionPanel > #panel { height: 100%; width: 100%; max-width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "app.copy", "Copy", show=False, id="panel.copy", tooltip="Copy what the cursor is on"),
        Binding("p", "app.reveal", "Private", show=False, id="panel.reveal", tooltip="Private texts"),
    ]
    PANEL_HINT = "enter opens   y copy   Y calldata   e link   esc back"

    def __init__(self, one: Transaction) -> None:
        super().__init__()
        self._one = one

    def compose_panel(self) -> ComposeResult:
        """Yield the transaction."""
        yield TransactionPane(id="transaction")

    def on_mount(self) -> None:
        """Show the transaction as it is known."""
        self.take(self.dashboard.feed_state)
        self.query_one(Report).focus()

    def take(self, state: FeedState) -> None:
        """Bring the transaction up to date, as long as the node tells of it."""
        newer = state.view.transaction(self._one.transaction_id) if state.view is not None else None
        self._one = newer or self._one
        self.query_one(TransactionPane).show(self._one, state)

    def transaction_in_sight(self) -> Transaction:
        """Return the transaction that is shown."""
        return self._one

    def copy_text(self) -> tuple[str, str] | None:
        """Return what the cursor is on, or the hash."""
        return self.query_one(TransactionPane).copy_text()

    def private_texts(self) -> PrivateTexts | None:
        """Return what `p` does here."""
        return texts_of_transaction(self._one, self.dashboard.view)
