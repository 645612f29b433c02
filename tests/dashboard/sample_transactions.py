"""Transactions of every fate."""

from __future__ import annotations

from typing import Any

from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState

from .sample_names import NODE, NOW


def transaction(
    transaction_id: int, kind: TransactionKind, state: TransactionState, **changes: Any
) -> Transaction:
    """Return a transaction of the node for task 7/12."""
    values: dict[str, Any] = {
        "transaction_id": transaction_id,
        "kind": kind,
        "state": state,
        "sender": NODE,
        "nonce": 30 + transaction_id,
        "hash": "0x" + f"{(transaction_id + 160) % 256:02x}" * 32,
        "created_at": NOW - 100 + transaction_id * 10,
        "session_id": 7,
        "task_key": TaskKey(7, 12),
    }
    return Transaction(**(values | changes))


def transactions() -> tuple[Transaction, ...]:
    """Return a finished answer, one underway and one that was reverted."""
    mined, kind = TransactionState.MINED, TransactionKind
    known = TaskKey(7, 11)
    return (
        transaction(
            1,
            kind.BIND,
            mined,
            task_key=None,
            mined_at=NOW - 90,
            block_number=1102,
            gas_used=84_311,
            fee_wei="100000000000000",
        ),
        transaction(
            2,
            kind.ACK,
            mined,
            task_key=known,
            mined_at=NOW - 80,
            block_number=1121,
            gas_used=61_004,
            fee_wei="10000000000000",
        ),
        transaction(
            3,
            kind.PRECOMMIT,
            mined,
            task_key=known,
            mined_at=NOW - 70,
            block_number=1123,
            gas_used=92_117,
            fee_wei="10000000000000",
        ),
        transaction(
            4,
            kind.COMMIT,
            mined,
            task_key=known,
            mined_at=NOW - 60,
            block_number=1125,
            gas_used=188_402,
            fee_wei="10000000000000",
        ),
        transaction(
            5,
            kind.SUBMIT,
            TransactionState.REVERTED,
            task_key=None,
            session_id=9,
            mined_at=NOW - 48,
            block_number=1150,
            gas_used=31_900,
            fee_wei="10000000000000",
            error="only the owner submits",
        ),
        transaction(
            6, kind.ACK, mined, mined_at=NOW - 8, block_number=1199, gas_used=61_004, fee_wei="10000000000000"
        ),
        transaction(7, kind.PRECOMMIT, TransactionState.SENT, sent_at=NOW - 1),
    )
