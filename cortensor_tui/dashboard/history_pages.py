"""How the two long lists are asked for: tasks by a filter, transactions by what they belong to."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from cortensor_tui.dashboard.history import PAGE_ROWS, Ask, Page, Seen, Side
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.stretch import Entry, Place
from cortensor_tui.domain.list_orders import TaskOrder, TransactionOrder, task_number, transaction_number
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.task_filter import TaskFilter
from cortensor_tui.domain.tasks import TaskCursor, TaskKey, TaskView
from cortensor_tui.domain.transaction_filter import TransactionFilter
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.node.history_messages import (
    LEAST_NUMBER,
    OLDEST_TASK,
    GetTasks,
    GetTransactions,
    Tasks,
    Transactions,
)
from cortensor_tui.node.messages import ReplyBody, RequestBody

ROW_TEXT_CHARS = 200  # of a prompt or answer, for a row's width

Item = TypeVar("Item")


class Pages(Protocol[Item]):
    """One list: what to ask the node for it, and what its answers mean."""

    def request(self, ask: Ask) -> RequestBody:
        """Return what to ask the node for a page."""

    def page(self, reply: ReplyBody) -> Page[Item]:
        """Return the page in an answer. Raises `ProblemError` for an answer to something else."""

    def tail(self, view: NodeView, now: float) -> list[Seen[Item]]:
        """Return what the node told of lately, and whether it is of the list at `now`, unix seconds."""

    def seen(self, item: Item, now: float) -> Seen[Item]:
        """Return an item in its place in this list, and whether it is of it as far as is known here."""


class TaskPages(msgspec.Struct, frozen=True):
    """The tasks that a filter wants, in an order; `is_rising` is the other way round, as all places are."""

    wanted: TaskFilter = TaskFilter()
    order: TaskOrder = TaskOrder.ASSIGNED
    is_rising: bool = False
    text_chars: int = ROW_TEXT_CHARS

    def request(self, ask: Ask) -> GetTasks:
        """Return what to ask the node for a page."""
        place = None if ask.beyond is None else self._cursor(ask.beyond)
        is_falling_on = (ask.side is Side.OLDER) != self.is_rising
        return GetTasks(
            filter=self.wanted,
            before=place if is_falling_on else None,
            after=None if is_falling_on else place or OLDEST_TASK,
            limit=PAGE_ROWS,
            text_chars=self.text_chars,
            wants_count=ask.wants_total,
            order=self.order,
        )

    def page(self, reply: ReplyBody) -> Page[TaskView]:
        """Return the page in an answer. Raises `ProblemError` for an answer to something else."""
        if not isinstance(reply, Tasks):
            raise _unexpected(reply)
        reached = None
        if reply.has_more and reply.reached is not None:
            reached = self._place(reply.reached.number, reply.reached.key)
        in_order = reply.tasks[::-1] if self.is_rising else reply.tasks
        return Page(tuple(self._entry(task) for task in in_order), reached, _total(reply))

    def tail(self, view: NodeView, now: float) -> list[Seen[TaskView]]:
        """Return what the node told of lately, and whether it is of the list at `now`, unix seconds.

        A task does not know its transactions' hashes: of whether one is of a hash, the node's page tells.
        """
        all_seen = [self.seen(task, now) for task in view.tasks]
        return [seen for seen in all_seen if seen.is_wanted] if self.wanted.has_hash else all_seen

    def seen(self, item: TaskView, now: float) -> Seen[TaskView]:
        """Return a task in its place, and whether the filter wants it."""
        return Seen(self._entry(item), self.wanted.matches(item, now))

    def _entry(self, task: TaskView) -> Entry[TaskView]:
        return Entry(self._place(task_number(self.order, task), task.key), str(task.key), task)

    def _place(self, number: float, key: TaskKey) -> Place:
        return _turned((number, key.session_id, key.task_id), self.is_rising)

    def _cursor(self, place: Place) -> TaskCursor:
        number, session_id, task_id = _turned(place, self.is_rising)
        return TaskCursor(number, TaskKey(int(session_id), int(task_id)))


class TransactionPages(msgspec.Struct, frozen=True, kw_only=True):
    """The transactions that a filter wants, in an order, as in `TaskPages`."""

    wanted: TransactionFilter = TransactionFilter()
    order: TransactionOrder = TransactionOrder.NEWEST
    is_rising: bool = False

    def request(self, ask: Ask) -> GetTransactions:
        """Return what to ask the node for a page."""
        number, beyond = (0, None) if ask.beyond is None else self._number_and_id(ask.beyond)
        is_falling_on = (ask.side is Side.OLDER) != self.is_rising
        if beyond is None and not is_falling_on:
            number, beyond = LEAST_NUMBER, 0
        return GetTransactions(
            task=self.wanted.task,
            task_id=self.wanted.task_id,
            hash=self.wanted.hash,
            session_id=self.wanted.session_id,
            kinds=self.wanted.kinds,
            states=self.wanted.states,
            before=beyond if is_falling_on else None,
            after=None if is_falling_on else beyond,
            limit=PAGE_ROWS,
            wants_count=ask.wants_total,
            order=self.order,
            number=number,
        )

    def page(self, reply: ReplyBody) -> Page[Transaction]:
        """Return the page in an answer. Raises `ProblemError` for an answer to something else."""
        if not isinstance(reply, Transactions):
            raise _unexpected(reply)
        reached = None
        if reply.has_more and reply.reached is not None:
            reached = _turned((reply.reached_number, reply.reached), self.is_rising)
        in_order = reply.transactions[::-1] if self.is_rising else reply.transactions
        return Page(tuple(self._entry(one) for one in in_order), reached, _total(reply))

    def tail(self, view: NodeView, now: float) -> list[Seen[Transaction]]:
        """Return what the node told of lately, and whether it belongs to the list."""
        return [self.seen(one, now) for one in view.transactions]

    def seen(self, item: Transaction, now: float) -> Seen[Transaction]:
        """Return a transaction in its place, and whether the filter wants it."""
        return Seen(self._entry(item), self.wanted.matches(item))

    def _entry(self, one: Transaction) -> Entry[Transaction]:
        place = _turned((transaction_number(self.order, one), one.transaction_id), self.is_rising)
        return Entry(place, str(one.transaction_id), one)

    def _number_and_id(self, place: Place) -> tuple[float, int]:
        number, transaction_id = _turned(place, self.is_rising)
        return number, int(transaction_id)


def just_above(place: Place) -> Place:
    """Return a place below which an item at `place` is the first; nothing stands between them."""
    return (*place[:-1], place[-1] + 1)


def _turned(place: Place, is_rising: bool) -> Place:
    """Return a place of the node's order in a list that runs the other way, or back."""
    return tuple(-part for part in place) if is_rising else place


def _total(reply: Tasks | Transactions) -> tuple[int, bool] | None:
    return None if reply.count is None else (reply.count.number, reply.count.is_more)


def _unexpected(reply: ReplyBody) -> Exception:
    return problem_error(
        "unexpected_reply",
        "The node answered something else than was asked",
        f"a {type(reply).__name__}; it may be of another version",
        "Restart it with the version installed now",
    )
