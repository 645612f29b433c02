"""How the two long lists are asked for: tasks by a filter, transactions by what they belong to."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from cortensor_tui.dashboard.history import PAGE_ROWS, Ask, Entry, Page, Place, Seen, Side
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.task_filter import TaskFilter
from cortensor_tui.domain.tasks import TaskCursor, TaskKey, TaskView
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.history_messages import OLDEST_TASK, GetTasks, GetTransactions, Tasks, Transactions
from cortensor_tui.node.messages import ReplyBody, RequestBody

ROW_TEXT_CHARS = 200  # of a prompt or answer, for a row's width

ItemOut = TypeVar("ItemOut")


class Pages(Protocol[ItemOut]):
    """One list: what to ask the node for it, and what its answers mean."""

    def request(self, ask: Ask) -> RequestBody:
        """Return what to ask the node for a page."""

    def page(self, reply: ReplyBody) -> Page[ItemOut]:
        """Return the page in an answer. Raises `ProblemError` for an answer to something else."""

    def tail(self, view: NodeView, now: float) -> list[Seen[ItemOut]]:
        """Return what the node told of lately, and whether it is of the list at `now`, unix seconds."""


class TaskPages(msgspec.Struct, frozen=True):
    """The tasks that a filter wants, by when they were assigned."""

    wanted: TaskFilter = TaskFilter()

    def request(self, ask: Ask) -> GetTasks:
        """Return what to ask the node for a page."""
        place = None if ask.beyond is None else _cursor(ask.beyond)
        is_older = ask.side is Side.OLDER
        return GetTasks(
            filter=self.wanted,
            before=place if is_older else None,
            after=None if is_older else place or OLDEST_TASK,
            limit=PAGE_ROWS,
            text_chars=ROW_TEXT_CHARS,
            wants_count=ask.beyond is None,
        )

    def page(self, reply: ReplyBody) -> Page[TaskView]:
        """Return the page in an answer. Raises `ProblemError` for an answer to something else."""
        if not isinstance(reply, Tasks):
            raise _unexpected(reply)
        reached = None
        if reply.has_more and reply.reached is not None:
            reached = _task_place(reply.reached.assigned_at, reply.reached.key)
        return Page(tuple(_task_entry(task) for task in reply.tasks), reached, _total(reply))

    def tail(self, view: NodeView, now: float) -> list[Seen[TaskView]]:
        """Return what the node told of lately, and whether it is of the list at `now`, unix seconds."""
        return [Seen(_task_entry(task), self.wanted.matches(task, now)) for task in view.tasks]


class TransactionPages(msgspec.Struct, frozen=True, kw_only=True):
    """The transactions of a task or a session, of these kinds and states; all where nothing is said."""

    task: TaskKey | None = None
    session_id: int | None = None
    kinds: tuple[TransactionKind, ...] = ()
    states: tuple[TransactionState, ...] = ()

    def request(self, ask: Ask) -> GetTransactions:
        """Return what to ask the node for a page."""
        transaction_id = None if ask.beyond is None else int(ask.beyond[0])
        is_older = ask.side is Side.OLDER
        return GetTransactions(
            task=self.task,
            session_id=self.session_id,
            kinds=self.kinds,
            states=self.states,
            before=transaction_id if is_older else None,
            after=None if is_older else transaction_id or 0,
            limit=PAGE_ROWS,
            wants_count=ask.beyond is None,
        )

    def page(self, reply: ReplyBody) -> Page[Transaction]:
        """Return the page in an answer. Raises `ProblemError` for an answer to something else."""
        if not isinstance(reply, Transactions):
            raise _unexpected(reply)
        return Page(
            tuple(_transaction_entry(one) for one in reply.transactions),
            (reply.reached,) if reply.has_more and reply.reached is not None else None,
            _total(reply),
        )

    def tail(self, view: NodeView, now: float) -> list[Seen[Transaction]]:
        """Return what the node told of lately, and whether it belongs to the list."""
        return [Seen(_transaction_entry(one), self._has(one)) for one in view.transactions]

    def _has(self, one: Transaction) -> bool:
        of_session = self.session_id is None or one.session_id == self.session_id
        return (
            (one.task_key == self.task if self.task is not None else of_session)
            and (not self.kinds or one.kind in self.kinds)
            and (not self.states or one.state in self.states)
        )


def _task_entry(task: TaskView) -> Entry[TaskView]:
    return Entry(_task_place(task.assigned_at or 0.0, task.key), str(task.key), task)


def _task_place(assigned_at: float, key: TaskKey) -> Place:
    return (assigned_at, key.session_id, key.task_id)


def _cursor(place: Place) -> TaskCursor:
    assigned_at, session_id, task_id = place
    return TaskCursor(assigned_at, TaskKey(int(session_id), int(task_id)))


def _transaction_entry(one: Transaction) -> Entry[Transaction]:
    return Entry((one.transaction_id,), str(one.transaction_id), one)


def _total(reply: Tasks | Transactions) -> tuple[int, bool] | None:
    return None if reply.count is None else (reply.count.number, reply.count.is_more)


def _unexpected(reply: ReplyBody) -> Exception:
    return problem_error(
        "unexpected_reply",
        "The node answered something else than was asked",
        f"a {type(reply).__name__}; it may be of another version",
        "Restart it with the version installed now",
    )
