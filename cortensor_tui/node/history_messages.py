"""What a client asks about tasks and transactions, and what the node answers."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.inference import Clamp
from cortensor_tui.domain.list_orders import TaskOrder, TransactionOrder
from cortensor_tui.domain.networks import ServedChain
from cortensor_tui.domain.task_filter import HashBegin, Id, TaskFilter
from cortensor_tui.domain.tasks import MinerResult, TaskCursor, TaskKey, TaskView
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.domain.verification import Verification

MOST_LISTED = 200
LEAST_NUMBER = -1e12
"""Less than what anything is sorted by, a duration between two clocks too."""
OLDEST_TASK = TaskCursor(LEAST_NUMBER, TaskKey(-1, -1))
"""After this place are all tasks, in every order."""


class GetTasks(msgspec.Struct, frozen=True, kw_only=True, tag="get_tasks"):
    """A page of tasks, newest first: the newest of all, those next before a place, or those next after one.

    A place after which everything is, such as `OLDEST_TASK`, gives the oldest. At most `MOST_LISTED` come,
    with texts of at most `text_chars`. In another `order`, "newest" is what has its greatest number, and
    places are its own. Answered with `Tasks`.

    `revealed` are the private sessions whose texts the filter may look into. The node says so itself: it puts
    those that the connection was shown in the place of whatever a client says.
    """

    session_id: int | None = None
    filter: TaskFilter | None = None
    before: TaskCursor | None = None
    after: TaskCursor | None = None
    limit: int = 100
    text_chars: int = 16_000
    wants_count: bool = False
    order: TaskOrder = TaskOrder.ASSIGNED
    revealed: tuple[int, ...] = ()


class GetTask(msgspec.Struct, frozen=True, kw_only=True, tag="get_task"):
    """One task with its texts whole; lists carry their start. Answered with `Tasks`."""

    key: TaskKey


class GetTransactions(msgspec.Struct, frozen=True, kw_only=True, tag="get_transactions"):
    """A page of transactions, newest first; `before` and `after` are ids, as in `GetTasks`.

    Those that `TransactionFilter` wants of these fields; all where nothing is said.
    After id 0 come the oldest. In another `order`, `number` is what it has beside the id of the place; after
    `LEAST_NUMBER` come those of the least. Answered with `Transactions`.
    """

    task: TaskKey | None = None
    task_id: Id | None = None
    session_id: int | None = None
    hash: HashBegin = ""
    kinds: tuple[TransactionKind, ...] = ()
    states: tuple[TransactionState, ...] = ()
    before: int | None = None
    after: int | None = None
    limit: int = 100
    wants_count: bool = False
    order: TransactionOrder = TransactionOrder.NEWEST
    number: float | int = 0


class WaitTask(msgspec.Struct, frozen=True, kw_only=True, tag="wait_task"):
    """Answered with `TaskOutcome` when the task has ended on chain, or as it stands after the time."""

    key: TaskKey
    timeout_s: float = 120.0


class Verify(msgspec.Struct, frozen=True, kw_only=True, tag="verify"):
    """Check a task's stored bytes against the chain. Answered with `Verification`."""

    key: TaskKey


HistoryRequest = GetTasks | GetTask | GetTransactions | WaitTask | Verify


class Count(msgspec.Struct, frozen=True):
    """How many there are; at least `number` where `is_more`, because counting on would take too long."""

    number: int
    is_more: bool = False


class Tasks(msgspec.Struct, frozen=True, tag="task_list"):
    """A page. `has_more` tells whether to ask on, in the same direction from `reached`.

    With a filter one request looks through part of the history only, so a page may be short or empty and
    still have more. `past` is as in `NodeStatus`. `unsearched` are private sessions whose tasks came into
    question, and whose texts the filter did not look into, since they were not asked for.
    """

    tasks: tuple[TaskView, ...]
    has_more: bool = False
    reached: TaskCursor | None = None
    count: Count | None = None
    past: ServedChain | None = None
    unsearched: tuple[int, ...] = ()


class Transactions(msgspec.Struct, frozen=True, tag="transaction_list"):
    """A page, as in `Tasks`; `reached` is an id, in another order beside `reached_number`."""

    transactions: tuple[Transaction, ...]
    has_more: bool = False
    reached: int | None = None
    count: Count | None = None
    reached_number: float | int = 0
    past: ServedChain | None = None


class TaskOutcome(msgspec.Struct, frozen=True, kw_only=True, tag="task_outcome"):
    """A task and every miner's answer as they stand on chain; `note` is why this node missed it.

    `clamps` are the parameters that this node could not take as they were asked. `is_hidden`: the answers
    were left out, since the session is private and was not asked for.
    """

    key: TaskKey
    stage: str
    is_ended: bool
    results: tuple[MinerResult, ...]
    note: str = ""
    clamps: tuple[Clamp, ...] = ()
    is_hidden: bool = False


HistoryReply = Tasks | Transactions | TaskOutcome | Verification
