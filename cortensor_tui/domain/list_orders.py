"""By what the long lists are sorted: for each order one number an item, the same here and in the journal.

Among equals the key decides, so that every item has a place of its own.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from cortensor_tui.domain.tasks import Stage
from cortensor_tui.domain.transactions import Transaction, TransactionState

# Added to, or taken from, unix seconds: what is not over stands beyond every duration, oldest farthest.
UNDER_WAY_S = 1e10
UNDUE_S = 1e11
UNKNOWN = -1
_MOST_WEI = 2**63 - 1  # what the journal can compare; a fee of more than nine ether

_NEVER_MINED = frozenset({TransactionState.REJECTED, TransactionState.REPLACED})


class TaskOrder(StrEnum):
    """An order of tasks, the greatest number first: newest, highest id, due last, longest, most tokens."""

    ASSIGNED = "assigned"
    TASK = "task"
    DUE = "due"
    TOOK = "took"
    TOKENS = "tokens"


class TransactionOrder(StrEnum):
    """An order of transactions, the greatest number first: newest, costliest, longest until mined."""

    NEWEST = "newest"
    FEE = "fee"
    WAIT = "wait"


class SortedTask(Protocol):
    """What tasks are sorted by, unix seconds."""

    @property
    def stage(self) -> Stage: ...
    @property
    def assigned_at(self) -> float | None: ...
    @property
    def ended_at(self) -> float | None: ...
    @property
    def deadline_at(self) -> float | None: ...
    @property
    def answer_tokens(self) -> int | None: ...


def task_number(order: TaskOrder, task: SortedTask) -> float:
    """Return what a task is sorted by. Under way is before the longest, without a deadline after the last."""
    assigned_at = task.assigned_at or 0.0
    match order:
        case TaskOrder.ASSIGNED:
            return assigned_at
        case TaskOrder.TASK:
            return 0.0
        case TaskOrder.DUE:
            is_due = not task.stage.is_final and task.deadline_at is not None
            return task.deadline_at if is_due and task.deadline_at is not None else UNDUE_S - assigned_at
        case TaskOrder.TOOK:
            if task.ended_at is not None:
                return task.ended_at - assigned_at
            return UNKNOWN if task.stage.is_final else UNDER_WAY_S - assigned_at
        case TaskOrder.TOKENS:
            return UNKNOWN if task.answer_tokens is None else task.answer_tokens


def transaction_number(order: TransactionOrder, one: Transaction) -> float:
    """Return what a transaction is sorted by; those that wait still stand before the longest wait."""
    match order:
        case TransactionOrder.NEWEST:
            return 0
        case TransactionOrder.FEE:
            return UNKNOWN if one.fee_wei is None else min(int(one.fee_wei), _MOST_WEI)
        case TransactionOrder.WAIT:
            if one.mined_at is not None and one.sent_at is not None:
                return one.mined_at - one.sent_at
            is_over = one.mined_at is not None or one.state in _NEVER_MINED
            return UNKNOWN if is_over else UNDER_WAY_S - one.created_at
