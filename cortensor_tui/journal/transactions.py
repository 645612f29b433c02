"""Signed transactions: saved before they are sent, so that after a crash the same bytes go out again."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.journal.commitments import Commitment, record_commitment
from cortensor_tui.journal.database import Database


class SignedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """What is saved before sending. `raw` is the signed bytes."""

    kind: TransactionKind
    sender: str
    nonce: int
    hash: str
    raw: bytes
    session_id: int | None = None
    task_key: TaskKey | None = None
    commitment: Commitment | None = None


class TransactionLog:
    """The transactions of one chain, all keys."""

    def __init__(self, database: Database, chain: int) -> None:
        self._database = database
        self._chain = chain

    def save_signed(self, signed: SignedTransaction, now: float) -> Transaction:
        """Save signed bytes and their promise in one step, or raise "two_answers" and save nothing."""
        key = signed.task_key
        session_id = key.session_id if key else signed.session_id
        with self._database.step(f"{signed.kind} signed") as connection:
            if signed.commitment is not None:
                record_commitment(connection, signed.commitment, now)
            cursor = connection.execute(
                "INSERT INTO transactions"
                " (chain, kind, state, sender, nonce, hash, raw, session_id, task_id, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                # The same call with the same nonce and fees, refused before, has the same bytes again.
                " ON CONFLICT (chain, hash) DO UPDATE SET state = excluded.state, error = ''"
                " WHERE state = 'rejected' RETURNING transaction_id",
                (
                    self._chain,
                    signed.kind.value,
                    TransactionState.SIGNED.value,
                    signed.sender,
                    signed.nonce,
                    signed.hash,
                    signed.raw,
                    session_id,
                    key.task_id if key else None,
                    now,
                ),
            )
            rows = cursor.fetchall()
        if not rows:
            raise RuntimeError(f"the transaction {signed.hash} is in the journal and was not rejected")
        return self.get(int(rows[0]["transaction_id"]))

    def update(self, transaction: Transaction) -> None:
        """Write the transaction as it now stands."""
        with self._database.step(f"{transaction.kind} {transaction.state}") as connection:
            connection.execute(
                "UPDATE transactions SET state = ?, sent_at = ?, mined_at = ?, block_number = ?,"
                " gas_used = ?, fee_wei = ?, error = ? WHERE transaction_id = ?",
                (
                    transaction.state.value,
                    transaction.sent_at,
                    transaction.mined_at,
                    transaction.block_number,
                    transaction.gas_used,
                    transaction.fee_wei,
                    transaction.error,
                    transaction.transaction_id,
                ),
            )

    def raw(self, transaction_id: int) -> bytes:
        """Return the signed bytes."""
        row = self._database.connection.execute(
            "SELECT raw FROM transactions WHERE transaction_id = ?", (transaction_id,)
        ).fetchone()
        return bytes(row["raw"])

    def unfinished(self, sender: str) -> list[Transaction]:
        """Return a key's transactions that may still change, by nonce."""
        return self._select(
            "sender = ? AND state NOT IN ('mined', 'reverted', 'rejected') ORDER BY nonce", sender
        )

    def of_task(self, key: TaskKey, kind: TransactionKind) -> Transaction | None:
        """Return the task's last transaction of a kind that was not rejected, or None."""
        found = self._select(
            "session_id = ? AND task_id = ? AND kind = ? AND state != 'rejected'"
            " ORDER BY transaction_id DESC LIMIT 1",
            key.session_id,
            key.task_id,
            kind.value,
        )
        return found[0] if found else None

    def mined(self, sender: str, limit: int) -> list[Transaction]:
        """Return a key's newest mined or reverted transactions, newest first."""
        return self._select(
            "sender = ? AND state IN ('mined', 'reverted') ORDER BY transaction_id DESC LIMIT ?",
            sender,
            limit,
        )

    def recent(self, limit: int) -> list[Transaction]:
        """Return the newest transactions, newest first."""
        return self._select("1 ORDER BY transaction_id DESC LIMIT ?", limit)

    def get(self, transaction_id: int) -> Transaction:
        """Return one transaction as it stands."""
        return self._select("transaction_id = ?", transaction_id)[0]

    def _select(self, where: str, *values: Any) -> list[Transaction]:
        rows = self._database.connection.execute(
            f"SELECT * FROM transactions WHERE chain = ? AND {where}",  # noqa: S608 - our own clauses
            (self._chain, *values),
        )
        return [_transaction(row) for row in rows]


def _transaction(row: sqlite3.Row) -> Transaction:
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
        gas_used=row["gas_used"],
        fee_wei=row["fee_wei"],
        error=row["error"],
    )
