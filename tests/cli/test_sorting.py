"""`--sort` and `--reverse`: what is asked of the node, page after page, and what is put in order here."""

from __future__ import annotations

import msgspec
import pytest

from cortensor_tui.domain.list_orders import TaskOrder, TransactionOrder
from cortensor_tui.domain.sessions import Service, SessionView
from cortensor_tui.domain.tasks import TaskCursor, TaskKey, TaskView
from cortensor_tui.node.history_messages import (
    LEAST_NUMBER,
    OLDEST_TASK,
    GetTask,
    GetTasks,
    GetTransactions,
    Tasks,
    Transactions,
)
from cortensor_tui.node.messages import GetSessions, SessionsChanged
from tests.cli.conftest import Home
from tests.cli.examples import SESSION, TASK, TRANSACTION
from tests.cli.scripted_node import ScriptedNode


def some_tasks(*ids: int) -> tuple[TaskView, ...]:
    return tuple(msgspec.structs.replace(TASK, key=TaskKey(3, one)) for one in ids)


def session(session_id: int, service: Service, task_count: int | None) -> SessionView:
    found = msgspec.structs.replace(SESSION.session, session_id=session_id)
    return msgspec.structs.replace(SESSION, session=found, service=service, task_count=task_count)


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        (("--sort", "age"), GetTasks()),
        (("--sort", "took"), GetTasks(order=TaskOrder.TOOK)),
        (("--sort", "due"), GetTasks(order=TaskOrder.DUE, after=OLDEST_TASK)),
        (("--sort", "due", "--reverse"), GetTasks(order=TaskOrder.DUE)),
        (("--reverse",), GetTasks(after=OLDEST_TASK)),
        (("--sort", "task"), GetTasks(order=TaskOrder.TASK)),
        (("--sort", "tokens", "--reverse"), GetTasks(order=TaskOrder.TOKENS, after=OLDEST_TASK)),
    ],
)
async def test_each_order_of_tasks_is_asked_of_the_node(
    home: Home, node: ScriptedNode, options: tuple[str, ...], asked: GetTasks
) -> None:
    assert (await home.run("tasks", *options)).code == 0
    assert node.requests == [asked]


async def test_a_list_that_rises_goes_on_upwards_and_comes_in_its_order(
    home: Home, node: ScriptedNode
) -> None:
    reached = TaskCursor(5.0, TaskKey(3, 2))
    pages = iter((Tasks(some_tasks(2, 1), True, reached), Tasks(some_tasks(4, 3))))
    node.answers[GetTasks] = lambda _: next(pages)
    document = (await home.run("tasks", "--reverse", "--limit", "4", "--json")).document
    assert [task["task_id"] for task in document["tasks"]] == [1, 2, 3, 4]
    assert node.requests == [GetTasks(limit=4, after=OLDEST_TASK), GetTasks(limit=2, after=reached)]


async def test_before_is_a_place_in_the_order(home: Home, node: ScriptedNode) -> None:
    task = msgspec.structs.replace(TASK, answer_tokens=41)
    node.answers[GetTask] = Tasks((task,))
    await home.run("tasks", "--sort", "tokens", "--before", "3/7")
    assert node.requests[1] == GetTasks(order=TaskOrder.TOKENS, before=TaskCursor(41, TaskKey(3, 7)))


async def test_transactions_are_sorted_on_the_node_too(home: Home, node: ScriptedNode) -> None:
    await home.run("txs", "--sort", "fee")
    await home.run("txs", "--sort", "wait", "--reverse")
    assert node.requests == [
        GetTransactions(order=TransactionOrder.FEE),
        GetTransactions(order=TransactionOrder.WAIT, after=0, number=LEAST_NUMBER),
    ]


async def test_transactions_that_rise_go_on_from_the_last_one_looked_at(
    home: Home, node: ScriptedNode
) -> None:
    three = [msgspec.structs.replace(TRANSACTION, transaction_id=number) for number in (8, 7, 9)]
    first = Transactions(tuple(three[:2]), has_more=True, reached=8, reached_number=41)
    pages = iter((first, Transactions((three[2],))))
    node.answers[GetTransactions] = lambda _: next(pages)
    document = (await home.run("txs", "--sort", "wait", "--reverse", "--limit", "4", "--json")).document
    assert [one["transaction_id"] for one in document["transactions"]] == [7, 8, 9]
    assert document["next"] is None
    order = TransactionOrder.WAIT
    assert node.requests == [
        GetTransactions(order=order, after=0, number=LEAST_NUMBER, limit=4),
        GetTransactions(order=order, after=8, number=41, limit=2),
    ]


async def test_before_an_id_in_another_order_asks_for_its_number(home: Home, node: ScriptedNode) -> None:
    one = msgspec.structs.replace(TRANSACTION, transaction_id=90, fee_wei="42")
    node.answers[GetTransactions] = Transactions((one,))
    await home.run("txs", "--sort", "fee", "--before", "90")
    assert node.requests == [
        GetTransactions(before=91, limit=1),
        GetTransactions(order=TransactionOrder.FEE, before=90, number=42),
    ]


async def test_before_an_id_that_is_not_there_is_told(home: Home, node: ScriptedNode) -> None:
    node.answers[GetTransactions] = Transactions(())
    ended = await home.run("txs", "--sort", "fee", "--before", "90")
    assert ended.code == 2
    assert "there is no transaction 90" in ended.err


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ((), [2, 9, 5]),
        (("--sort", "id"), [9, 5, 2]),
        (("--sort", "id", "--reverse"), [2, 5, 9]),
        (("--sort", "tasks"), [5, 9, 2]),
        (("--sort", "service"), [2, 9, 5]),
        (("--reverse",), [9, 5, 2]),
    ],
)
async def test_sessions_are_sorted(
    home: Home, node: ScriptedNode, options: tuple[str, ...], ids: list[int]
) -> None:
    views = (
        session(2, Service.SERVED, None),
        session(9, Service.NOT_BOUND, 1),
        session(5, Service.NOT_BOUND, 12),
    )
    node.answers[GetSessions] = SessionsChanged(views)
    document = (await home.run("sessions", *options, "--json")).document
    assert [one["session_id"] for one in document["sessions"]] == ids


@pytest.mark.parametrize("command", ["sessions", "tasks", "txs"])
async def test_an_order_that_there_is_not_is_told_with_those_there_are(home: Home, command: str) -> None:
    ended = await home.run(command, "--sort", "colour")
    assert ended.code == 2
    assert "colour" in ended.err
    known = {"sessions": "service", "tasks": "took", "txs": "wait"}[command]
    assert known in ended.err
    told = await home.run(command, "--help")
    assert known in told.out
    assert "--reverse" in told.out
