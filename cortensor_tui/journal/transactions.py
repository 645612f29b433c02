"""Signed transactions: saved before they are sent, so that after a crash the same bytes go out again."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind
from cortensor_tui.journal.attempts import (
    SignedAttempt,
    attempts_of,
    insert_attempt,
    insert_first_attempt,
    raw_attempt,
)
from cortensor_tui.journal.commitments import record_commitment
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.swaps import record_half
from cortensor_tui.journal.transaction_rows import (
    SavedCall,
    SignedTransaction,
    insert_seen,
    insert_transaction,
    transaction_from,
    update_transaction,
)

_OPEN = "state NOT IN ('mined', 'reverted', 'rejected', 'replaced')"


class TransactionLog:
    """The transactions of one chain, all keys."""

    def __init__(self, database: Database, chain: int) -> None:
        self._database = database
        self._chain = chain

    def save_signed(self, signed: SignedTransaction, now: float) -> Transaction:
        """Save signed bytes, their promise and the swap they belong to in one step.

        Raises "two_answers", and saves nothing then.
        """
        with self._database.step(f"{signed.kind} signed") as connection:
            if signed.commitment is not None:
                record_commitment(connection, signed.commitment, now)
            transaction_id = insert_transaction(connection, self._chain, signed, now)
            insert_first_attempt(connection, transaction_id, signed.attempt, now)
            if signed.swap_id is not None:
                record_half(connection, signed.swap_id, signed.kind, transaction_id)
        return self.get(transaction_id)

    def save_seen(self, seen: Transaction, call: SavedCall | None = None) -> Transaction:
        """Save what another program sent, as it was seen on chain; its `transaction_id` is made here.

        `call` is what it calls, None where that is known already or was not told.
        The journal has no signed bytes of it, so it can never be sent from here.
        """
        with self._database.step(f"{seen.kind} seen") as connection:
            transaction_id = insert_seen(connection, self._chain, seen, call)
        return self.get(transaction_id)

    def with_hash(self, digest: str) -> Transaction | None:
        """Return the transaction with this hash, None where there is none."""
        found = self._select("hash = ?", digest)
        return found[0] if found else None

    def save_attempt(self, transaction: Transaction, attempt: SignedAttempt, now: float) -> Transaction:
        """Save another signature of the same call at the same nonce, before it is sent."""
        number = transaction.attempts[-1].number + 1
        with self._database.step(f"{transaction.kind} signed again") as connection:
            insert_attempt(connection, transaction.transaction_id, number, attempt, now)
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
                update_transaction(connection, one)

    def raw(self, transaction_id: int, number: int | None = None) -> bytes:
        """Return the signed bytes of one attempt, the newest unless told otherwise."""
        return raw_attempt(self._database.connection, transaction_id, number)

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
        return self._select(
            f"sender = ? AND {_OPEN} ORDER BY nonce, transaction_id", sender, led_by="transactions_open"
        )

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
            # From the first block on, all are in the order of nonces already.
            led_by="transactions_by_block" if block_number > 0 else "transactions_by_nonce",
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
        """Return what answering each task has cost so far, wei; those that paid none are left out."""
        fees: dict[TaskKey, int] = {}
        for key in keys:
            rows = self._database.connection.execute(
                "SELECT fee_wei FROM transactions WHERE chain = ? AND session_id = ? AND task_id = ?"
                " AND kind != 'submit' AND state IN ('mined', 'reverted') AND fee_wei IS NOT NULL",
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
            # Without its name the planner reads every transaction that the key ever signed.
            "SELECT nonce, gas_limit, attempts.max_fee_wei FROM transactions INDEXED BY transactions_open"  # noqa: S608
            f" JOIN attempts USING (transaction_id) WHERE chain = ? AND sender = ? AND {_OPEN}",
            (self._chain, sender),
        ).fetchall()
        costs: dict[int, int] = {}
        for row in rows:
            cost = int(row["gas_limit"] or 0) * int(row["max_fee_wei"] or 0)
            costs[row["nonce"]] = max(cost, costs.get(row["nonce"], 0))
        return sum(costs.values())

    def recent_task_gas(self, sender: str, tasks: int) -> list[int]:
        """Return the gas that each of the newest tasks took which a key has committed, reverts included.

        Only among the key's newest transactions, so that a key which does much else costs no long search.
        """
        newest = self._database.connection.execute(
            "SELECT session_id, task_id, kind, state FROM transactions WHERE chain = ? AND sender = ?"
            " ORDER BY nonce DESC LIMIT ?",
            (self._chain, sender, 20 * tasks),
        ).fetchall()
        committed = (
            (row["session_id"], row["task_id"])
            for row in newest
            if row["kind"] == "commit" and row["state"] == "mined"
        )
        return [self._task_gas(*key) for key in islice(dict.fromkeys(committed), tasks)]

    def _task_gas(self, session_id: int, task_id: int) -> int:
        row = self._database.connection.execute(
            "SELECT total(gas_used) AS gas FROM transactions WHERE chain = ? AND session_id = ?"
            " AND task_id = ? AND kind != 'submit' AND state IN ('mined', 'reverted')",
            (self._chain, session_id, task_id),
        ).fetchone()
        return int(row["gas"])

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

    def _select(self, where: str, *values: Any, led_by: str = "") -> list[Transaction]:
        """Return what the clauses say; `led_by` names the index where the planner may take another."""
        source = f"transactions INDEXED BY {led_by}" if led_by else "transactions"
        rows = self._database.connection.execute(
            f"SELECT * FROM {source} WHERE chain = ? AND {where}",  # noqa: S608 - our own clauses
            (self._chain, *values),
        ).fetchall()
        attempts = attempts_of(self._database.connection, [row["transaction_id"] for row in rows])
        return [transaction_from(row, attempts.get(row["transaction_id"], ())) for row in rows]
