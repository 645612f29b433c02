"""Sessions, transactions and tasks as rows."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Span
from cortensor_tui.dashboard.format import UNKNOWN, cost, number, rough_age, short_hash
from cortensor_tui.dashboard.present.freshness import PRESENT, Sight
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.line_table import Column, Row
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.sessions import Service, SessionView
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.domain.transactions import Transaction, TransactionState

MINE, OWNED = "mine", "owns"
"""What the column of owners is called: where it is about oneself, and where an address is watched."""
SESSION_COLUMNS = (
    Column("id", 4, is_right=True),
    Column("name", 10, share=3),
    Column("mode", 9, rank=3),
    Column("state", 8, rank=4),
    Column("nodes", 5, rank=2, is_right=True),
    Column("tasks", 5, rank=1, is_right=True),
    Column(MINE, 4, rank=2),
    Column("this node", 11, share=2),
)
TRANSACTION_COLUMNS = (
    Column("age", 6, is_right=True),
    Column("stage", 14),
    Column("task", 8),
    Column("nonce", 5, rank=3, is_right=True),
    Column("hash", 11, rank=1),
    Column("gas", 10, rank=5, is_right=True),
    Column("block", 8, rank=4, is_right=True),
    Column("fee", 15, rank=2, is_right=True),
    Column("state", 11, share=1),
)
_SERVICE_LOOKS = {
    Service.SERVED: ("●", "good"),
    Service.NOT_BOUND: ("○", "muted"),
    Service.REFUSED: ("✖", "bad"),
    Service.INACTIVE: ("○", "muted"),
    Service.WATCHED: ("●", "accent"),
}
_TRANSACTION_LOOKS = {
    TransactionState.SIGNED: ("○ ", "muted"),
    TransactionState.SENT: ("▲ ", "accent"),
    TransactionState.UNKNOWN: ("? ", "warn"),
    TransactionState.MINED: ("● ", "good"),
    TransactionState.REVERTED: ("✖ ", "bad"),
    TransactionState.REJECTED: ("✖ ", "bad"),
    TransactionState.REPLACED: ("✖ ", "bad"),
}
_STAGE_LOOKS = {
    Stage.QUEUED: ("○ ", "muted"),
    Stage.ASSIGNED: ("▲ ", "accent"),
    Stage.ACKED: ("▲ ", "accent"),
    Stage.PRECOMMITTED: ("▲ ", "accent"),
    Stage.COMMITTED: ("▲ ", "accent"),
    Stage.ENDED: ("● ", "good"),
    Stage.MISSED: ("✖ ", "bad"),
}


def session_rows(view: NodeView, sight: Sight) -> list[Row]:
    """Return the sessions in the node's order."""
    return [session_row(one, sight) for one in view.sessions]


def session_row(view: SessionView, sight: Sight = PRESENT) -> Row:
    """Return a session as a row. A state that is not active has no name that is public."""
    session = view.session
    bound = len(session.dedicated_nodes) + len(session.ephemeral_nodes)
    quiet = "plain" if session.is_active else "muted"
    cells = (
        Span(str(session.session_id), quiet),
        Span(inert(session.name, 80) or "(no name)", quiet),
        Span(session.mode_name, quiet),
        Span("active" if session.is_active else "inactive", quiet),
        Span(f"{bound}/{session.max_nodes}", quiet),
        Span(number(view.task_count), quiet),
        _whose(view),
        service_span(view, sight),
    )
    return Row(str(session.session_id), cells, copy=str(session.session_id))


def _whose(view: SessionView) -> Span:
    """Return whether the session is the operator's own; under `OWNED`, that of the watched address."""
    if not view.is_mine:
        return Span(UNKNOWN, "muted")
    return Span("yes" if view.is_watched else view.whose, "accent")


def served_count(view: NodeView) -> tuple[int, str]:
    """Return how many sessions are served, or watched by a node that only watches, and the word for it."""
    service = Service.WATCHED if view.status.is_watching else Service.SERVED
    return sum(1 for one in view.sessions if one.service is service), service.value


def service_span(view: SessionView, sight: Sight = PRESENT) -> Span:
    """Return what the node does with a session, and why where it does not serve it."""
    mark, role = _SERVICE_LOOKS[view.service]
    says_all = view.service in (Service.SERVED, Service.NOT_BOUND, Service.WATCHED, Service.INACTIVE)
    reason = "" if says_all or not view.reason else f": {inert(view.reason, 160)}"
    was = "was " if sight.is_past and view.service in (Service.SERVED, Service.WATCHED) else ""
    return sight.span(Span(f"{mark} {was}{view.service}{reason}", role))


def transaction_rows(view: NodeView, sight: Sight) -> list[Row]:
    """Return the transactions, newest first."""
    return [transaction_row(one, sight) for one in reversed(view.transactions)]


def transaction_row(one: Transaction, sight: Sight) -> Row:
    """Return a transaction as a row."""
    subject = one.task_key or one.session_id
    state = transaction_span(one, sight)
    note = one.error or one.waiting_for
    error = f": {inert(note, 200)}" if note else ""
    cells = (
        Span(rough_age(one.at, sight.now), "muted"),
        Span(str(one.kind)),
        Span(UNKNOWN if subject is None else str(subject), "plain" if one.task_key else "muted"),
        Span(str(one.nonce), "muted"),
        Span(short_hash(one.hash)),
        Span(number(one.gas_used), "plain" if one.gas_used is not None else "muted"),
        Span(number(one.block_number), "muted"),
        Span(cost(one.fee_wei, 7), "muted"),
        Span(f"{state.text}{error}", state.role),
    )
    return Row(str(one.transaction_id), cells, copy=one.hash)


def transaction_span(one: Transaction, sight: Sight = PRESENT) -> Span:
    """Return the state of a transaction with its mark; what is final stays so, whoever has gone."""
    mark, role = _TRANSACTION_LOOKS[one.state]
    told = Span(f"{mark}{one.state}", role)
    return told if one.state.is_final else sight.span(told)


def stage_span(stage: Stage, sight: Sight = PRESENT) -> Span:
    """Return a stage with its mark; what is final stays so, whoever has gone."""
    mark, role = _STAGE_LOOKS[stage]
    told = Span(f"{mark}{stage}", role)
    return told if stage.is_final else sight.span(told)
