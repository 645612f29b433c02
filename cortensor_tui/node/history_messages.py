"""What a client asks about tasks and transactions, and what the node answers."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.tasks import MinerResult, TaskKey, TaskView
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.domain.verification import Verification


class GetTasks(msgspec.Struct, frozen=True, kw_only=True, tag="get_tasks"):
    """Newest first. Answered with `Tasks`."""

    session_id: int | None = None
    limit: int = 100


class GetTask(msgspec.Struct, frozen=True, kw_only=True, tag="get_task"):
    """One task with its texts whole; lists carry their start. Answered with `Tasks`."""

    key: TaskKey


class GetTransactions(msgspec.Struct, frozen=True, kw_only=True, tag="get_transactions"):
    """Newest first. Answered with `Transactions`."""

    limit: int = 100


class WaitTask(msgspec.Struct, frozen=True, kw_only=True, tag="wait_task"):
    """Answered with `TaskOutcome` when the task has ended on chain, or as it stands after the time."""

    key: TaskKey
    timeout_s: float = 120.0


class Verify(msgspec.Struct, frozen=True, kw_only=True, tag="verify"):
    """Check a task's stored bytes against the chain. Answered with `Verification`."""

    key: TaskKey


HistoryRequest = GetTasks | GetTask | GetTransactions | WaitTask | Verify


class Tasks(msgspec.Struct, frozen=True, tag="task_list"):
    tasks: tuple[TaskView, ...]


class Transactions(msgspec.Struct, frozen=True, tag="transaction_list"):
    transactions: tuple[Transaction, ...]


class TaskOutcome(msgspec.Struct, frozen=True, kw_only=True, tag="task_outcome"):
    """A task and every miner's answer as they stand on chain; `note` is why this node missed it.

    `is_hidden`: the answers were left out, since the session is private and was not asked for.
    """

    key: TaskKey
    stage: str
    is_ended: bool
    results: tuple[MinerResult, ...]
    note: str = ""
    is_hidden: bool = False


HistoryReply = Tasks | Transactions | TaskOutcome | Verification
