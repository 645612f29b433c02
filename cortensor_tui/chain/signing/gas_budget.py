"""How much gas a key may pay for within a day, counted from the journal and so across restarts."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.quantities import cost, ether
from cortensor_tui.journal.transactions import TransactionLog

DAY_S: Final = 86_400.0
_SHOWN_PLACES: Final = 9  # of ether, to the gwei


class GasBudget:
    """The day's budget of one key on one chain."""

    def __init__(
        self, address: str, limit_wei: int, transactions: TransactionLog, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._address = address
        self._limit_wei = limit_wei
        self._log = transactions
        self._clock = clock
        self._refused_wei: int | None = None

    def take_limit(self, limit_wei: int) -> None:
        """Count against another limit from now on."""
        self._limit_wei = limit_wei

    def require(self, nonce: int, cost_wei: int) -> None:
        """Raise `ProblemError` "gas_budget" when another transaction of this highest cost is too much.

        Another signature for a nonce in flight is let through, since all behind it wait for that one; what it
        may cost counts from then on.
        """
        if self._log.is_in_flight(self._address, nonce):
            return
        self._refused_wei = cost_wei
        problem = self.problem
        if problem is not None:
            raise ProblemError(problem)

    @property
    def problem(self) -> Problem | None:
        """Return why the last refused transaction would still be refused; None once it would not."""
        if self._refused_wei is None:
            return None
        now = self._clock.now()
        spent_wei, first_at = self._log.spent_since(self._address, now - DAY_S)
        in_flight_wei = self._log.in_flight_wei(self._address)
        if spent_wei + in_flight_wei + self._refused_wei <= self._limit_wei:
            self._refused_wei = None
            return None
        return Problem(
            code="gas_budget",
            what=f"The key of {self._address} has used up its gas budget of the day",
            why=(
                f"{_cost(spent_wei)} spent in 24 hours, {_cost(in_flight_wei)} at most in flight and "
                f"{_cost(self._refused_wei)} at most for the next are above "
                f"{ether(self._limit_wei, _SHOWN_PLACES)}"
            ),
            remedy=f"The node goes on by itself{_moment(first_at)}; to go on now, raise "
            "CORTENSOR_TUI_DAILY_GAS_BUDGET_ETH",
        )


def _cost(wei: int) -> str:
    return cost(wei, _SHOWN_PLACES)


def _moment(first_at: float | None) -> str:
    """Return when the oldest expense of the day falls out of it."""
    if first_at is None:
        return " when what is in flight is mined"
    return f", from {datetime.fromtimestamp(first_at + DAY_S).astimezone():%H:%M} on"
