"""What an endpoint's refusal of a transaction means. One table, by meaning."""

from __future__ import annotations

from enum import Enum

from cortensor_tui.chain.rpc import RpcError


class SendError(Enum):
    """Each has one right reaction, named here."""

    ALREADY_KNOWN = "it was sent before: go on waiting for it"
    NONCE_TOO_LOW = "another transaction took the nonce, or ours is mined already: look for its receipt"
    NONCE_TOO_HIGH = "an earlier transaction is missing: send that again"
    UNDERPRICED = "another transaction with this nonce pays more: wait for its receipt"
    NO_FUNDS = "pause until the balance is filled"
    REVERTED = "do not send"
    REFUSED = "do not send; show the endpoint's words"


_MARKS: tuple[tuple[SendError, tuple[str, ...]], ...] = (
    (SendError.ALREADY_KNOWN, ("already known", "already imported", "known transaction", "alreadyknown")),
    (SendError.NONCE_TOO_LOW, ("nonce too low", "nonce is too low", "nonce has already been used")),
    (SendError.NONCE_TOO_HIGH, ("nonce too high", "nonce gap")),
    (SendError.UNDERPRICED, ("replacement transaction underpriced", "transaction underpriced")),
    (SendError.NO_FUNDS, ("insufficient funds", "insufficient balance", "doesn't have enough funds")),
    (SendError.REVERTED, ("execution reverted", "revert")),
)


def classify(error: RpcError) -> SendError:
    """Return what the refusal means, from its code and words (clients differ in both)."""
    if error.code == 3:
        return SendError.REVERTED
    message = error.message.lower()
    for meaning, marks in _MARKS:
        if any(mark in message for mark in marks):
            return meaning
    return SendError.REFUSED
