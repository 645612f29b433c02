"""How many tasks the miner's coins still pay for, from what its tasks took of late and the price now."""

from __future__ import annotations

from collections.abc import Sequence

from cortensor_tui.chain.signing.gas_budget import DAY_S
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.gas import GasOutlook
from cortensor_tui.journal.transactions import TransactionLog

COUNTED_TASKS = 20
REREAD_S = 60.0  # what was spent a day ago falls out of the day's budget meanwhile


class GasWatch:
    """Keeps what the journal says of one key's gas, and reads it again when that may have changed.

    `budget_wei` is what the key may pay a day, None where it is not this program that pays.
    """

    def __init__(
        self, address: str, budget_wei: int | None, transactions: TransactionLog, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._address = address
        self._budget_wei = budget_wei
        self._log = transactions
        self._clock = clock
        self._read_at_s: float | None = None
        self._task_gas: list[int] = []
        self._left_wei = budget_wei

    def take_budget(self, budget_wei: int) -> None:
        """Count against another day's budget from now on."""
        self._budget_wei, self._read_at_s = budget_wei, None

    def changed(self) -> None:
        """Take notice that a transaction has changed."""
        self._read_at_s = None

    def outlook(self, balance_wei: int | None, price_wei: int | None) -> GasOutlook:
        """Return how far this balance goes at this price of a unit of gas."""
        now_s = self._clock.monotonic()
        if self._read_at_s is None or now_s - self._read_at_s > REREAD_S:
            self._read()
            self._read_at_s = now_s
        return outlook(balance_wei, price_wei, self._task_gas, self._budget_wei, self._left_wei)

    def _read(self) -> None:
        spent_wei, _ = self._log.spent_since(self._address, self._clock.now() - DAY_S)
        if self._budget_wei is not None:
            left_wei = self._budget_wei - spent_wei - self._log.in_flight_wei(self._address)
            self._left_wei = max(0, left_wei)
        self._task_gas = self._log.recent_task_gas(self._address, COUNTED_TASKS)


def outlook(
    balance_wei: int | None,
    price_wei: int | None,
    task_gas: Sequence[int],
    day_budget_wei: int | None,
    day_left_wei: int | None,
) -> GasOutlook:
    """Return the figures; `tasks_left` stays unknown as long as any part of it is."""
    average = round(sum(task_gas) / len(task_gas)) if task_gas else None
    cost_wei = None if average is None or price_wei is None else average * price_wei
    tasks_left = balance_wei // cost_wei if balance_wei is not None and cost_wei else None
    return GasOutlook(
        price_wei=None if price_wei is None else str(price_wei),
        task_gas=average,
        counted_tasks=len(task_gas),
        tasks_left=tasks_left,
        day_budget_wei=None if day_budget_wei is None else str(day_budget_wei),
        day_left_wei=None if day_left_wei is None else str(day_left_wei),
    )
