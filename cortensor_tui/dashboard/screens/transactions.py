"""The newest transactions of the node."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from cortensor_tui.dashboard.cells import line
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present import tables
from cortensor_tui.dashboard.screens.detail import open_transaction
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.text_lines import Heading

NO_TRANSACTIONS = "No transactions yet. They appear as the node answers tasks."
NOT_READ = "Unknown until the chain is read."


class TransactionsScreen(PlaceScreen):
    """A list; enter opens one transaction with its attempts."""

    PLACE = "transactions"

    def compose_place(self) -> ComposeResult:
        """Yield the list under its title."""
        yield Heading("Transactions")
        yield LineTable(tables.TRANSACTION_COLUMNS, NO_TRANSACTIONS, id="transactions")

    def on_mount(self) -> None:
        """Start in the list."""
        self.query_one(LineTable).focus()

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Show the newest transactions."""
        is_read = view.status.chain.head_number is not None
        rows = tables.transaction_rows(view, self.dashboard.now())
        self.query_one(LineTable).show(rows, NO_TRANSACTIONS if is_read else NOT_READ)
        waiting = sum(1 for one in view.transactions if not one.state.is_final)
        remark = f"{waiting} pending" if waiting else "none pending"
        self.query_one(Heading).say(line((remark, "accent" if waiting else "muted")))

    @on(LineTable.Opened)
    def _open(self, event: LineTable.Opened) -> None:
        row = event.table.current
        open_transaction(self.app, int(event.key), row.copy if row else "")
