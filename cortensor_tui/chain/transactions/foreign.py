"""What is said when another program used the key."""

from __future__ import annotations

from cortensor_tui.domain.problems import Problem

TAKEN = "another program's transaction with this nonce was mined: is the key used elsewhere?"

TAKEN_BY_WALLET = "another transaction with this nonce was mined: did the wallet that signed it send that?"


def foreign_key_use(address: str, nonce: int) -> Problem:
    """Return the problem that stops the sending until a restart."""
    return Problem(
        code="foreign_key_use",
        what=f"Another program uses the key of {address}, so this node has stopped sending",
        why=f"nonce {nonce} was used on chain by a transaction that this node did not sign",
        remedy="Stop the other program or give the node a key of its own, then start the node again",
    )


def adopted_nonce(address: str, expected: int, found: int) -> str:
    """Return the warning for a key that was used while the node was not running."""
    return (
        f"The key of {address} was used while this node was not running: its next nonce is {found}, the"
        f" journal ends before {expected}. Give the node a key of its own, unless the journal is from an"
        " older backup"
    )
