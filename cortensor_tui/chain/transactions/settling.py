"""Settles transactions by their receipts, and opens them again when the chain takes those back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import structlog

from cortensor_tui.chain.rpc.client import Rpc
from cortensor_tui.chain.transactions.book import OpenBook
from cortensor_tui.chain.transactions.fees import GasPrices
from cortensor_tui.chain.transactions.receipts import settled_by, why_reverted
from cortensor_tui.chain.transactions.recently_mined import RecentlyMined
from cortensor_tui.chain.transactions.sightings import Sighting
from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState

log = structlog.get_logger(__name__)

REORGANISED = "the chain was reorganised, sent again"
NONCE_GONE = "its nonce went to another transaction of this node"
UNREADABLE_RECEIPT = "the endpoint's receipt of it cannot be read"


class Settlement:
    """What becomes of the transactions of one key by their receipts."""

    def __init__(self, rpc: Rpc, book: OpenBook, prices: Callable[[], GasPrices], clock: Clock) -> None:
        self._rpc = rpc
        self._book = book
        self._prices = prices
        self._clock = clock
        self._recent = RecentlyMined()

    def mined_and_due(self) -> list[Transaction]:
        """Return what was mined of late and is to be looked at again."""
        return self._recent.due(self._prices().block_number, self._clock.monotonic())

    async def finish(self, found: Iterable[tuple[Transaction, dict[str, Any]]]) -> None:
        """Settle everything that has a receipt, in one step of the journal."""
        now = self._clock.now()
        readable = []
        for one, receipt in found:
            try:
                settled = settled_by(one, receipt, now)
            except ProblemError as error:  # one bad answer holds up no other transaction
                log.warning("receipt not understood", hash=one.hash, why=error.problem.sentence())
                if self._book.get(one.transaction_id) is not None:
                    self._book.change(one, waiting_for=UNREADABLE_RECEIPT)
                continue
            is_reverted = settled.state is TransactionState.REVERTED
            cause = (await why_reverted(self._rpc, settled))[:500] if is_reverted else ""
            readable.append((one, receipt, cause))
        changed: list[Transaction] = []
        for one, receipt, cause in readable:
            current = self._book.get(one.transaction_id) or one
            changed.append(msgspec.structs.replace(settled_by(current, receipt, now), error=cause))
            others = [other for other in self._book.at_nonce(one.nonce) if not _is_same(other, one)]
            changed += replaced(others, NONCE_GONE)
        if changed:
            self._book.settle(*changed)
            self._watch(changed)

    async def review(
        self, mined: Sequence[Transaction], sightings: Sequence[Sighting], *, at_once: bool = False
    ) -> None:
        """Compare what was mined with what the chain has of it now: gone, in another block, or still there.

        Without `at_once` only what stays away for some looks is gone, since endpoints lag.
        """
        still, moved = [], []
        for one, sighting in zip(mined, sightings, strict=True):
            if sighting.receipt is None:
                if sighting.is_certain and (at_once or self._recent.is_gone(one, self._clock.monotonic())):
                    self._reopen(one)  # an error is not a no
            elif sighting.receipt.get("blockHash") != one.block_hash:
                moved.append((one, sighting.receipt))
            else:
                still.append(one)
        self._watch(still)
        await self.finish(moved)

    def _watch(self, settled: Iterable[Transaction]) -> None:
        self._recent.see(settled, self._prices().block_number, self._clock.monotonic())

    def reopen_rivals(self, rivals: Iterable[Transaction]) -> bool:
        """Open what lost its nonce to another of ours, now that the other is gone; tell whether any is."""
        lost = [one for one in rivals if one.state is TransactionState.REPLACED and one.error == NONCE_GONE]
        for one in lost:
            self._reopen(one)
        return bool(lost)

    def _reopen(self, transaction: Transaction) -> None:
        log.warning("a settled transaction is open again", hash=transaction.hash, nonce=transaction.nonce)
        reopened = msgspec.structs.replace(
            transaction,
            state=TransactionState.SENT,
            mined_at=None,
            block_number=None,
            block_hash=None,
            gas_used=None,
            fee_wei=None,
            error="",
            waiting_for=REORGANISED,
            # Mined again it may make another task.
            task_key=None if transaction.kind is TransactionKind.SUBMIT else transaction.task_key,
        )
        self._book.reopen(reopened)
        self._watch([reopened])


def replaced(transactions: Iterable[Transaction], why: str) -> list[Transaction]:
    """Return transactions as they stand once their nonce is another's."""
    return [
        msgspec.structs.replace(one, state=TransactionState.REPLACED, error=why, waiting_for="")
        for one in transactions
    ]


def _is_same(one: Transaction, other: Transaction) -> bool:
    return one.transaction_id == other.transaction_id
