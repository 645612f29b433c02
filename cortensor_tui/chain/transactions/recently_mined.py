"""What was mined and may still be taken back: looked at again as the chain goes on, less and less often.

Whoever watches the chain may never learn of it: a receipt can come from a block that the head just seen has
not reached, and that block be gone before the next look.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cortensor_tui.domain.transactions import Transaction, TransactionState

# Longer than any public chain takes to be final: half an hour on Arbitrum, whose blocks Ethereum finalises.
WATCHED_S = 1_800.0
MOST_WATCHED = 200
MOST_A_LOOK = 40
# An endpoint behind a balancer may lag for a look or two.
LOOKS_UNTIL_GONE = 3
GONE_PATIENCE_S = 3.0


class _Watched(msgspec.Struct):
    """Monotonic seconds; `head` is the number of the newest block when it was last looked at."""

    transaction: Transaction
    mined_s: float
    looked_s: float
    head: int | None
    missing_looks: int = 0
    missing_since_s: float = 0.0


class RecentlyMined:
    """The newest of one key's mined and reverted transactions."""

    def __init__(self) -> None:
        self._watched: dict[int, _Watched] = {}

    def see(self, transactions: Iterable[Transaction], head: int | None, now_s: float) -> None:
        """Take what has a receipt now, as the journal has it."""
        for one in transactions:
            before = self._watched.pop(one.transaction_id, None)
            if one.state in (TransactionState.MINED, TransactionState.REVERTED):
                is_same = before is not None and before.transaction.block_hash == one.block_hash
                mined_s = before.mined_s if before is not None and is_same else now_s
                self._watched[one.transaction_id] = _Watched(one, mined_s, now_s, head)
        while len(self._watched) > MOST_WATCHED:
            del self._watched[next(iter(self._watched))]

    def due(self, head: int | None, now_s: float) -> list[Transaction]:
        """Return what is to be looked at: what was missing, and at a new head what is twice as old by now."""
        for transaction_id, one in list(self._watched.items()):
            if now_s - one.mined_s > WATCHED_S and not one.missing_looks:
                del self._watched[transaction_id]
        due = [
            one.transaction
            for one in self._watched.values()
            if one.missing_looks
            or (head != one.head and now_s - one.mined_s >= 2 * (one.looked_s - one.mined_s))
        ]
        return due[-MOST_A_LOOK:]

    def is_gone(self, transaction: Transaction, now_s: float) -> bool:
        """Count a look that found no receipt; tell whether that is enough."""
        one = self._watched.get(transaction.transaction_id)
        if one is None:
            return False
        if not one.missing_looks:
            one.missing_since_s = now_s
        one.missing_looks += 1
        is_late = now_s - one.missing_since_s >= GONE_PATIENCE_S
        return one.missing_looks >= LOOKS_UNTIL_GONE and is_late
