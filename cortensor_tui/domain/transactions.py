"""Transactions as the node sends and follows them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cortensor_tui.domain.tasks import TaskKey


class TransactionKind(StrEnum):
    """What a transaction is for; the first three are the miner's, the others the owner's."""

    ACK = "ack"
    PRECOMMIT = "precommit"
    COMMIT = "commit"
    BIND = "bind"
    UNBIND = "unbind"
    CREATE_SESSION = "create session"
    SUBMIT = "submit"


class TransactionState(StrEnum):
    """Life of a transaction. `signed` is saved but perhaps not sent; `unknown` was sent and not answered."""

    SIGNED = "signed"
    SENT = "sent"
    UNKNOWN = "unknown"
    MINED = "mined"
    REVERTED = "reverted"
    REJECTED = "rejected"

    @property
    def is_final(self) -> bool:
        """Tell whether the transaction will not change any more."""
        return self in (TransactionState.MINED, TransactionState.REVERTED, TransactionState.REJECTED)


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction. Times in unix seconds, hashes 0x hex; wei travels as text, as in `Account`."""

    transaction_id: int
    kind: TransactionKind
    state: TransactionState
    sender: str
    nonce: int
    hash: str
    created_at: float
    session_id: int | None = None
    task_key: TaskKey | None = None
    sent_at: float | None = None
    mined_at: float | None = None
    block_number: int | None = None
    gas_used: int | None = None
    fee_wei: str | None = None
    error: str = ""
