"""One transaction in full: what the feed tells of it, and its call, which is asked of the node."""

from __future__ import annotations

import asyncio
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from cortensor_tui.dashboard.cells import Span
from cortensor_tui.dashboard.desk import Desk
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.call_lines import OPENS_CALL, ToldCall, whole_call
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.transaction_report import report_lines, task_opened
from cortensor_tui.dashboard.stops import ReportLine
from cortensor_tui.dashboard.widgets.report import Report
from cortensor_tui.dashboard.widgets.text_lines import Heading
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.node.call_messages import Call, GetCall

NONE_CHOSEN = "No transaction is chosen."
REST_S = 0.15
"""How long the cursor must rest on a transaction before the node is asked for its call."""


class TransactionPane(Vertical):
    """The report of the transaction that `show` is given."""

    DEFAULT_CSS = """
    TransactionPane { height: 1fr; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._shown = Report(self._lines, id="report")
        self._one: Transaction | None = None
        self._told = ToldCall()
        self._explorer = ""
        self._snapshots = -1

    def compose(self) -> ComposeResult:
        """Yield the report under its title."""
        yield Heading("Transaction")
        yield self._shown

    def show(self, one: Transaction | None, state: FeedState) -> None:
        """Show a transaction as it is known now, None where there is none."""
        before, self._one = self._one, one
        is_other = before is None or one is None or before.transaction_id != one.transaction_id
        if is_other:
            self._shown.start_over()
        if is_other or state.snapshots != self._snapshots:  # texts may be hidden or shown since
            self._snapshots, self._told = state.snapshots, ToldCall()
            self.workers.cancel_node(self)
            if one is not None:
                self.run_worker(self._load(one.transaction_id), group="call", exclusive=True)
        self._explorer = state.view.status.chain.explorer if state.view is not None else ""
        self._shown.redraw()

    def copy_text(self) -> tuple[str, str] | None:
        """Return what the cursor is on and what that is called, else the hash."""
        stop = self._shown.current
        if stop is not None and stop.copy:
            return stop.copy, stop.name
        return None if self._one is None else (self._one.hash, "hash")

    @on(Report.Opened)
    def _on_opened(self, event: Report.Opened) -> None:
        event.stop()
        key = task_opened(event.opens)
        if key is not None:
            self._desk.open_task(key)
        elif event.opens == OPENS_CALL and self._told.found is not None:
            from cortensor_tui.dashboard.screens.whole_text import WholeTextScreen

            self.app.push_screen(WholeTextScreen("Call", whole_call(self._told.found)))

    async def _load(self, transaction_id: int) -> None:
        await asyncio.sleep(REST_S)
        try:
            reply = await self._desk.request(GetCall(transaction_id=transaction_id))
        except ProblemError as error:
            self._told = ToldCall(problem=error.problem)
        else:
            self._told = ToldCall(found=reply if isinstance(reply, Call) else None)
        for report in self.query(Report):  # none is left while the screen is taken down
            report.redraw()

    @property
    def _desk(self) -> Desk:
        return cast(Desk, self.app)

    def _lines(self, width: int) -> list[ReportLine]:
        if self._one is None:
            return [(Span(f" {NONE_CHOSEN}", "muted"),)]
        sight = Sight.of_chain_in(self._desk.feed_state, self._desk.now())
        return report_lines(self._one, self._told, self._explorer, sight, width)
