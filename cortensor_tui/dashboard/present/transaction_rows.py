"""Transactions as rows of their own place: what for, how it went, how long it waited, what it cost."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Span
from cortensor_tui.dashboard.format import UNKNOWN, cost, number, rough_age, short_hash
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.tables import transaction_span
from cortensor_tui.dashboard.present.timeline import seconds
from cortensor_tui.dashboard.sorting import Sorting
from cortensor_tui.dashboard.widgets.line_table import Column, Row
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.list_orders import TransactionOrder
from cortensor_tui.domain.transactions import Transaction

COLUMNS = (
    Column("age", 6, is_right=True),
    Column("stage", 14),
    Column("task", 8),
    Column("wait", 9, rank=1, is_right=True),
    Column("fee", 15, rank=3, is_right=True),
    Column("nonce", 5, rank=4, is_right=True),
    Column("hash", 11, rank=2),
    Column("block", 8, rank=5, is_right=True),
    Column("gas", 10, rank=6, is_right=True),
    Column("state", 11, share=1),
)
SORTINGS = (
    Sorting(TransactionOrder.NEWEST, "age", "newest first", "oldest first", is_falling_shown=False),
    Sorting(TransactionOrder.WAIT, "wait", "longest wait first", "shortest wait first"),
    Sorting(TransactionOrder.FEE, "fee", "highest fee first", "lowest fee first"),
)


def transaction_row(one: Transaction, sight: Sight, on_chain: Sight) -> Row:
    """Return one transaction; its state is what the chain last told."""
    subject = one.task_key or one.session_id
    state = transaction_span(one, on_chain)
    note = one.error or one.waiting_for
    cells = (
        Span(rough_age(one.at, sight.now), "muted"),
        Span(str(one.kind)),
        Span(UNKNOWN if subject is None else str(subject), "plain" if one.task_key else "muted"),
        _wait(one, sight),
        Span(cost(one.fee_wei, 7), "muted"),
        Span(str(one.nonce), "muted"),
        Span(short_hash(one.hash)),
        Span(number(one.block_number), "muted"),
        Span(number(one.gas_used), "muted"),
        Span(f"{state.text}: {inert(note, 200)}" if note else state.text, state.role),
    )
    return Row(str(one.transaction_id), cells, copy=one.hash)


def _wait(one: Transaction, sight: Sight) -> Span:
    """Return how long it took from sent to mined; in steps of ten seconds while it waits still."""
    if one.mined_at is not None and one.sent_at is not None:
        return Span(seconds(one.mined_at - one.sent_at))
    if one.state.is_final:
        return Span(UNKNOWN, "muted")
    return Span(f"{rough_age(one.created_at, sight.at)} …", "muted" if sight.is_past else "accent")
