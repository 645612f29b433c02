"""What a transaction may cost, and when each step is due."""

from __future__ import annotations

from functools import partial
from typing import Final

from cortensor_tui.settings import kinds
from cortensor_tui.settings.spec import FROM_PROFILE, Group, Spec, TakesEffect, setting

_setting = partial(setting, Group.TRANSACTIONS)
_SECONDS = kinds.optional(kinds.decimal("0.1", "86400", "seconds"))

TRANSACTIONS: Final[tuple[Spec, ...]] = (
    _setting(
        "CORTENSOR_TUI_MAX_FEE_GWEI",
        "max_fee_gwei",
        kinds.decimal("0.001", "1000000", "gwei"),
        100.0,
        "The most to pay for one unit of gas. Above it a transaction waits.",
        takes_effect=TakesEffect.AT_ONCE,
    ),
    _setting(
        "CORTENSOR_TUI_BUMP",
        "bump",
        kinds.optional(kinds.FLAG),
        None,
        "1 raises the fee of a transaction that waits long; 0 sends the same one again, as suits a chain "
        "whose sequencer takes transactions as they come.",
        default_words=FROM_PROFILE,
        takes_effect=TakesEffect.AT_ONCE,
    ),
    _setting(
        "CORTENSOR_TUI_DAILY_GAS_BUDGET_ETH",
        "daily_gas_budget_wei",
        kinds.optional(kinds.ETHER),
        None,
        "The most that each key may spend on gas within 24 hours. What is in flight counts with its highest "
        "fee. At the limit nothing is signed until the day has moved on.",
        default_words="0.5, and 1000 on a local chain",
        takes_effect=TakesEffect.AT_ONCE,
    ),
    _setting(
        "CORTENSOR_TUI_LOW_BALANCE_ETH",
        "low_balance_wei",
        kinds.ETHER,
        5 * 10**16,
        "Below this balance the node warns.",
        takes_effect=TakesEffect.AT_ONCE,
    ),
    _setting(
        "CORTENSOR_TUI_ACK_DEADLINE_S",
        "ack_deadline_s",
        _SECONDS,
        None,
        "Seconds from the assignment to the ack.",
        default_words=FROM_PROFILE,
    ),
    _setting(
        "CORTENSOR_TUI_PRECOMMIT_DEADLINE_S",
        "precommit_deadline_s",
        _SECONDS,
        None,
        "Seconds from the ack to the precommit.",
        default_words=FROM_PROFILE,
    ),
    _setting(
        "CORTENSOR_TUI_COMMIT_DEADLINE_S",
        "commit_deadline_s",
        _SECONDS,
        None,
        "Seconds from the end of the precommits to the commit.",
        default_words=FROM_PROFILE,
    ),
    _setting(
        "CORTENSOR_TUI_PRECOMMIT_DATA",
        "precommit_data",
        kinds.WORDS,
        "",
        "The precommit's data argument, whose meaning the network does not publish.",
        takes_empty=True,
    ),
)
