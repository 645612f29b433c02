"""Transactions of the embedded chain that wait to be mined, nonce gaps and replacements included."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from cortensor_tui.devnet.block_index import BlockRecord, TransactionRecord
from cortensor_tui.devnet.embedded_transactions import SignedTransaction, TransactionRefusedError

MAX_TRANSACTIONS = 4096
MAX_NONCE_GAP = 1024
_PRICE_BUMP_PERCENT = 10  # a replacement must raise both fees by this, as on other nodes


class AlreadyKnownError(TransactionRefusedError):
    """The very same transaction waits already or is mined."""


class Mempool:
    """Waiting transactions by sender and nonce; used from one thread.

    What the head's state says of an account is passed in by the caller; the pool remembers only how far each
    sender's mined transactions went, so that a block mined in between cannot confuse it.
    """

    def __init__(self) -> None:
        self._by_sender: dict[bytes, dict[int, SignedTransaction]] = {}
        self._by_hash: dict[bytes, SignedTransaction] = {}
        self._next_nonce: dict[bytes, int] = {}
        self._arrival: dict[bytes, int] = {}
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._by_hash)

    def __contains__(self, transaction_hash: bytes) -> bool:
        return transaction_hash in self._by_hash

    def get(self, transaction_hash: bytes) -> TransactionRecord | None:
        """Return a waiting transaction."""
        waiting = self._by_hash.get(transaction_hash)
        return None if waiting is None else waiting.record

    def next_nonce(self, sender: bytes, account_nonce: int) -> int:
        """Return the nonce a sender's next transaction needs, counting those that wait without a gap."""
        nonce = self._mined_nonce(sender, account_nonce)
        waiting = self._by_sender.get(sender, {})
        while nonce in waiting:
            nonce += 1
        return nonce

    def add(self, transaction: SignedTransaction, account_nonce: int, balance_wei: int) -> None:
        """Take a transaction in, or raise TransactionRefusedError with the reason."""
        record = transaction.record
        if record.hash in self._by_hash:
            raise AlreadyKnownError("already known")
        nonce = self._mined_nonce(record.sender, account_nonce)
        if record.nonce < nonce:
            raise TransactionRefusedError(
                f"nonce too low: next nonce {nonce}, transaction nonce {record.nonce}"
            )
        if record.nonce > nonce + MAX_NONCE_GAP:
            raise TransactionRefusedError(
                f"nonce too high: next nonce {nonce}, transaction nonce {record.nonce}"
            )
        replaced = self._by_sender.get(record.sender, {}).get(record.nonce)
        self._check_funds(transaction, replaced, balance_wei)
        if replaced is not None:
            _check_replacement(replaced.record, record)
            self._remove(replaced.record)
        elif len(self._by_hash) >= MAX_TRANSACTIONS:
            raise TransactionRefusedError(f"the transaction pool is full: {MAX_TRANSACTIONS} wait already")
        self._next_nonce[record.sender] = nonce
        self._by_hash[record.hash] = transaction
        self._by_sender.setdefault(record.sender, {})[record.nonce] = transaction
        self._arrivals += 1
        self._arrival[record.hash] = self._arrivals

    def executable(self, base_fee: int) -> list[SignedTransaction]:
        """Return what can be mined at a base fee: the best tip first, each sender's in nonce order."""
        heap: list[tuple[int, int, SignedTransaction]] = []
        for sender in self._by_sender:
            self._push(heap, sender, self._next_nonce[sender], base_fee)
        ordered: list[SignedTransaction] = []
        while heap:
            _, _, transaction = heapq.heappop(heap)
            ordered.append(transaction)
            self._push(heap, transaction.record.sender, transaction.record.nonce + 1, base_fee)
        return ordered

    def settle(self, block: BlockRecord, dropped: Iterable[bytes]) -> None:
        """Forget what a new block mined or what can never be mined."""
        for record in block.transactions:
            self._next_nonce[record.sender] = record.nonce + 1
            waiting = self._by_sender.get(record.sender, {}).get(record.nonce)
            if waiting is not None:  # it, or a replacement that came while the block was made
                self._remove(waiting.record)
        for transaction_hash in dropped:
            transaction = self._by_hash.get(transaction_hash)
            if transaction is not None:
                self._remove(transaction.record)

    def _push(
        self, heap: list[tuple[int, int, SignedTransaction]], sender: bytes, nonce: int, base_fee: int
    ) -> None:
        transaction = self._by_sender[sender].get(nonce)
        if transaction is None:
            return
        tip = transaction.record.effective_tip(base_fee)
        if tip >= 0:
            heapq.heappush(heap, (-tip, self._arrival[transaction.record.hash], transaction))

    def _mined_nonce(self, sender: bytes, account_nonce: int) -> int:
        return max(account_nonce, self._next_nonce.get(sender, 0))

    def _check_funds(
        self, transaction: SignedTransaction, replaced: SignedTransaction | None, balance_wei: int
    ) -> None:
        others = self._by_sender.get(transaction.record.sender, {}).values()
        committed_wei = sum(other.maximum_cost for other in others if other is not replaced)
        if committed_wei + transaction.maximum_cost > balance_wei:
            waiting = f", {committed_wei} is held by waiting transactions" if committed_wei else ""
            raise TransactionRefusedError(
                f"insufficient funds for gas * price + value: balance {balance_wei}, "
                f"transaction cost {transaction.maximum_cost}{waiting}"
            )

    def _remove(self, record: TransactionRecord) -> None:
        del self._by_hash[record.hash]
        del self._arrival[record.hash]
        waiting = self._by_sender[record.sender]
        del waiting[record.nonce]
        if not waiting:
            del self._by_sender[record.sender]


def _check_replacement(old: TransactionRecord, new: TransactionRecord) -> None:
    pairs = (
        (old.max_fee_per_gas, new.max_fee_per_gas),
        (old.max_priority_fee_per_gas, new.max_priority_fee_per_gas),
    )
    if any(after * 100 < before * (100 + _PRICE_BUMP_PERCENT) for before, after in pairs):
        raise TransactionRefusedError("replacement transaction underpriced")
