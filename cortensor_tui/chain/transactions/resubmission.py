"""What to do about a transaction that is not mined yet. Pure: the same situation has the same answer."""

from __future__ import annotations

import msgspec

from cortensor_tui.chain.contracts.send_errors import SendError
from cortensor_tui.chain.transactions.fees import Fees, GasPrices, raised

REFUSALS_UNTIL_NO_OP = 10
ABOVE_CAP = "the base fee is above CORTENSOR_TUI_MAX_FEE_GWEI"
AT_CAP = "its fees are at CORTENSOR_TUI_MAX_FEE_GWEI"
DROPPED = "dropped by the endpoint, sent again"
GAP_BELOW = "an earlier nonce is missing"
QUEUED_BELOW = "an earlier nonce is not mined yet"
NO_OP_SENT = "it cannot be mined; a no-op takes its nonce"


class SendRules(msgspec.Struct, frozen=True, kw_only=True):
    """How one network wants its transactions.

    `bump`: raise fees for mere waiting. Not where a sequencer takes them first come, first served; that a
    base fee above the offer calls for a higher one holds everywhere.
    """

    fee_cap_wei: int
    bump: bool = True
    bump_after_blocks: int = 3
    rebroadcast_s: float = 2.0


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one unmined transaction. `is_known` is None where the endpoint could not tell.

    `fees` are None where an older journal has only the bytes. `blocks_waited` counts since its last fees.
    """

    prices: GasPrices
    fees: Fees | None
    is_known: bool | None
    is_next: bool
    is_gap_below: bool = False
    has_no_op: bool = False
    since_sent_s: float | None = None
    blocks_waited: int = 0
    refusals: int = 0
    last_refusal: SendError | None = None


class Wait(msgspec.Struct, frozen=True):
    """Leave it alone. `why` is empty where all is well."""

    why: str = ""


class Resend(msgspec.Struct, frozen=True):
    """Send the same bytes again."""

    why: str


class Raise(msgspec.Struct, frozen=True):
    """Sign again with these fees: same nonce, same call."""

    fees: Fees
    why: str


class FillGap(msgspec.Struct, frozen=True):
    """Let a no-op take the nonce, so that later ones can be mined."""

    why: str


Step = Wait | Resend | Raise | FillGap


def next_step(given: Situation, rules: SendRules) -> Step:
    """Return the one right thing to do now."""
    if given.has_no_op:
        return Wait(NO_OP_SENT)
    is_hopeless = given.last_refusal in (SendError.REVERTED, SendError.INVALID)
    if is_hopeless and given.refusals >= REFUSALS_UNTIL_NO_OP:
        return FillGap(f"refused {given.refusals} times")
    if given.fees is not None:
        if given.prices.base_fee_wei > given.fees.max_fee_wei:
            return _raise(given, rules, "the base fee passed its offer", ABOVE_CAP)
        is_too_low = given.last_refusal in (SendError.REPLACES_CHEAPLY, SendError.FEE_TOO_LOW)
        if is_too_low and _is_overdue(given, rules):
            return _raise(given, rules, "its offer was refused as too low", AT_CAP)
    if given.is_known is not True and _is_overdue(given, rules):
        return Resend(DROPPED if given.since_sent_s is not None else "")
    if given.is_gap_below:
        return Wait(GAP_BELOW)
    if not given.is_next:
        return Wait(QUEUED_BELOW)
    if rules.bump and given.fees is not None and given.blocks_waited >= rules.bump_after_blocks:
        return _raise(given, rules, f"it waited {given.blocks_waited} blocks", AT_CAP)
    return Wait()


def _raise(given: Situation, rules: SendRules, why: str, why_not: str) -> Step:
    fees = None if given.fees is None else raised(given.fees, given.prices, rules.fee_cap_wei)
    if fees is not None and fees.max_fee_wei >= given.prices.base_fee_wei:
        return Raise(fees, why)
    # At the cap it waits, but what the endpoint has lost is still sent again.
    if given.is_known is not True and _is_overdue(given, rules):
        return Resend(why_not)
    return Wait(why_not)


def _is_overdue(given: Situation, rules: SendRules) -> bool:
    return given.since_sent_s is None or given.since_sent_s >= rules.rebroadcast_s
