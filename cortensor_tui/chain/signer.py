"""Keys: addresses from them, and signatures with them. The only place that holds one unmasked."""

from __future__ import annotations

from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from cortensor_tui.domain.problems import problem_error


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
                "Make a new key and set NODE_PRIVATE_KEY or CORTENSOR_TUI_OWNER_PRIVATE_KEY",
            ) from error
        self._chain_id = chain_id
        self.address = str(self._account.address)

    def sign(self, fields: dict[str, Any]) -> tuple[bytes, str]:
        """Return the signed bytes and the transaction's hash, 0x hex."""
        signed = self._account.sign_transaction({"type": 2, "chainId": self._chain_id, "value": 0, **fields})
        return bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex()

    def __repr__(self) -> str:
        return f"Signer({self.address})"
