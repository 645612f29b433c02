"""What a transaction may cost."""

from __future__ import annotations

import msgspec

GAS_MARGIN_PERCENT = 25  # an estimate holds for the state it was made on


class Fees(msgspec.Struct, frozen=True, kw_only=True):
    """Type-2 fee fields, wei a unit of gas."""

    max_fee_wei: int
    priority_fee_wei: int


def fees_for(base_fee_wei: int, priority_fee_wei: int, cap_wei: int) -> Fees:
    """Return fees that survive a doubled base fee, never above the cap."""
    max_fee = min(2 * base_fee_wei + priority_fee_wei, cap_wei)
    return Fees(max_fee_wei=max_fee, priority_fee_wei=min(priority_fee_wei, max_fee))


def gas_limit_for(estimate: int) -> int:
    """Return the gas limit to set for an estimate."""
    return estimate * (100 + GAS_MARGIN_PERCENT) // 100
