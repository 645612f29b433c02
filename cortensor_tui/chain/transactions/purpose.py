"""What a caller says of a transaction, and what it is told beforehand."""

from __future__ import annotations

import msgspec

from cortensor_tui.chain.transactions.fees import Fees
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.journal.commitments import Commitment


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a call will take; `fee_wei` is the most it can cost."""

    gas_limit: int
    fees: Fees

    @property
    def fee_wei(self) -> int:
        """Return the most the call can cost."""
        return self.gas_limit * self.fees.max_fee_wei


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """Why a transaction is sent, for the journal and the screen.

    `deadline_at` (unix seconds) is its place in the queue; without one it waits for all that have one.
    With `swap_id` it is a half of that swap in the journal.
    """

    kind: TransactionKind
    session_id: int | None = None
    task_key: TaskKey | None = None
    commitment: Commitment | None = None
    deadline_at: float | None = None
    swap_id: int | None = None
