"""Signed transactions: saved before they are sent, so that after a crash the same bytes go out again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Attempt, Transaction, TransactionKind, TransactionState
from cortensor_tui.journal.commitments import Commitment, record_commitment
from cortensor_tui.journal.database import Database

_OPEN = "state NOT IN ('mined', 'reverted', 'rejected', 'replaced')"
MOST_CALL_CHARS = 300  # of a decoded call; the whole of it is in the calldata


class SignedAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """Signed bytes and what they offer, wei a unit of gas."""

    hash: str
    raw: bytes
    max_fee_wei: int | None = None
    priority_fee_wei: int | None = None


class SavedCall(msgspec.Struct, frozen=True, kw_only=True):
    """What a transaction calls, as needed to sign it again with other fees. `data` is 0x hex."""

    target: str
    data: str
    gas_limit: int


class SignedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """What is saved before sending: the call, its place in the nonce stream and its first attempt."""

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


class TransactionLog:
    """The transactions of one chain, all keys."""

    def __init__(self, database: Database, chain: int) -> None:
        self._database = database
        self._chain = chain

    def save_signed(self, signed: SignedTransaction, now: float) -> Transaction:
        """Save signed bytes and their promise in one step, or raise "two_answers" and save nothing."""
        with self._database.step(f"{signed.kind} signed") as connection:
            if signed.commitment is not None:
                record_commitment(connection, signed.commitment, now)
            transaction_id = self._insert(connection, signed, now)
            connection.execute("DELETE FROM attempts WHERE transaction_id = ?", (transaction_id,))
            _insert_attempt(connection, transaction_id, 1, signed.attempt, now)
        return self.get(transaction_id)

    def save_attempt(self, transaction: Transaction, attempt: SignedAttempt, now: float) -> Transaction:
        """Save another signature of the same call at the same nonce, before it is sent."""
        number = transaction.attempts[-1].number + 1
        with self._database.step(f"{transaction.kind} signed again") as connection:
            _insert_attempt(connection, transaction.transaction_id, number, attempt, now)
            connection.execute(
                "UPDATE transactions SET hash = ? WHERE transaction_id = ?",
                (attempt.hash, transaction.transaction_id),
            )
        return self.get(transaction.transaction_id)

    def update(self, *transactions: Transaction) -> None:
        """Write transactions as they now stand, all in one step."""
        names = ", ".join(sorted({f"{one.kind} {one.state}" for one in transactions}))
        with self._database.step(names) as connection:
            for one in transactions:
                _update(connection, one)

    def raw(self, transaction_id: int, number: int | None = None) -> bytes:
        """Return the signed bytes of one attempt, the newest unless told otherwise."""
        row = self._database.connection.execute(
            "SELECT raw FROM attempts WHERE transaction_id = ? AND number = coalesce(?, number)"
            " ORDER BY number DESC LIMIT 1",
            (transaction_id, number),
        ).fetchone()
        return bytes(row["raw"])

    def saved_call(self, transaction_id: int) -> SavedCall | None:
        """Return what the transaction calls; None where an older journal did not keep it."""
        row = self._database.connection.execute(
            "SELECT target, calldata, gas_limit FROM transactions WHERE transaction_id = ?", (transaction_id,)
        ).fetchone()
        if row["target"] is None or row["calldata"] is None or row["gas_limit"] is None:
            return None
        return SavedCall(target=row["target"], data=row["calldata"], gas_limit=row["gas_limit"])

    def unfinished(self, sender: str) -> list[Transaction]:
        """Return a key's transactions that may still change, by nonce."""
        return self._select(f"sender = ? AND {_OPEN} ORDER BY nonce, transaction_id", sender)

    def of_task(self, key: TaskKey, kind: TransactionKind) -> Transaction | None:
        """Return the task's last transaction of a kind that still stands for it, or None."""
        found = self._select(
            "session_id = ? AND task_id = ? AND kind = ? AND state NOT IN ('rejected', 'replaced')"
            " ORDER BY transaction_id DESC LIMIT 1",
            key.session_id,
            key.task_id,
            kind.value,
        )
        return found[0] if found else None

    def mined_from(self, sender: str, block_number: int, limit: int) -> list[Transaction]:
        """Return the newest of a key's mined or reverted transactions from a block on, by nonce."""
        newest_first = self._select(
            "sender = ? AND state IN ('mined', 'reverted') AND block_number >= ? ORDER BY nonce DESC LIMIT ?",
            sender,
            block_number,
            limit,
        )
        return newest_first[::-1]

    def mined_with_nonces(self, sender: str, first: int) -> list[Transaction]:
        """Return a key's mined or reverted transactions from a nonce on, by nonce."""
        return self._select(
            "sender = ? AND nonce >= ? AND state IN ('mined', 'reverted') ORDER BY nonce", sender, first
        )

    def at_nonce(self, sender: str, nonce: int) -> list[Transaction]:
        """Return everything a key ever signed at a nonce."""
        return self._select("sender = ? AND nonce = ? ORDER BY transaction_id", sender, nonce)

    def next_nonce(self, sender: str) -> int:
        """Return the nonce after the highest one that a key's transactions use up, 0 where none does."""
        row = self._database.connection.execute(
            "SELECT max(nonce) AS highest FROM transactions"
            " WHERE chain = ? AND sender = ? AND state != 'rejected'",
            (self._chain, sender),
        ).fetchone()
        return 0 if row["highest"] is None else int(row["highest"]) + 1

    def gas_fees(self, keys: Iterable[TaskKey]) -> dict[TaskKey, int]:
        """Return what each task's transactions have cost so far, wei; those that paid none are left out."""
        fees: dict[TaskKey, int] = {}
        for key in keys:
            rows = self._database.connection.execute(
                "SELECT fee_wei FROM transactions WHERE chain = ? AND session_id = ? AND task_id = ?"
                " AND state IN ('mined', 'reverted') AND fee_wei IS NOT NULL",
                (self._chain, key.session_id, key.task_id),
            ).fetchall()
            if rows:
                fees[key] = sum(int(row["fee_wei"]) for row in rows)
        return fees

    def spent_since(self, sender: str, since: float) -> tuple[int, float | None]:
        """Return what a key's transactions have paid since a time, wei to 15 digits, and when the first
        did.
        """
        row = self._database.connection.execute(
            "SELECT sum(CAST(fee_wei AS REAL)) AS spent, min(mined_at) AS first_at FROM transactions"
            " WHERE chain = ? AND sender = ? AND mined_at > ? AND mined_at IS NOT NULL"
            " AND state IN ('mined', 'reverted')",
            (self._chain, sender, since),
        ).fetchone()
        return round(row["spent"] or 0), row["first_at"]

    def in_flight_wei(self, sender: str) -> int:
        """Return the most that a key's open transactions can cost, wei; one a nonce can be mined."""
        rows = self._database.connection.execute(
            "SELECT nonce, gas_limit, attempts.max_fee_wei FROM transactions JOIN attempts USING"  # noqa: S608
            f" (transaction_id) WHERE chain = ? AND sender = ? AND {_OPEN}",
            (self._chain, sender),
        ).fetchall()
        costs: dict[int, int] = {}
        for row in rows:
            cost = int(row["gas_limit"] or 0) * int(row["max_fee_wei"] or 0)
            costs[row["nonce"]] = max(cost, costs.get(row["nonce"], 0))
        return sum(costs.values())

    def is_in_flight(self, sender: str, nonce: int) -> bool:
        """Tell whether a key has an open transaction at a nonce."""
        row = self._database.connection.execute(
            f"SELECT 1 FROM transactions WHERE chain = ? AND sender = ? AND nonce = ? AND {_OPEN}",  # noqa: S608
            (self._chain, sender, nonce),
        ).fetchone()
        return row is not None

    def recent(self, limit: int) -> list[Transaction]:
        """Return the newest transactions, newest first."""
        return self._select("1 ORDER BY transaction_id DESC LIMIT ?", limit)

    def get(self, transaction_id: int) -> Transaction:
        """Return one transaction as it stands."""
        return self._select("transaction_id = ?", transaction_id)[0]

    def _insert(self, connection: sqlite3.Connection, signed: SignedTransaction, now: float) -> int:
        key, saved = signed.task_key, signed.saved_call
        values: dict[str, Any] = {
            "chain": self._chain,
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
            raise RuntimeError(
                f"the transaction {signed.attempt.hash} is in the journal and was not rejected"
            )
        return int(row["transaction_id"])

    def _select(self, where: str, *values: Any) -> list[Transaction]:
        rows = self._database.connection.execute(
            f"SELECT * FROM transactions WHERE chain = ? AND {where}",  # noqa: S608 - our own clauses
            (self._chain, *values),
        ).fetchall()
        return [_transaction(row, self._attempts(row["transaction_id"])) for row in rows]

    def _attempts(self, transaction_id: int) -> tuple[Attempt, ...]:
        rows = self._database.connection.execute(
            "SELECT number, hash, signed_at, max_fee_wei, priority_fee_wei, sent_at, error"
            " FROM attempts WHERE transaction_id = ? ORDER BY number",
            (transaction_id,),
        )
        return tuple(Attempt(**dict(row)) for row in rows)


def _insert_attempt(
    connection: sqlite3.Connection, transaction_id: int, number: int, attempt: SignedAttempt, now: float
) -> None:
    connection.execute(
        "INSERT INTO attempts (transaction_id, number, hash, raw, max_fee_wei, priority_fee_wei, signed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            transaction_id,
            number,
            attempt.hash,
            attempt.raw,
            None if attempt.max_fee_wei is None else str(attempt.max_fee_wei),
            None if attempt.priority_fee_wei is None else str(attempt.priority_fee_wei),
            now,
        ),
    )


def _update(connection: sqlite3.Connection, transaction: Transaction) -> None:
    connection.execute(
        "UPDATE transactions SET state = ?, hash = ?, sent_at = ?, mined_at = ?, block_number = ?,"
        " block_hash = ?, gas_used = ?, fee_wei = ?, error = ?, waiting_for = ? WHERE transaction_id = ?",
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
            transaction.transaction_id,
        ),
    )
    connection.executemany(
        "UPDATE attempts SET sent_at = ?, error = ? WHERE transaction_id = ? AND number = ?",
        [
            (attempt.sent_at, attempt.error, transaction.transaction_id, attempt.number)
            for attempt in transaction.attempts
        ],
    )


def _transaction(row: sqlite3.Row, attempts: tuple[Attempt, ...]) -> Transaction:
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
