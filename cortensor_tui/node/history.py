"""Answers what clients ask of the past: in a thread of its own, so that no question holds up the node."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import msgspec

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.list_orders import TaskOrder
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.task_filter import TaskFilter
from cortensor_tui.domain.tasks import TaskView
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.filtering import text_terms
from cortensor_tui.journal.history import (
    History,
    PastTask,
    TaskPage,
    TransactionPlace,
    task_place,
)
from cortensor_tui.journal.scope import ReadableChain
from cortensor_tui.journal.transaction_filtering import TransactionQuery
from cortensor_tui.node.call_messages import Call, GetCall
from cortensor_tui.node.calls import read_call
from cortensor_tui.node.history_messages import (
    MOST_LISTED,
    Count,
    GetTask,
    GetTasks,
    GetTransactions,
    Tasks,
    Transactions,
)
from cortensor_tui.node.views import LISTED_TEXT_CHARS, WHOLE_TEXT_CHARS, task_view
from cortensor_tui.settings.model import PrivateSessions
from cortensor_tui.storage.local_store import LocalStore

MOST_WAITING = 64
MOST_SEARCHED_TASKS = 150  # whose texts one request reads

NONE_PRIVATE = PrivateSessions()

_Answer = TypeVar("_Answer")


class HistoryDesk:
    """One answer a request; requests wait for one another."""

    def __init__(
        self, store: LocalStore, clock: Clock = SYSTEM_CLOCK, private: PrivateSessions = NONE_PRIVATE
    ) -> None:
        self._store = store
        self._private = private
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "history")
        self._waiting = 0
        self._is_closed = False
        self._history: History | None = None
        self._opened_for: int | None = None

    def take_private(self, private: PrivateSessions) -> None:
        """Go by other private sessions: what is private from now on is not searched."""
        self._private = private

    async def answer(
        self, body: GetTasks | GetTask | GetTransactions | GetCall, chain: ReadableChain
    ) -> Tasks | Transactions | Call:
        """Return the answer from a chain's past. Raises `ProblemError`, "busy" where too many wait."""
        match body:
            case GetTransactions():
                return await self.read(chain, lambda history: _transactions(history, body))
            case GetCall():
                return await self.read(chain, lambda history: read_call(history, body))
            case GetTask():
                return await self.read(chain, lambda history: self._task(history, body))
            case GetTasks():
                return await self.read(chain, lambda history: self._tasks(history, body))

    async def newest(
        self, chain: ReadableChain, tasks: int, transactions: int
    ) -> tuple[tuple[TaskView, ...], tuple[Transaction, ...]]:
        """Return so many of the newest tasks and transactions, newest first. Raises as `read` does."""

        def read(history: History) -> tuple[tuple[TaskView, ...], tuple[Transaction, ...]]:
            found = self._tasks(history, GetTasks(limit=tasks))
            return found.tasks, _transactions(history, GetTransactions(limit=transactions)).transactions

        return await self.read(chain, read)

    async def close(self) -> None:
        """Let the thread end with what it is reading."""
        self._is_closed = True
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)
        if self._history is not None:
            self._history.close()
            self._history = None

    async def read(self, chain: ReadableChain, read: Callable[[History], _Answer]) -> _Answer:
        """Return what `read` finds in a chain's past. Raises `ProblemError`, "busy" if too many wait."""
        if self._is_closed:
            raise problem_error("stopping", "The node is stopping")
        if self._waiting >= MOST_WAITING:
            raise problem_error(
                "busy",
                "The node has too many questions about its history at once",
                f"{MOST_WAITING} are waiting",
                "Ask again in a moment",
            )
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, lambda: read(self._opened(chain)))
        finally:
            self._waiting -= 1

    def _opened(self, chain: ReadableChain) -> History:
        if self._history is None or self._opened_for != chain.chain:
            if self._history is not None:
                self._history.close()
            self._history, self._opened_for = History(chain.path, chain.chain), chain.chain
        return self._history

    def _task(self, history: History, body: GetTask) -> Tasks:
        past = history.task(body.key)
        if past is None:
            raise problem_error("no_such_task", f"This node has no task {body.key}")
        return Tasks((task_view(past, self._store, WHOLE_TEXT_CHARS),))

    def _tasks(self, history: History, body: GetTasks) -> Tasks:
        wanted, now = body.filter or TaskFilter(), self._clock.now()
        is_upwards = body.after is not None
        texts = text_terms(wanted)
        limit = _within(body.limit)
        page = history.tasks(
            wanted,
            session_id=body.session_id,
            start=body.after if is_upwards else body.before,
            is_upwards=is_upwards,
            limit=MOST_SEARCHED_TASKS if texts.terms else limit,
            now=now,
            order=body.order,
        )
        unsearched: set[int] = set()
        if texts.terms:
            page, unsearched = self._with_texts(page, texts, body, now)
        found, reached = page.tasks, page.reached
        chars = max(0, min(body.text_chars, LISTED_TEXT_CHARS))
        count = None
        if body.wants_count and not texts.terms:
            count = Count(*history.count_tasks(wanted, session_id=body.session_id, now=now))
        views = tuple(task_view(past, self._store, chars) for past in found)
        return Tasks(views, reached is not None, reached, count, unsearched=tuple(sorted(unsearched)))

    def _with_texts(
        self, page: TaskPage, texts: TaskFilter, body: GetTasks, now: float
    ) -> tuple[TaskPage, set[int]]:
        """Keep the tasks whose texts match; return the sessions too whose texts were not looked into."""
        unsearched: set[int] = set()

        def matches(past: PastTask) -> bool:
            session_id = past.record.key.session_id
            is_kept_back = self._private.has(session_id) and session_id not in body.revealed
            if is_kept_back:
                unsearched.add(session_id)
            return texts.matches(self._searched(past, is_kept_back=is_kept_back), now)

        limit, is_upwards = _within(body.limit), body.after is not None
        return _matching(page, matches, limit, is_upwards=is_upwards, order=body.order), unsearched

    def _searched(self, past: PastTask, *, is_kept_back: bool) -> TaskView:
        """Return a task as it is searched: what is found in a private text would be told by being found."""
        if is_kept_back:
            return msgspec.structs.replace(task_view(past, self._store, 0), prompt="", answer=None)
        return task_view(past, self._store, text_chars=None)


