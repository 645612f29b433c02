"""Sends saved bytes, and keeps in the journal what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import structlog

from cortensor_tui.chain.contracts.send_errors import SendError, classify
from cortensor_tui.chain.rpc.client import Rpc, RpcError
from cortensor_tui.chain.transactions.book import OpenBook
from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.inert import without_long_hex
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import Attempt, Transaction, TransactionState
from cortensor_tui.journal.transactions import TransactionLog

log = structlog.get_logger(__name__)

MOST_ERROR_CHARS = 500


@contextmanager
def _noted_later(transaction: Transaction) -> Iterator[None]:
    """Go on where the journal cannot be written: who asked for the transaction must not ask for another."""
    try:
        yield
    except ProblemError as error:
        log.error("sent, and not noted", hash=transaction.hash, why=error.problem.sentence())


class Broadcaster:
    """Sends the newest attempt of a transaction."""

    def __init__(self, rpc: Rpc, transactions: TransactionLog, book: OpenBook, clock: Clock) -> None:
        self._rpc = rpc
        self._log = transactions
        self._book = book
        self._clock = clock

    async def send(self, transaction: Transaction) -> RpcError | None:
        """Send the bytes; return the refusal, None when they were accepted or nobody answered.

        An accepted transaction is `sent` then, an unanswered one `unknown`: a timeout is never a no. Raises
        nothing once they have left: a journal that cannot be written has them as `signed`, and what comes of
        them is written down with a later look.
        """
        progress = self._book.progress(transaction)
        raw = "0x" + self._log.raw(transaction.transaction_id).hex()
        progress.sent_s = self._clock.monotonic()
        try:
            await self._rpc.send_raw(raw)
        except RpcError as error:
            progress.last_refusal = classify(error)
            words = without_long_hex(error.message)[:MOST_ERROR_CHARS]  # some repeat what they were sent
            log.info("send refused", hash=transaction.hash, words=words)
            with _noted_later(transaction):
                self._book.change(transaction, attempts=self._told(transaction, words))
            return error
        except ProblemError as error:
            log.warning("send unanswered", hash=transaction.hash, why=error.problem.why)
            self.mark(transaction, TransactionState.UNKNOWN, error.problem.why)
            return None
        progress.last_refusal, progress.refusals = None, 0
        self.mark(transaction, TransactionState.SENT)
        return None

    def mark(self, transaction: Transaction, state: TransactionState, error: str = "") -> Transaction:
        """Keep when the newest attempt was sent and what the endpoint said."""
        current = self._book.get(transaction.transaction_id)
        if current is None or current.state.is_final:
            return self._log.get(transaction.transaction_id)
        with _noted_later(transaction):
            return self._book.change(
                transaction,
                state=state,
                sent_at=current.sent_at or self._clock.now(),
                attempts=self._told(current, error),
                error=error[:MOST_ERROR_CHARS],
            )
        return current

    def _told(self, transaction: Transaction, error: str) -> tuple[Attempt, ...]:
        """Return the attempts, the newest with when it was first sent and what was last said of it."""
        *earlier, newest = transaction.attempts
        sent_at = newest.sent_at or self._clock.now()
        return (*earlier, msgspec.structs.replace(newest, sent_at=sent_at, error=error[:MOST_ERROR_CHARS]))

    def refused_again(self, transaction: Transaction, error: RpcError) -> None:
        """Keep a refusal of bytes that may have been taken before: the nonce stays theirs."""
        progress = self._book.progress(transaction)
        meaning = classify(error)
        if meaning in (SendError.ALREADY_KNOWN, SendError.NONCE_TOO_LOW):
            progress.last_refusal, progress.refusals = None, 0
            self.mark(transaction, TransactionState.SENT)
            return
        progress.refusals += 1
        state = TransactionState.UNKNOWN if meaning is SendError.UNCLEAR else TransactionState.SENT
        self.mark(transaction, state, error.message)
