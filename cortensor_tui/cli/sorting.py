"""`--sort` and `--reverse` of the lists: the names of their orders, and what each asks the node for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import typer

from cortensor_tui.domain.list_orders import TaskOrder, TransactionOrder
from cortensor_tui.domain.session_orders import SessionOrder


class TaskSort(StrEnum):
    """An order of tasks, by what the dashboard calls its column."""

    AGE = "age"
    TASK = "task"
    DUE = "due"
    TOOK = "took"
    TOKENS = "tokens"


class TransactionSort(StrEnum):
    """An order of transactions, by what the dashboard calls its column."""

    AGE = "age"
    WAIT = "wait"
    FEE = "fee"


TASK_ORDERS: Final = {
    TaskSort.AGE: TaskOrder.ASSIGNED,
    TaskSort.TASK: TaskOrder.TASK,
    TaskSort.DUE: TaskOrder.DUE,
    TaskSort.TOOK: TaskOrder.TOOK,
    TaskSort.TOKENS: TaskOrder.TOKENS,
}
TRANSACTION_ORDERS: Final = {
    TransactionSort.AGE: TransactionOrder.NEWEST,
    TransactionSort.WAIT: TransactionOrder.WAIT,
    TransactionSort.FEE: TransactionOrder.FEE,
}

SortTasks = Annotated[
    TaskSort,
    typer.Option(
        "--sort",
        metavar="ORDER",
        help="age: newest first; task: highest session and task first; due: soonest due first; "
        "took: longest first; tokens: most first.",
    ),
]
SortTransactions = Annotated[
    TransactionSort,
    typer.Option(
        "--sort",
        metavar="ORDER",
        help="age: newest first; wait: longest from sent to mined first; fee: highest first.",
    ),
]
SortSessions = Annotated[
    SessionOrder | None,
    typer.Option(
        "--sort",
        metavar="ORDER",
        show_default=False,
        help="id, nodes, tasks: greatest first; name, mode; state: active first; owner: your own first; "
        "service: served first, as without --sort.",
    ),
]
Reverse = Annotated[bool, typer.Option("--reverse", help="The other way round.")]


def is_rising(order: TaskSort | TransactionSort, *, is_reversed: bool) -> bool:
    """Tell whether what has the least number comes first: of deadlines that is the soonest."""
    return (order is TaskSort.DUE) != is_reversed
