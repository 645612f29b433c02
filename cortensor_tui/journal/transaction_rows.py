"""One row a transaction: the call, its place in the nonce stream, and what became of it."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Attempt, Transaction, TransactionKind, TransactionState
from cortensor_tui.journal.attempts import SignedAttempt, update_attempts
from cortensor_tui.journal.commitments import Commitment

MOST_CALL_CHARS = 300  # of a decoded call; the whole of it is in the calldata


class SavedCall(msgspec.Struct, frozen=True, kw_only=True):
    """What a transaction calls, as needed to sign it again with other fees. `data` is 0x hex."""

    target: str
    data: str
    gas_limit: int


class SignedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """What is saved before sending: the call, its place in the nonce stream and its first attempt.

    With `swap_id` it is a half of that swap.
    """

    kind: TransactionKind
    sender: str
    nonce: int
    attempt: SignedAttempt
    saved_call: SavedCall | None = None
    call: str = ""
    deadline_at: float | None = None
    session_id: int | None = None
    task_key: TaskKey | None = None
    commitment: Commitment | None = None
    swap_id: int | None = None


def insert_transaction(
    connection: sqlite3.Connection, chain: int, signed: SignedTransaction, now: float
) -> int:
    """Save what is signed and return its id; what was refused before, and is the same again, keeps its."""
    key, saved = signed.task_key, signed.saved_call
    values: dict[str, Any] = {
        "chain": chain,
        "kind": signed.kind.value,
        "state": TransactionState.SIGNED.value,
        "sender": signed.sender,
        "nonce": signed.nonce,
        "hash": signed.attempt.hash,
        "session_id": key.session_id if key else signed.session_id,
        "task_id": key.task_id if key else None,
        "created_at": now,
        "target": saved.target if saved else None,
        "calldata": saved.data if saved else None,
        "gas_limit": saved.gas_limit if saved else None,
        "call": signed.call[:MOST_CALL_CHARS],
        "deadline_at": signed.deadline_at,
    }
    row = connection.execute(
        f"INSERT INTO transactions ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"  # noqa: S608
        # The same call with the same nonce and fees, refused before, has the same bytes again.
        " ON CONFLICT (chain, hash) DO UPDATE SET state = excluded.state, error = '', waiting_for = ''"
        " WHERE state = 'rejected' RETURNING transaction_id",
        tuple(values.values()),
    ).fetchone()
    if row is None:
        raise RuntimeError(f"the transaction {signed.attempt.hash} is in the journal and was not rejected")
    return int(row["transaction_id"])


def insert_seen(connection: sqlite3.Connection, chain: int, seen: Transaction, call: SavedCall | None) -> int:
    """Save a transaction that another program sent, as it was seen on chain, or anew; return its id."""
    values: dict[str, Any] = {
        name: getattr(seen, name)
        for name in (
            "sender",
            "nonce",
            "hash",
            "session_id",
            "created_at",
            "mined_at",
            "block_number",
            "block_hash",
            "gas_limit",
            "gas_used",
            "fee_wei",
            "error",
        )
    }
    values |= {
        "chain": chain,
        "kind": seen.kind.value,
        "state": seen.state.value,
        "task_id": seen.task_key.task_id if seen.task_key else None,
        "target": call.target if call else None,
        "calldata": call.data if call else None,
        "call": seen.call[:MOST_CALL_CHARS],
    }
    changing = ("state", "mined_at", "block_number", "block_hash", "gas_used", "fee_wei", "error")
    row = connection.execute(
        f"INSERT INTO transactions ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"  # noqa: S608
        f" ON CONFLICT (chain, hash) DO UPDATE SET {', '.join(f'{one} = excluded.{one}' for one in changing)}"
        " RETURNING transaction_id",
        tuple(values.values()),
    ).fetchone()
    return int(row["transaction_id"])


def update_transaction(connection: sqlite3.Connection, transaction: Transaction) -> None:
    """Write a transaction and its attempts as they now stand."""
    connection.execute(
        "UPDATE transactions SET state = ?, hash = ?, sent_at = ?, mined_at = ?, block_number = ?,"
        " block_hash = ?, gas_used = ?, fee_wei = ?, error = ?, waiting_for = ?, task_id = ?"
        " WHERE transaction_id = ?",
        (
            transaction.state.value,
            transaction.hash,
            transaction.sent_at,
            transaction.mined_at,
            transaction.block_number,
            transaction.block_hash,
            transaction.gas_used,
            transaction.fee_wei,
            transaction.error,
            transaction.waiting_for,
            transaction.task_key.task_id if transaction.task_key else None,
            transaction.transaction_id,
        ),
    )
    update_attempts(connection, transaction)


def transaction_from(row: sqlite3.Row, attempts: tuple[Attempt, ...]) -> Transaction:
    """Return what a row says."""
    task_id = row["task_id"]
    return Transaction(
        transaction_id=row["transaction_id"],
        kind=TransactionKind(row["kind"]),
        state=TransactionState(row["state"]),
        sender=row["sender"],
        nonce=row["nonce"],
        hash=row["hash"],
        created_at=row["created_at"],
        session_id=row["session_id"],
        task_key=None if task_id is None else TaskKey(row["session_id"], task_id),
        sent_at=row["sent_at"],
        mined_at=row["mined_at"],
        block_number=row["block_number"],
        block_hash=row["block_hash"],
        gas_limit=row["gas_limit"],
        gas_used=row["gas_used"],
        fee_wei=row["fee_wei"],
        error=row["error"],
        call=row["call"],
        deadline_at=row["deadline_at"],
        waiting_for=row["waiting_for"],
        attempts=attempts,
    )
