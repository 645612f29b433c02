"""What clients read of the past, over a connection of its own: it writes nothing and holds up nobody."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from cortensor_tui.domain.list_orders import TaskOrder, TransactionOrder, task_number
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.task_filter import TaskFilter
from cortensor_tui.domain.tasks import Stage, TaskCursor, TaskKey, TaskTimes
from cortensor_tui.domain.throughput import Span
from cortensor_tui.domain.transactions import Transaction, TransactionKind
from cortensor_tui.journal.attempts import attempts_of
from cortensor_tui.journal.filtering import task_rows
from cortensor_tui.journal.paging import Place, Rows, count_rows, read_page
from cortensor_tui.journal.task_work import work_by_minute
from cortensor_tui.journal.tasks import TaskRecord, record_from
from cortensor_tui.journal.transaction_filtering import ANSWERING, TransactionQuery, transaction_rows
from cortensor_tui.journal.transaction_rows import transaction_from

MOST_COUNTED = 100_000


class TransactionPlace(NamedTuple):
    """A place in a list of transactions: the number that it is sorted by, then the id."""

    number: float
    transaction_id: int


class JournaledCall(NamedTuple):
    """What a transaction calls, 0x hex; None where an older journal did not keep it."""

    kind: TransactionKind
    session_id: int | None
    target: str | None
    data: str | None


class PastTask(NamedTuple):
    """A task with what its transactions add: the times of its steps, and what it cost, None where nothing."""

    record: TaskRecord
    times: TaskTimes
    gas_fee_wei: int | None


class TaskPage(NamedTuple):
    """Tasks, the greatest number first. `reached` is where to read on that way, None at the end."""

    tasks: list[PastTask]
    reached: TaskCursor | None


class TransactionPage(NamedTuple):
    """Transactions, newest first; `reached` as in `TaskPage`."""

    transactions: list[Transaction]
    reached: TransactionPlace | None


class History:
    """The past of one chain. Any one thread may use it, one call at a time."""

    def __init__(self, path: Path, chain: int) -> None:
        """Raises `ProblemError` when the journal cannot be read."""
        self._chain = chain
        try:
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA busy_timeout=5000")
        except sqlite3.Error as error:
            raise problem_error(
                "journal_unusable", f"The journal {path} cannot be read", str(error), "Check the data folder"
            ) from error
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def tasks(
        self,
        wanted: TaskFilter,
        *,
        session_id: int | None,
        start: TaskCursor | None,
        is_upwards: bool,
        limit: int,
        now: float,
        order: TaskOrder = TaskOrder.ASSIGNED,
    ) -> TaskPage:
        """Return tasks beyond a place of an order; what the filter says of texts is left to the caller."""
        source = task_rows(self._chain, session_id, wanted, now, order)
        place = None if start is None else (start.number, start.key.session_id, start.key.task_id)
        page = read_page(self._connection, source, _within(source, place), limit, is_upwards=is_upwards)
        records = [record_from(row) for row in page.rows]
        tasks = self._with_transactions(records[::-1] if is_upwards else records)
        return TaskPage(tasks, None if page.reached is None else _cursor(page.reached))

    def task(self, key: TaskKey) -> PastTask | None:
        """Return one task, None where this chain has none of this key."""
        rows = self._connection.execute(
            "SELECT * FROM tasks WHERE chain = ? AND session_id = ? AND task_id = ?",
            (self._chain, key.session_id, key.task_id),
        ).fetchall()
        found = self._with_transactions([record_from(row) for row in rows])
        return found[0] if found else None

    def count_tasks(self, wanted: TaskFilter, *, session_id: int | None, now: float) -> tuple[int, bool]:
        """Return how many tasks there are at least, and whether there may be more."""
        return count_rows(self._connection, task_rows(self._chain, session_id, wanted, now), MOST_COUNTED)

    def count_ended(self) -> tuple[int, int]:
        """Return how many tasks were answered, and how many missed."""
        query = "SELECT count(*) FROM tasks INDEXED BY tasks_by_stage WHERE chain = ? AND stage = ?"
        answered, missed = (
            int(self._connection.execute(query, (self._chain, stage.value)).fetchone()[0])
            for stage in (Stage.ENDED, Stage.MISSED)
        )
        return answered, missed

    def minutes_since(self, since: int) -> list[Span]:
        """Return the minutes from a time on, unix seconds, in which a task ended, oldest first."""
        return work_by_minute(self._connection, self._chain, since)

    def transactions(
        self, query: TransactionQuery, *, start: TransactionPlace | None, is_upwards: bool, limit: int
    ) -> TransactionPage:
        """Return transactions beyond a place."""
        source = transaction_rows(self._chain, query)
        page = read_page(self._connection, source, _within(source, start), limit, is_upwards=is_upwards)
        rows = page.rows[::-1] if is_upwards else page.rows
        attempts = attempts_of(self._connection, [row["transaction_id"] for row in rows])
        found = [transaction_from(row, attempts.get(row["transaction_id"], ())) for row in rows]
        return TransactionPage(found, None if page.reached is None else _transaction_place(page.reached))

    def signed_call(self, transaction_id: int) -> JournaledCall | None:
        """Return the call of a transaction, None where this chain has none of this id."""
        row = self._connection.execute(
            "SELECT kind, session_id, target, calldata FROM transactions"
            " WHERE transaction_id = ? AND chain = ?",
            (transaction_id, self._chain),
        ).fetchone()
        if row is None:
            return None
        return JournaledCall(TransactionKind(row["kind"]), row["session_id"], row["target"], row["calldata"])

    def count_transactions(self, query: TransactionQuery) -> tuple[int, bool]:
        """Return how many transactions there are at least, and whether there may be more."""
        in_any_order = msgspec.structs.replace(query, order=TransactionOrder.NEWEST)
        return count_rows(self._connection, transaction_rows(self._chain, in_any_order), MOST_COUNTED)

    def _with_transactions(self, records: Sequence[TaskRecord]) -> list[PastTask]:
        """Add what the transactions of all these tasks say, read in one query."""
        keys = [(record.key.session_id, record.key.task_id) for record in records]
        rows = self._connection.execute(
            "SELECT session_id, task_id, kind, state, sent_at, mined_at, fee_wei"
            " FROM json_each(:keys) AS wanted CROSS JOIN transactions INDEXED BY transactions_of_task"
            " ON chain = :chain AND session_id = json_extract(wanted.value, '$[0]')"
            " AND task_id = json_extract(wanted.value, '$[1]') AND kind != 'submit' ORDER BY transaction_id",
            {"keys": json.dumps(keys), "chain": self._chain},
        )
        found: defaultdict[tuple[int, int], list[sqlite3.Row]] = defaultdict(list)
        for row in rows:
            found[row["session_id"], row["task_id"]].append(row)
        return [_past_task(record, found[key]) for record, key in zip(records, keys, strict=True)]


def _past_task(record: TaskRecord, rows: list[sqlite3.Row]) -> PastTask:
    standing = {row["kind"]: row for row in rows if row["state"] not in ("rejected", "replaced")}
    times: dict[str, float | None] = {"ended_at": record.ended_at}
    for kind in ANSWERING:
        row = standing.get(kind.value)
        for event in ("sent_at", "mined_at"):
            times[f"{kind}_{event}"] = None if row is None else row[event]
    fees = [int(row["fee_wei"]) for row in rows if row["state"] in ("mined", "reverted") and row["fee_wei"]]
    return PastTask(record, msgspec.structs.replace(record.times, **times), sum(fees) if fees else None)


def task_place(order: TaskOrder, record: TaskRecord) -> TaskCursor:
    """Return where a task stands in an order."""
    return TaskCursor(task_number(order, record), record.key)


def _within(source: Rows, place: Place | None) -> Place | None:
    """Return a place as far as its order has columns: where the key says all, without the number."""
    return None if place is None else tuple(place)[-len(source.order) :]


def _cursor(place: Place) -> TaskCursor:
    number, session_id, task_id = place if len(place) == 3 else (0.0, *place)
    return TaskCursor(number, TaskKey(session_id, task_id))


def _transaction_place(place: Place) -> TransactionPlace:
    number, transaction_id = place if len(place) == 2 else (0, *place)
    return TransactionPlace(number, transaction_id)
