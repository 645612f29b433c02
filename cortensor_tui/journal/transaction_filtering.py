"""Which transactions are asked for, and the index that leads to them."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from cortensor_tui.domain.list_orders import TransactionOrder
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.journal.filtering import MOST_ASKED_ROWS
from cortensor_tui.journal.paging import Rows, among, of_hash, text_bounds

ANSWERING = (TransactionKind.ACK, TransactionKind.PRECOMMIT, TransactionKind.COMMIT)
_OTHER_ORDERS: dict[TransactionOrder, tuple[str, str]] = {
    TransactionOrder.FEE: ("transactions_by_fee", "fee"),
    TransactionOrder.WAIT: ("transactions_by_wait", "wait_s"),
}


class TransactionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which transactions, as in `TransactionFilter`; all if nothing is said."""

    order: TransactionOrder = TransactionOrder.NEWEST
    task: TaskKey | None = None
    task_id: int | None = None
    hash: str = ""
    session_id: int | None = None
    kinds: tuple[TransactionKind, ...] = ()
    states: tuple[TransactionState, ...] = ()


def transaction_rows(chain: int, query: TransactionQuery) -> Rows:
    """Return where to read transactions: of the narrowest index that has them all, in their order.

    The few of one task or of one hash are sorted where they are read; every other order has an index of its
    own, and what that does not know is asked of each row.
    """
    values: dict[str, Any] = {"chain": chain}
    conditions = _asked_of_each(query, values)
    order: tuple[str, ...] = ("transaction_id",)
    where = "1"
    if query.order is not TransactionOrder.NEWEST:
        index, column = _OTHER_ORDERS[query.order]
        order = (column, "transaction_id")
    if query.hash:
        values |= text_bounds(query.hash, "hash")
        index, where = "transactions_by_id", f"transaction_id IN ({of_hash('hash')})"
        if query.task is not None:
            values |= {"session": query.task.session_id, "task": query.task.task_id}
            conditions += ["session_id IS :session", "task_id IS :task"]
        elif query.session_id is not None:
            conditions.append("session_id IS :session")
    elif query.task is not None:
        values |= {"session": query.task.session_id, "task": query.task.task_id}
        index, where = "transactions_of_task", "session_id = :session AND task_id = :task"
    elif query.order is not TransactionOrder.NEWEST:
        conditions += [] if query.session_id is None else ["session_id IS :session"]
    elif query.session_id is not None:
        index, where = "transactions_of_session", "session_id = :session"
    else:
        index, where = _of_all(query)
    return Rows(
        table="transactions",
        led_by=index,
        where=f"chain = :chain AND {where}",
        order=order,
        values=values,
        condition=" AND ".join(conditions) or "1",
        most_asked=MOST_ASKED_ROWS,
    )


def _asked_of_each(query: TransactionQuery, values: dict[str, Any]) -> list[str]:
    """Return what no index answers, and give their values names."""
    conditions = []
    for name, wanted in (("kind", query.kinds), ("state", query.states)):
        if wanted:
            values[name] = json.dumps(wanted)
            conditions.append(among(name, name))
    if query.task_id is not None:
        values["task_id"] = query.task_id
        conditions.append("task_id IS :task_id")
    if query.session_id is not None:
        values["session"] = query.session_id
    return conditions


def _of_all(query: TransactionQuery) -> tuple[str, str]:
    """Return the index of what is rare, where only that is wanted, and what it is read for."""
    if query.states and TransactionState.MINED not in query.states:
        return "transactions_not_mined", "state != 'mined'"
    if query.kinds and not set(query.kinds) & set(ANSWERING):
        return "transactions_not_answering", "kind NOT IN ('ack', 'precommit', 'commit')"
    return "transactions_by_id", "1"
