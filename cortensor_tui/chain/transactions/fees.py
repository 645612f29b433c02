"""What a transaction may cost."""

from __future__ import annotations

import msgspec

GAS_MARGIN_PERCENT = 25  # an estimate holds for the state it was made on
# Clients take a replacement from 10 % more on, of both figures; a little above that is never refused for it.
RAISE_PERMILLE = 1125
LEAST_RAISE_PERMILLE = 1100


class GasPrices(msgspec.Struct, frozen=True, kw_only=True):
    """What the chain asks now, wei a unit of gas, at which block."""

    base_fee_wei: int
    priority_fee_wei: int = 0
    block_number: int | None = None


class Fees(msgspec.Struct, frozen=True, kw_only=True):
    """Type-2 fee fields, wei a unit of gas."""

    max_fee_wei: int
    priority_fee_wei: int


def fees_for(prices: GasPrices, cap_wei: int) -> Fees:
    """Return fees that survive a doubled base fee, never above the cap."""
    max_fee = min(2 * prices.base_fee_wei + prices.priority_fee_wei, cap_wei)
    return Fees(max_fee_wei=max_fee, priority_fee_wei=min(prices.priority_fee_wei, max_fee))


def raised(fees: Fees, prices: GasPrices, cap_wei: int) -> Fees | None:
    """Return fees that replace a waiting transaction's, or None where the cap leaves no room for that.

    Both figures grow by 12.5 %, or to what the chain asks now if that is more.
    """
    asked = fees_for(prices, cap_wei)
    max_fee = min(cap_wei, max(_grown(fees.max_fee_wei, RAISE_PERMILLE), asked.max_fee_wei))
    priority = min(max_fee, max(_grown(fees.priority_fee_wei, RAISE_PERMILLE), asked.priority_fee_wei))
    is_enough = max_fee >= _grown(fees.max_fee_wei, LEAST_RAISE_PERMILLE) and priority >= _grown(
        fees.priority_fee_wei, LEAST_RAISE_PERMILLE
    )
    return Fees(max_fee_wei=max_fee, priority_fee_wei=priority) if is_enough else None


def gas_limit_for(estimate: int) -> int:
    """Return the gas limit to set for an estimate."""
    return estimate * (100 + GAS_MARGIN_PERCENT) // 100


def _grown(wei: int, permille: int) -> int:
    """Return the figure grown and rounded up, by one at least."""
    return max(wei + 1, -(-wei * permille // 1000))
