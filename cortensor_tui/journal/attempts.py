"""What was signed for one transaction, once or more often: same nonce and call, other fees."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from cortensor_tui.domain.transactions import Attempt, Transaction


class SignedAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """Signed bytes and what they offer, wei a unit of gas."""

    hash: str
    raw: bytes
    max_fee_wei: int | None = None
    priority_fee_wei: int | None = None


def insert_attempt(
    connection: sqlite3.Connection, transaction_id: int, number: int, attempt: SignedAttempt, now: float
) -> None:
    """Save one more signature, before it is sent."""
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


def insert_first_attempt(
    connection: sqlite3.Connection, transaction_id: int, attempt: SignedAttempt, now: float
) -> None:
    """Save the attempt that a transaction begins with, instead of those it had when it was refused before."""
    connection.execute("DELETE FROM attempts WHERE transaction_id = ?", (transaction_id,))
    insert_attempt(connection, transaction_id, 1, attempt, now)


def update_attempts(connection: sqlite3.Connection, transaction: Transaction) -> None:
    """Write when each attempt was sent and what was said of it."""
    connection.executemany(
        "UPDATE attempts SET sent_at = ?, error = ? WHERE transaction_id = ? AND number = ?",
        [
            (attempt.sent_at, attempt.error, transaction.transaction_id, attempt.number)
            for attempt in transaction.attempts
        ],
    )


def attempts_of(
    connection: sqlite3.Connection, transaction_ids: Sequence[int]
) -> dict[int, tuple[Attempt, ...]]:
    """Return each transaction's attempts, oldest first, in one query."""
    found: defaultdict[int, list[Attempt]] = defaultdict(list)
    rows = connection.execute(
        "SELECT transaction_id, number, hash, signed_at, max_fee_wei, priority_fee_wei, sent_at, error"
        " FROM attempts WHERE transaction_id IN (SELECT value FROM json_each(?))"
        " ORDER BY transaction_id, number",
        (json.dumps(transaction_ids),),
    )
    for row in rows:
        values = dict(row)
        found[values.pop("transaction_id")].append(Attempt(**values))
    return {transaction_id: tuple(attempts) for transaction_id, attempts in found.items()}


def raw_attempt(connection: sqlite3.Connection, transaction_id: int, number: int | None) -> bytes:
    """Return the signed bytes of one attempt, the newest where `number` is None."""
    row = connection.execute(
        "SELECT raw FROM attempts WHERE transaction_id = ? AND number = coalesce(?, number)"
        " ORDER BY number DESC LIMIT 1",
        (transaction_id, number),
    ).fetchone()
    return bytes(row["raw"])
