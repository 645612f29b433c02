"""What a key's gas is worth in tasks, and what it may still pay today."""

from __future__ import annotations

import msgspec


class GasOutlook(msgspec.Struct, frozen=True, kw_only=True):
    """How far the miner's coins go. Wei as text, as in `Account`; what is not known is None.

    `price_wei` is that of one unit of gas now. `task_gas` is what one task took on average over the newest
    `counted_tasks` that this node committed. `tasks_left` is what the balance pays for at that price: None
    before the first task, and where gas costs nothing. The day's budget is the guard's own
    (CORTENSOR_TUI_DAILY_GAS_BUDGET_ETH); what is in flight counts as spent.
    """

    price_wei: str | None = None
    task_gas: int | None = None
    counted_tasks: int = 0
    tasks_left: int | None = None
    day_budget_wei: str | None = None
    day_left_wei: str | None = None
