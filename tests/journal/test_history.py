"""The past, a page at a time: in order, each row once, none left out, whatever is asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.list_orders import TaskOrder, TransactionOrder, transaction_number
from cortensor_tui.domain.task_filter import TaskFilter
from cortensor_tui.domain.task_filter_text import parse
from cortensor_tui.domain.tasks import TaskCursor, TaskKey, TaskView
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.journal.history import (
    History,
    PastTask,
    TaskPage,
    TransactionPage,
    TransactionPlace,
    task_place,
)
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.task_times import task_times
from cortensor_tui.journal.transaction_filtering import TransactionQuery
from cortensor_tui.node.history_messages import LEAST_NUMBER, OLDEST_TASK
from tests.journal.past import NODE, NOW, write_past

TASKS = 120
TRANSACTIONS = 300


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    path = tmp_path_factory.mktemp("past") / "journal.sqlite"
    return write_past(path, sessions=7, tasks=TASKS, transactions=TRANSACTIONS)


@pytest.fixture(scope="module")
def history(journal: Journal) -> History:
    return History(journal.path, journal.chain)


@pytest.fixture
def few_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at few rows a request, so that a filter has to be asked for again and again."""
    monkeypatch.setattr("cortensor_tui.journal.filtering.MOST_ASKED_ROWS", 5)
    monkeypatch.setattr("cortensor_tui.journal.transaction_filtering.MOST_ASKED_ROWS", 5)


FILTERS = st.sampled_from(
    (
        "",
        "missed",
        "open",
        "answered",
        "session:3",
        "session:3 missed",
        "session:1,2 -missed",
        "task:4",
        "task:4/3,7",
        "stage:acked",
        "-stage:ended",
        "age>1h",
        "age<=60m",
        "age>30m age<90m missed",
        "took>5s",
        "took<16s",
        "-took>100s",
        "tokens>=50",
        "-tokens<100 session:5,6",
        "session:99",
        "session:3 session:4",
    )
)


@pytest.mark.usefixtures("few_asked")
@given(written=FILTERS, limit=st.integers(1, 40), is_upwards=st.booleans(), order=st.sampled_from(TaskOrder))
def test_pages_join_to_what_the_filter_says_in_every_order(
    history: History, journal: Journal, written: str, limit: int, is_upwards: bool, order: TaskOrder
) -> None:
    wanted = parse(written)
    expected = [one for one in _all_tasks(history) if wanted.matches(_view(one), NOW)]
    expected.sort(key=lambda one: task_place(order, one.record), reverse=True)

    def read(start: TaskCursor | None) -> TaskPage:
        return history.tasks(
            wanted, session_id=None, start=start, is_upwards=is_upwards, limit=limit, now=NOW, order=order
        )

    first = OLDEST_TASK if is_upwards else None
    assert _joined(read, first, is_upwards=is_upwards) == expected


def test_a_task_that_ended_before_it_began_by_two_clocks_has_its_place(tmp_path: Path) -> None:
    journal = write_past(tmp_path / "journal.sqlite", sessions=1, tasks=5, transactions=1)
    [record, *_] = [one for one in journal.tasks.recent(5) if one.ended_at is not None]
    journal.tasks.save(msgspec.structs.replace(record, ended_at=record.assigned_at - 5.0), "two clocks")
    history = History(journal.path, journal.chain)
    page = history.tasks(
        TaskFilter(),
        session_id=None,
        start=OLDEST_TASK,
        is_upwards=True,
        limit=10,
        now=NOW,
        order=TaskOrder.TOOK,
    )
    history.close()
    assert len(page.tasks) == 5
    assert page.tasks[-1].record.key == record.key


@pytest.mark.parametrize("order", TaskOrder)
def test_a_hash_leads_to_its_task(tmp_path: Path, order: TaskOrder) -> None:
    journal = write_past(tmp_path / "journal.sqlite", sessions=3, tasks=20, transactions=30)
    [answered, *_] = [one for one in journal.tasks.recent(20) if one.ended_at is not None]
    journal.tasks.save(msgspec.structs.replace(answered, answer_hash="0xd98b" + "00" * 30), "answered")
    with closing(sqlite3.connect(journal.path)) as connection, connection:
        connection.execute("UPDATE tasks SET prompt_cid = 'bafkreif' WHERE task_id = 4 AND session_id = 1")
        connection.execute("UPDATE attempts SET hash = '0x7515ab' WHERE transaction_id = 5")
    history = History(journal.path, journal.chain)

    def found(text: str) -> list[TaskKey]:
        page = history.tasks(
            parse(text), session_id=None, start=None, is_upwards=False, limit=9, now=NOW, order=order
        )
        return [one.record.key for one in page.tasks]

    [replaced] = history.transactions(
        TransactionQuery(hash="0x7515"), start=None, is_upwards=False, limit=9
    ).transactions
    assert replaced.transaction_id == 5
    assert found("0x7515") == found(replaced.hash) == [replaced.task_key]
    assert found("0xD98b") == [answered.key]
    assert found("bafkreif") == [TaskKey(1, 4)]
    assert not found("0x7516")
    assert not found("0x7515 -ended -open")
    assert replaced.task_key not in found("-0x7515")
    history.close()


