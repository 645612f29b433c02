"""Transactions as the node sends and follows them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cortensor_tui.domain.tasks import TaskKey


class TransactionKind(StrEnum):
    """What a transaction is for: the first three are the miner's, then the owner's.

    A `no-op` moves nothing: it takes a nonce whose own transaction can never be mined.
    """

    ACK = "ack"
    PRECOMMIT = "precommit"
    COMMIT = "commit"
    BIND = "bind"
    UNBIND = "unbind"
    CREATE_SESSION = "create session"
    UPDATE_SESSION = "update session"
    DEACTIVATE_SESSION = "deactivate"
    SUBMIT = "submit"
    NO_OP = "no-op"


class TransactionState(StrEnum):
    """Life of a transaction. `signed` is saved but perhaps not sent; `unknown` was sent and not answered.

    `rejected` was certainly not taken and its nonce is used again; `replaced` lost its nonce to another.
    """

    SIGNED = "signed"
    SENT = "sent"
    UNKNOWN = "unknown"
    MINED = "mined"
    REVERTED = "reverted"
    REJECTED = "rejected"
    REPLACED = "replaced"

    @property
    def is_final(self) -> bool:
        """Tell whether the transaction will not change any more, short of a reorganisation."""
        return self in _FINAL


_FINAL = frozenset(
    {
        TransactionState.MINED,
        TransactionState.REVERTED,
        TransactionState.REJECTED,
        TransactionState.REPLACED,
    }
)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One signature of a transaction: same nonce and call as its others, other fees. Wei a unit of gas.

    Fees are None where an older journal did not keep them; `error` is the endpoint's last word on it.
    """

    number: int
    hash: str
    signed_at: float
    max_fee_wei: str | None = None
    priority_fee_wei: str | None = None
    sent_at: float | None = None
    error: str = ""


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """One intended call at one nonce. Times in unix seconds, hashes 0x hex; wei as text, as in `Account`.

    `mined_at` is None of one that was seen on chain where the endpoint does not tell when its block was.
    `hash` is the mined attempt's, else the newest one's. `waiting_for` says why it is not mined yet, where
    that is known. `call` is the decoded call for people; `is_hidden`: its arguments were left out, since
    the session is private and was not asked for.
    """

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
    block_hash: str | None = None
    gas_limit: int | None = None
    gas_used: int | None = None
    fee_wei: str | None = None
    error: str = ""
    call: str = ""
    deadline_at: float | None = None
    waiting_for: str = ""
    attempts: tuple[Attempt, ...] = ()
    is_hidden: bool = False

    @property
    def at(self) -> float | None:
        """Return when it was mined, or else sent or made here; None where its block's time is not known."""
        if self.state in (TransactionState.MINED, TransactionState.REVERTED):
            return self.mined_at
        return self.sent_at or self.created_at

    @property
    def signed_at(self) -> float | None:
        """Return when it was first signed, None where another program sent it and it was seen on chain."""
        if self.attempts:
            return self.attempts[0].signed_at
        is_own = self.sent_at is not None or self.state is TransactionState.SIGNED
        return self.created_at if is_own else None