def _matching(
    page: TaskPage, matches: Callable[[PastTask], bool], limit: int, *, is_upwards: bool, order: TaskOrder
) -> TaskPage:
    """Keep the tasks that match, so many from where the page began."""
    reached = page.reached
    in_order = page.tasks[::-1] if is_upwards else page.tasks
    found = list(islice(filter(matches, in_order), limit + 1))
    if len(found) > limit:
        found = found[:limit]
        reached = task_place(order, found[-1].record)
    return TaskPage(found[::-1] if is_upwards else found, reached)


def _transactions(history: History, body: GetTransactions) -> Transactions:
    query = TransactionQuery(
        order=body.order,
        task=body.task,
        task_id=body.task_id,
        hash=body.hash,
        session_id=body.session_id,
        kinds=body.kinds,
        states=body.states,
    )
    start_id = body.before if body.after is None else body.after
    page = history.transactions(
        query,
        start=None if start_id is None else TransactionPlace(body.number, start_id),
        is_upwards=body.after is not None,
        limit=_within(body.limit),
    )
    count = Count(*history.count_transactions(query)) if body.wants_count else None
    found, reached = tuple(page.transactions), page.reached
    if reached is None:
        return Transactions(found, has_more=False, count=count)
    return Transactions(found, True, reached.transaction_id, count, reached.number)


def _within(limit: int) -> int:
    return max(1, min(limit, MOST_LISTED))
