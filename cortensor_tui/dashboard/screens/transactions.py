"""Transactions: a list by time or of one task, and one of them in full."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.cells import Line, Span
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.history_pages import TransactionPages
from cortensor_tui.dashboard.present import transaction_rows
from cortensor_tui.dashboard.present.export_rows import ExportRow, exported_transaction
from cortensor_tui.dashboard.present.private import PrivateTexts, texts_of_transaction
from cortensor_tui.dashboard.screens.history_screen import HistoryScreen
from cortensor_tui.dashboard.screens.transaction_acts import ActsOnTransaction
from cortensor_tui.dashboard.screens.transaction_pane import TransactionPane
from cortensor_tui.dashboard.sorting import Sorted
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.line_table import Row
from cortensor_tui.dashboard.widgets.report import Report
from cortensor_tui.domain.list_orders import TransactionOrder
from cortensor_tui.domain.transaction_filter import parse_transactions
from cortensor_tui.domain.transactions import Transaction


class TransactionsScreen(HistoryScreen, ActsOnTransaction):
    """What was signed, sent and mined; `T` leaves only those of one task."""

    PLACE = "transactions"
    LIST_TITLE = "Transactions"
    COLUMNS = transaction_rows.COLUMNS
    EMPTY = "No transactions yet. They appear as the node answers tasks."
    NONE_MATCH = "No transaction matches this filter. Press esc to clear it."
    FILTER_HINT = "task:7/12  session:7  kind:commit  pending  failed  0x7515"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("T", "of_task", "Of its task", id="transactions.of_task", tooltip="Only of this task"),
    ]

    def compose_detail(self) -> ComposeResult:
        """Yield the transaction."""
        yield TransactionPane(id="transaction")

    def pages_of(self, text: str) -> TransactionPages:
        """Return the transactions that a filter wants."""
        return TransactionPages(
            wanted=parse_transactions(text), order=self.sorting.order, is_rising=self.sorting.is_rising
        )

    def first_sorting(self) -> Sorted[TransactionOrder]:
        """Return the newest first."""
        return Sorted(transaction_rows.SORTINGS)

    def export_row(self, item: Transaction) -> ExportRow:
        """Return a transaction as a row of a file."""
        is_private = texts_of_transaction(item, self.state.view) is not None
        return exported_transaction(item, is_private=is_private)

    def row_of(self, item: Transaction) -> Row:
        """Return a transaction as a row."""
        return transaction_rows.transaction_row(item, self.sight, self.chain_sight)

    def newest_of(self, item: Transaction, view: NodeView) -> Transaction | None:
        """Return the transaction as the feed has it now."""
        return view.transaction(item.transaction_id)

    def keys_of(self, view: NodeView) -> set[int]:
        """Return the transactions that the feed knows."""
        return {one.transaction_id for one in view.transactions}

    def show_item(self, item: Transaction | None, state: FeedState) -> None:
        """Show a transaction in full."""
        self.query_one(TransactionPane).show(item, state)

    def remark(self, view: NodeView) -> Line:
        """Return how many are under way, before what the list says of itself."""
        if self.chain_sight.is_past:
            return super().remark(view)
        pending = sum(1 for one in view.transactions if not one.state.is_final)
        if view.status.past is not None:  # what has become of them is not known
            return super().remark(view)
        return (Span(f"{pending} pending · " if pending else "", "accent"), *super().remark(view))

    def action_of_task(self) -> None:
        """Leave only the transactions of the task under the cursor."""
        if self.chosen is None or self.chosen.task_key is None:
            self.notify("This transaction belongs to no task.", markup=False, timeout=3)
        else:
            self.set_filter(f"task:{self.chosen.task_key}")

    def chosen_session(self) -> int | None:
        """Return the session of the transaction under the cursor."""
        return self.chosen.session_id if self.chosen is not None else None

    def transaction_in_sight(self) -> Transaction | None:
        """Return the transaction that is read, or under the cursor."""
        one: Transaction | None = self.chosen
        return one

    def copy_text(self) -> tuple[str, str] | None:
        """Return what the cursor is on in the detail, else the hash."""
        if isinstance(self.focused, Report):
            return self.query_one(TransactionPane).copy_text()
        return None if self.chosen is None else (self.chosen.hash, "hash")

    def private_texts(self) -> PrivateTexts | None:
        """Return what `p` does for the transaction under the cursor."""
        return texts_of_transaction(self.chosen, self.state.view)
