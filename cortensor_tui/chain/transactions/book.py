"""The open transactions of one key: in memory as they are in the journal, and what is known besides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from cortensor_tui.chain.contracts.send_errors import SendError
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.transactions import TransactionLog


class Progress(msgspec.Struct):
    """What is only known while the node runs. Times are monotonic seconds."""

    sent_s: float | None = None
    fees_block: int | None = None
    missing_looks: int = 0
    missing_since_s: float | None = None
    refusals: int = 0
    last_refusal: SendError | None = None

    def found(self) -> None:
        """Forget that it was missed."""
        self.missing_looks, self.missing_since_s = 0, None


class OpenBook:
    """Every transaction that may still change. Written to the journal before it changes here."""

    def __init__(self, log: TransactionLog, on_change: Callable[[Transaction], None]) -> None:
        self._log = log
        self._on_change = on_change
        self._open: dict[int, Transaction] = {}
        self._progress: dict[int, Progress] = {}
        self._waiting: dict[int, asyncio.Future[Transaction]] = {}
        self._given_up: ProblemError | None = None

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def by_nonce(self) -> list[Transaction]:
        """Return the open ones, the lowest nonce first."""
        return sorted(self._open.values(), key=lambda one: (one.nonce, one.transaction_id))

    def get(self, transaction_id: int) -> Transaction | None:
        """Return an open transaction, None once it is settled."""
        return self._open.get(transaction_id)

    def at_nonce(self, nonce: int) -> list[Transaction]:
        """Return the open transactions with a nonce: one, and a no-op where that takes its place."""
        return [one for one in self._open.values() if one.nonce == nonce]

    def progress(self, transaction: Transaction) -> Progress:
        """Return what is known of an open transaction."""
        return self._progress.setdefault(transaction.transaction_id, Progress())

    def add(self, transactions: Iterable[Transaction]) -> None:
        """Take what the journal holds open, without telling anybody."""
        for transaction in transactions:
            self._open[transaction.transaction_id] = transaction

    def keep(self, *transactions: Transaction) -> None:
        """Take transactions as the journal now has them, and tell."""
        for transaction in transactions:
            if transaction.state.is_final:
                self._open.pop(transaction.transaction_id, None)
                self._progress.pop(transaction.transaction_id, None)
                future = self._waiting.pop(transaction.transaction_id, None)
                if future is not None and not future.done():
                    future.set_result(transaction)
            else:
                self._open[transaction.transaction_id] = transaction
            self._on_change(transaction)

    def change(self, transaction: Transaction, **fields: Any) -> Transaction:
        """Change an open transaction, in the journal first. What was settled meanwhile stays as it is."""
        current = self._open.get(transaction.transaction_id)
        if current is None:
            return self._log.get(transaction.transaction_id)
        changed = msgspec.structs.replace(current, **fields)
        if changed != current:
            self._log.update(changed)
            self.keep(changed)
        return changed

    def settle(self, *settled: Transaction) -> None:
        """Write final states in one step and tell."""
        self._log.update(*settled)
        self.keep(*settled)

    def reopen(self, transaction: Transaction) -> None:
        """Take back what was settled, in the journal first, and tell."""
        self._log.update(transaction)
        self.keep(transaction)

    async def settled(self, transaction: Transaction) -> Transaction:
        """Wait until a transaction will not change any more. Raises `ProblemError` once given up."""
        current = self._open.get(transaction.transaction_id)
        if current is None:  # it was settled since the caller saw it
            return self._log.get(transaction.transaction_id)
        if self._given_up is not None:
            raise self._given_up
        future = self._waiting.get(current.transaction_id)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            self._waiting[current.transaction_id] = future
        return await asyncio.shield(future)

    def give_up(self, error: ProblemError) -> None:
        """Tell everybody who waits, now or later, that nobody looks any more."""
        self._given_up = error
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(error)
                future.exception()  # who waited may be gone, and asyncio would report it as never told
        self._waiting.clear()