@pytest.mark.usefixtures("few_asked")
@given(
    query=st.builds(
        TransactionQuery,
        task=st.none() | st.builds(TaskKey, st.integers(0, 7), st.integers(0, 20)),
        task_id=st.none() | st.integers(0, 9),
        hash=st.just("") | st.integers(0, TRANSACTIONS).map(lambda number: f"0x{number:064x}"),
        session_id=st.none() | st.integers(0, 8),
        kinds=st.lists(st.sampled_from(TransactionKind), max_size=3).map(tuple),
        states=st.lists(st.sampled_from(TransactionState), max_size=3).map(tuple),
        order=st.sampled_from(TransactionOrder),
    ),
    limit=st.integers(1, 50),
    is_upwards=st.booleans(),
)
def test_transactions_join_to_what_was_asked_for(
    history: History, journal: Journal, query: TransactionQuery, limit: int, is_upwards: bool
) -> None:
    expected = [one for one in journal.transactions.recent(TRANSACTIONS) if _is_wanted(one, query)]
    expected.sort(key=lambda one: (transaction_number(query.order, one), one.transaction_id), reverse=True)
    found: list[Transaction] = []
    start = TransactionPlace(LEAST_NUMBER, 0) if is_upwards else None
    while True:
        page: TransactionPage = history.transactions(query, start=start, is_upwards=is_upwards, limit=limit)
        assert len(page.transactions) <= limit
        found = [*page.transactions, *found] if is_upwards else [*found, *page.transactions]
        if page.reached is None:
            break
        start = page.reached
    assert found == expected


def test_a_task_carries_what_its_transactions_say(history: History, journal: Journal) -> None:
    for record in journal.tasks.recent(10):
        past = history.task(record.key)
        assert past is not None
        assert past.record == record
        assert past.times == task_times(record, journal.transactions)
        assert past.gas_fee_wei == journal.transactions.gas_fees([record.key]).get(record.key)
    assert history.task(TaskKey(99, 0)) is None


def test_what_is_counted_is_exact_or_says_that_there_is_more(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(written: str) -> tuple[int, bool]:
        return history.count_tasks(parse(written), session_id=None, now=NOW)

    assert count("") == (TASKS, False)
    assert count("open") == (3, False)
    assert count("session:3") == (17, False)
    assert history.count_transactions(TransactionQuery()) == (TRANSACTIONS, False)
    monkeypatch.setattr("cortensor_tui.journal.history.MOST_COUNTED", 10)
    assert count("") == (10, True)
    monkeypatch.setattr("cortensor_tui.journal.filtering.MOST_ASKED_ROWS", 5)
    assert count("task:0") == (0, True)


def test_another_chain_has_another_past(journal: Journal) -> None:
    other = History(journal.path, journal.chain + 1)
    page = other.tasks(TaskFilter(), session_id=None, start=None, is_upwards=False, limit=10, now=NOW)
    assert page == TaskPage([], None)
    assert other.transactions(TransactionQuery(), start=None, is_upwards=False, limit=10).transactions == []


def test_a_reader_cannot_write(history: History) -> None:
    with pytest.raises(Exception, match="readonly"):
        history._connection.execute("DELETE FROM tasks")


def _joined(
    read: Callable[[TaskCursor | None], TaskPage], start: TaskCursor | None, *, is_upwards: bool
) -> list[PastTask]:
    found: list[PastTask] = []
    while True:
        page = read(start)
        found = [*page.tasks, *found] if is_upwards else [*found, *page.tasks]
        if page.reached is None:
            return found
        start = page.reached


def _all_tasks(history: History) -> list[PastTask]:
    page = history.tasks(
        TaskFilter(), session_id=None, start=None, is_upwards=False, limit=10 * TASKS, now=NOW
    )
    assert [one.record.assigned_at for one in page.tasks] == sorted(
        (one.record.assigned_at for one in page.tasks), reverse=True
    )
    assert len(page.tasks) == TASKS
    return page.tasks


def _view(past: PastTask) -> TaskView:
    record = past.record
    return TaskView(
        key=record.key,
        stage=record.stage,
        prompt="",
        answer_tokens=record.details.answer_tokens,
        assigned_at=record.assigned_at,
        ended_at=record.ended_at,
        note=record.note,
    )


def _is_wanted(one: Transaction, query: TransactionQuery) -> bool:
    of_session = query.session_id in (None, one.session_id)
    return (
        (one.task_key == query.task if query.task is not None else of_session)
        and (query.task_id is None or (one.task_key and one.task_key.task_id) == query.task_id)
        and one.hash.startswith(query.hash)
        and (not query.kinds or one.kind in query.kinds)
        and (not query.states or one.state in query.states)
    )


def test_a_page_is_read_by_an_index(history: History, journal: Journal) -> None:
    """A sort would read the whole past for each page."""
    written_filters = ("", "missed", "open", "session:3", "session:3 tokens>5", "age>1h")
    for written, order in (
        *((one, TaskOrder.ASSIGNED) for one in written_filters),
        *(("missed", one) for one in TaskOrder),
    ):
        plans: list[str] = []
        history._connection.set_trace_callback(plans.append)
        history.tasks(
            parse(written),
            session_id=None,
            start=TaskCursor(NOW, TaskKey(0, 0)),
            is_upwards=False,
            limit=5,
            now=NOW,
            order=order,
        )
        history._connection.set_trace_callback(None)
        [query] = [one for one in plans if "FROM tasks" in one and "OFFSET" not in one]
        plan = history._connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
        assert not any("TEMP B-TREE" in row["detail"] for row in plan), written


def test_what_a_node_reads_at_its_start_does_not_grow_with_its_past(journal: Journal) -> None:
    """By the index that has just those rows, whatever the planner would have guessed."""
    statements: list[str] = []
    connection = journal._database.connection
    connection.set_trace_callback(statements.append)
    journal.transactions.unfinished(NODE)
    journal.transactions.mined_from(NODE, TRANSACTIONS - 5, 100)
    journal.tasks.unfinished()
    connection.set_trace_callback(None)
    plans = [
        connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchone()["detail"]
        for statement in statements
        if "attempts" not in statement
    ]
    wanted = ("transactions_open", "transactions_by_block", "tasks_open")
    assert all(index in plan for index, plan in zip(wanted, plans, strict=True)), plans
