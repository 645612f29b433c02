"""What a key may sign. Whatever is outside is refused before a signature exists, the decoded call shown.

A limit here is not the contract's or the chain's: it bounds what a fault of this program, or a stranger who
got hold of the node's socket, could do with the key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

import msgspec

from cortensor_tui.chain.contracts.abi import Interface
from cortensor_tui.chain.contracts.call_text import KnownContract, call_text
from cortensor_tui.chain.signing.gas_budget import GasBudget
from cortensor_tui.chain.signing.signer import TransactionSigner
from cortensor_tui.domain.problems import Problem, problem_error

# Arbitrum takes no transaction above 32 million gas (nitro's default); calls without text need far less.
GAS_FOR_TEXT: Final = 32_000_000
GAS_FOR_NUMBERS: Final = 5_000_000
GAS_FOR_NO_OP: Final = 1_000_000  # 21,000, and on Arbitrum the cost of its data on the parent chain

MINER_CALLS: Final = {"ack": GAS_FOR_NUMBERS, "precommit": GAS_FOR_TEXT, "commit": GAS_FOR_TEXT}
OWNER_CALLS: Final = {
    "create": GAS_FOR_TEXT,
    "update": GAS_FOR_TEXT,
    "deactivateSession": GAS_FOR_NUMBERS,
    "updateOwner": GAS_FOR_NUMBERS,
    "addRouter": GAS_FOR_TEXT,
    "updateRouter": GAS_FOR_TEXT,
    "removeRouter": GAS_FOR_NUMBERS,
    "addDedicatedNode": GAS_FOR_NUMBERS,
    "removeDedicatedNode": GAS_FOR_NUMBERS,
    "submit": GAS_FOR_TEXT,
}
_FIELDS: Final = {"type", "chainId", "nonce", "to", "data", "value", "gas", "accessList"} | {
    "maxFeePerGas",
    "maxPriorityFeePerGas",
}


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """One function that a key may call, and the most gas for it. `address` is in small letters."""

    address: str
    selector: str
    gas_ceiling: int


def allowances(address: str, interface: Interface, ceilings: Mapping[str, int]) -> list[Allowance]:
    """Return what may be called of a contract: the named functions that its generation has."""
    return [
        Allowance(
            address=address.lower(),
            selector="0x" + interface.functions[name].selector.hex(),
            gas_ceiling=ceiling,
        )
        for name, ceiling in ceilings.items()
        if name in interface.functions
    ]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one key may sign on one chain. `contracts` are for decoding what is refused."""

    chain_id: int
    allowed: tuple[Allowance, ...]
    max_fee_wei: int
    contracts: tuple[KnownContract, ...]


class GuardedSigner:
    """Signs within the limits and the day's gas budget, and nothing else."""

    def __init__(self, signer: TransactionSigner, limits: Limits, budget: GasBudget) -> None:
        self.address = signer.address
        self._signer = signer
        self._limits = limits
        self._budget = budget

    def sign(self, fields: dict[str, Any]) -> tuple[bytes, str]:
        """Return the signed bytes and their hash.

        Raises `ProblemError` "guard_refused", or "gas_budget" until the day has moved on.
        """
        check_limits(self.address, self._limits, fields)
        self._budget.require(fields["nonce"], fields["gas"] * fields["maxFeePerGas"])
        return self._signer.sign(fields)

    def take_limits(self, max_fee_wei: int, daily_gas_budget_wei: int) -> None:
        """Sign within another fee cap and another day's budget from now on."""
        self._limits = msgspec.structs.replace(self._limits, max_fee_wei=max_fee_wei)
        self._budget.take_limit(daily_gas_budget_wei)

    @property
    def problem(self) -> Problem | None:
        """Return that the day's gas budget is used up, as long as it is."""
        return self._budget.problem


def check_limits(address: str, limits: Limits, fields: Mapping[str, Any]) -> None:
    """Raise `ProblemError` "guard_refused" with the decoded call and the limit that it broke."""
    to, data = fields.get("to"), str(fields.get("data", "0x"))
    shown = call_text(to, data, limits.contracts)

    def refuse(limit: str) -> NoReturn:
        raise problem_error(
            "guard_refused",
            f"Refused to sign with the key of {address}: {shown}",
            limit,
            "Nothing was signed. Report it if the program itself asked for this",
        )

    unknown = sorted(set(fields) - _FIELDS)
    if unknown or fields.get("accessList") or fields.get("type", 2) not in (2, "0x2"):
        refuse("it is no plain transaction of type 2")
    if fields.get("chainId", limits.chain_id) != limits.chain_id:
        refuse(f"it is for chain {fields['chainId']}, the key signs for {limits.chain_id}")
    if fields.get("value", 0) != 0:
        refuse(f"it would send {fields['value']} wei; this key sends no coin")
    if fields["maxFeePerGas"] > limits.max_fee_wei:
        refuse(f"its fee of {fields['maxFeePerGas']} wei a unit of gas is above {limits.max_fee_wei}")
    ceiling = _gas_ceiling(address, limits.allowed, to, data)
    if ceiling is None:
        refuse("this key may not make this call to this address")
    if not 0 < fields["gas"] <= ceiling:
        refuse(f"its gas limit of {fields['gas']} is above {ceiling}")


def _gas_ceiling(address: str, allowed: Sequence[Allowance], to: Any, data: str) -> int | None:
    """Return the most gas that a call may have, None when it is not allowed at all."""
    if not isinstance(to, str):
        return None
    if to.lower() == address.lower():  # a no-op that fills a gap in the nonces
        return GAS_FOR_NO_OP if data in ("", "0x") else None
    selector = data[:10].lower()
    for allowance in allowed:
        if (allowance.address, allowance.selector) == (to.lower(), selector):
            return allowance.gas_ceiling
    return None
