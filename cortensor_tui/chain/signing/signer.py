"""Keys: addresses from them, and signatures with them. The only place that holds one unmasked."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
from eth_account import Account
from eth_account.signers.local import LocalAccount

from cortensor_tui.domain.problems import Problem, ProblemError, problem_error


class TransactionSigner(Protocol):
    """Whatever turns the fields of a transaction into signed bytes, or refuses with a `ProblemError`."""

    address: str

    def sign(self, fields: dict[str, Any]) -> tuple[bytes, str]:
        """Return the signed bytes and the transaction's hash, 0x hex."""

    @property
    def problem(self) -> Problem | None:
        """Return what keeps this key from signing anything for now."""


class Signer:
    """Signs type-2 transactions for one key and chain."""

    def __init__(self, private_key: str, chain_id: int) -> None:
        """Raise `ProblemError` when the key is none; its text is in no message."""
        try:
            self._account: LocalAccount = Account.from_key(private_key)
        except Exception as error:  # eth_account and its back ends raise many kinds
            raise problem_error(
                "bad_key",
                "A private key in the settings is not usable",
                "it is not a number within the curve's order",
                "Make a new key with: cortensor-tui keys new",
            ) from error
        self._chain_id = chain_id
        self.address = str(self._account.address)

    def sign(self, fields: dict[str, Any]) -> tuple[bytes, str]:
        """Return the signed bytes and the transaction's hash, 0x hex."""
        signed = self._account.sign_transaction({"type": 2, "chainId": self._chain_id, "value": 0, **fields})
        return bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex()

    @property
    def problem(self) -> Problem | None:
        """A bare key signs always."""
        return None

    def __repr__(self) -> str:
        return f"Signer({self.address})"


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """Both roles' signers; the same object where one key has both."""

    miner: TransactionSigner
    owner: TransactionSigner


class WatchedAddress:
    """An address that this node signs nothing for: everything about it is known, `reason` says why."""

    def __init__(self, address: str, reason: Problem) -> None:
        self.address = address
        self.reason = reason

    def sign(self, fields: dict[str, Any]) -> tuple[bytes, str]:
        """Raise `ProblemError` with the reason."""
        raise ProblemError(self.reason)

    @property
    def problem(self) -> Problem | None:
        """That it signs nothing is no trouble: it is meant so."""
        return None


def key_in_wallet(address: str) -> Problem:
    """Return the reason for an owner whose key is in an external wallet."""
    return Problem(
        code="no_owner_key",
        what=f"This node has no key of {address}",
        why="the owner is known by CORTENSOR_TUI_OWNER_ADDRESS alone",
        remedy="Write it with: cortensor-tui assign SESSION --unsigned FILE, sign it in your wallet, and "
        "send it with: cortensor-tui assign --signed FILE; or give the node the owner's key",
    )
