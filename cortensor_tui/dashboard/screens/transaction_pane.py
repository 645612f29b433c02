"""One transaction in full."""

from __future__ import annotations

from typing import cast

from textual.app import ComposeResult
from textual.containers import Vertical

from cortensor_tui.dashboard.cells import Line, Span
from cortensor_tui.dashboard.desk import Desk
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.transaction_report import report_lines
from cortensor_tui.dashboard.widgets.scrolling import ScrolledLines
from cortensor_tui.dashboard.widgets.text_lines import Heading
from cortensor_tui.domain.transactions import Transaction

NONE_CHOSEN = "No transaction is chosen."


class TransactionPane(Vertical):
    """The report of the transaction that `show` is given."""

    DEFAULT_CSS = """
    TransactionPane { height: 1fr; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._one: Transaction | None = None
        self._explorer = ""

    def compose(self) -> ComposeResult:
        """Yield the report under its title."""
        yield Heading("Transaction")
        yield ScrolledLines(self._lines, id="report")

    def show(self, one: Transaction | None, state: FeedState) -> None:
        """Show a transaction as it is known now, None where there is none."""
        before, self._one = self._one, one
        if before is None or one is None or before.transaction_id != one.transaction_id:
            self.query_one(ScrolledLines).start_over()
        self._explorer = state.view.status.chain.explorer if state.view is not None else ""
        self.query_one(ScrolledLines).redraw()

    def _lines(self, width: int) -> list[Line]:
        if self._one is None:
            return [(Span(f" {NONE_CHOSEN}", "muted"),)]
        return report_lines(self._one, self._explorer, cast(Desk, self.app).now(), width)
