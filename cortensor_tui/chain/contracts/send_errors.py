"""What an endpoint's refusal of a transaction means. One table, by meaning."""

from __future__ import annotations

from enum import Enum

from cortensor_tui.chain.contracts.abi import revert_sentence
from cortensor_tui.chain.rpc.client import RpcError
from cortensor_tui.domain.problems import ProblemError, problem_error


class SendError(Enum):
    """Each has one right reaction, named here."""

    ALREADY_KNOWN = "it was sent before: go on waiting for it"
    NONCE_TOO_LOW = "another transaction took the nonce, or ours is mined already: look for its receipt"
    NONCE_TOO_HIGH = "an earlier transaction is missing: send that again"
    REPLACES_CHEAPLY = "another transaction with this nonce waits already: raise the fees by 10 % at least"
    FEE_TOO_LOW = "it was not taken: raise the fees to what the chain asks now"
    NO_FUNDS = "it was not taken: pause until the balance is filled"
    REVERTED = "it was not taken: do not send"
    INVALID = "it was not taken: show the endpoint's words"
    UNCLEAR = "it may have been taken: keep the nonce, ask, and send the same bytes again"


# Only these say for certain that the transaction was not taken, so that its nonce may be used again.
NOT_TAKEN = frozenset(
    {
        SendError.FEE_TOO_LOW,
        SendError.NO_FUNDS,
        SendError.REVERTED,
        SendError.INVALID,
    }
)

# For whoever meets such a refusal: a task's step is sent again by itself, what a person asked for is not.
GOES_ON = "Tasks go on by themselves then; ask again for anything else"

_MARKS: tuple[tuple[SendError, tuple[str, ...]], ...] = (
    (SendError.ALREADY_KNOWN, ("already known", "already imported", "known transaction", "alreadyknown")),
    (SendError.NONCE_TOO_LOW, ("nonce too low", "nonce is too low", "nonce has already been used")),
    (SendError.NONCE_TOO_HIGH, ("nonce too high", "nonce gap")),
    (
        SendError.REPLACES_CHEAPLY,
        ("replacement transaction underpriced", "replacement fee too low", "could not replace existing tx"),
    ),
    (SendError.FEE_TOO_LOW, ("underpriced", "less than block base fee", "fee cap less than", "fee too low")),
    (SendError.NO_FUNDS, ("insufficient funds", "insufficient balance", "doesn't have enough funds")),
    # geth and most others; Nethermind; Hardhat; Ganache
    (
        SendError.REVERTED,
        ("execution reverted", "vm execution error", "transaction reverted", "transaction: revert"),
    ),
    (
        SendError.INVALID,
        (
            "intrinsic gas",
            "exceeds block gas limit",
            "gas limit too high",
            "oversized data",
            "invalid sender",
            "invalid signature",
            "invalid chain id",
            "wrong chain",
        ),
    ),
)


def classify(error: RpcError) -> SendError:
    """Return what the refusal means, from its code and words (clients differ in both)."""
    if error.code == 3:
        return SendError.REVERTED
    message = error.message.lower()
    for meaning, marks in _MARKS:
        if any(mark in message for mark in marks):
            return meaning
    return SendError.UNCLEAR


def refusal(error: RpcError, address: str) -> ProblemError:
    """Return the refusal of a call or transaction as a person meets it; `address` is the sender."""
    meaning = classify(error)
    if meaning is SendError.NO_FUNDS:
        return problem_error(
            "no_balance",
            f"The account {address} cannot pay for gas",
            error.message,
            f"Send it some of the chain's coin. {GOES_ON}",
        )
    if meaning is SendError.REVERTED:
        return problem_error(
            "reverted", "The contract refuses this call", revert_sentence(error.data, error.message)
        )
    if meaning is SendError.FEE_TOO_LOW:
        return problem_error(
            "fee_too_low",
            "The fee is below what the chain asks now",
            error.message,
            f"Wait until that falls, or raise CORTENSOR_TUI_MAX_FEE_GWEI if that is the limit. {GOES_ON}",
        )
    return problem_error("send_refused", "The chain endpoint refused the transaction", error.message)
