"""`tasks` and `txs`: what the node did, newest first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cortensor_tui.cli.asking import read_node
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.formats import UNKNOWN, age, ether, short_hash, table
from cortensor_tui.cli.options import AsJson, Env, Limit, RevealTexts, id_number
from cortensor_tui.cli.output import Exit, print_json, print_text
from cortensor_tui.cli.past import past_json, tell_past
from cortensor_tui.cli.revealing import HIDDEN, ask_for_texts
from cortensor_tui.cli.shapes import task_json, transaction_json
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.task_filter_text import parse
from cortensor_tui.domain.tasks import TaskCursor, TaskKey, TaskView
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.history_messages import (
    MOST_LISTED,
    GetTask,
    GetTasks,
    GetTransactions,
    Tasks,
    Transactions,
)

_TASK_HEADERS = ("SESSION", "TASK", "STAGE", "AGE", "TOKENS", "TOK/S", "PROMPT", "ANSWER")
_TRANSACTION_HEADERS = (
    *("KIND", "STATE", "TASK", "NONCE", "TRIES", "HASH"),
    *("BLOCK", "GAS", "FEE", "AGE", "SENDER", "NOTE"),
)
_MAX_TEXT = 32

SomeSession = Annotated[
    int | None,
    typer.Argument(metavar="SESSION", parser=id_number, show_default=False, help="Only of this session."),
]


Filter = Annotated[
    str,
    typer.Option(
        "--filter", metavar="WORDS", help='Only those it matches, as in the dashboard: "missed age>1h".'
    ),
]
BeforeTask = Annotated[
    str, typer.Option("--before", metavar="SESSION/TASK", help="Go on with those older than this task.")
]
BeforeTransaction = Annotated[
    int | None,
    typer.Option(
        "--before", metavar="ID", min=1, show_default=False, help="Go on with those older than this id."
    ),
]
OfSession = Annotated[
    int | None,
    typer.Option(
        "--session",
        metavar="SESSION",
        parser=id_number,
        show_default=False,
        help="Only of this session.",
    ),
]
Kinds = Annotated[
    list[TransactionKind],
    typer.Option(
        "--kind", metavar="KIND", help=f"Only these: {', '.join(TransactionKind)}; may be repeated."
    ),
]
States = Annotated[
    list[TransactionState],
    typer.Option(
        "--state", metavar="STATE", help=f"Only these: {', '.join(TransactionState)}; may be repeated."
    ),
]


def tasks(
    session: SomeSession = None,
    wanted: Filter = "",
    before: BeforeTask = "",
    limit: Limit = 100,
    reveal: RevealTexts = False,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """List the tasks this node was given."""
    asked = GetTasks(
        session_id=session,
        filter=parse(wanted) if wanted else None,
        before=_place_of(env, before) if before else None,
    )
    found = _read_tasks(env, asked, limit, is_revealing=reveal)
    if as_json:
        following = str(found.reached.key) if found.reached else None
        print_json(
            {
                "tasks": [task_json(task) for task in found.tasks],
                "next": following,
                "past": past_json(found.past),
            }
        )
        return Exit.DONE
    tell_past(found.past)
    if not found.tasks:
        print_text("No tasks match." if wanted or before or session is not None else "No tasks yet.")
    else:
        right = ("SESSION", "TASK", "AGE", "TOKENS", "TOK/S")
        print_text(table(_TASK_HEADERS, [_task_row(task) for task in found.tasks], right))
    return Exit.DONE


def txs(
    session: OfSession = None,
    kinds: Kinds = [],  # noqa: B006 - typer reads it, nobody changes it
    states: States = [],  # noqa: B006
    before: BeforeTransaction = None,
    limit: Limit = 100,
    reveal: RevealTexts = False,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """List the transactions this node sent."""
    asked = GetTransactions(session_id=session, kinds=tuple(kinds), states=tuple(states), before=before)
    found = _read_transactions(env, asked, limit, is_revealing=reveal)
    if as_json:
        print_json(
            {
                "transactions": [transaction_json(one) for one in found.transactions],
                "next": found.reached,
                "past": past_json(found.past),
            }
        )
        return Exit.DONE
    tell_past(found.past)
    if not found.transactions:
        is_all = session is None and before is None and not kinds and not states
        print_text("No transactions yet." if is_all else "No transactions match.")
    else:
        print_text(_transaction_table(found.transactions))
    return Exit.DONE


def _place_of(env: Path, written: str) -> TaskCursor:
    """Return where a task stands that is written SESSION/TASK. Raises `ProblemError` where there is none."""
    session, _, task = written.partition("/")
    try:
        key = TaskKey(id_number(session), id_number(task))
    except typer.BadParameter as error:
        raise typer.BadParameter("write SESSION/TASK, as in 3/7", param_hint="--before") from error
    [found] = read_node(env, GetTask(key=key), Tasks).tasks
    return TaskCursor(found.assigned_at or 0.0, found.key)


def _read_tasks(env: Path, asked: GetTasks, limit: int, *, is_revealing: bool) -> Tasks:
    """Return so many tasks as one page; `reached` is the last one looked at where there are more."""
    found: tuple[TaskView, ...] = ()
    while True:
        body = msgspec.structs.replace(asked, limit=min(limit - len(found), MOST_LISTED))
        page = ask_for_texts(env, body, Tasks, _hidden_tasks, is_revealing=is_revealing)
        found += page.tasks
        reached = page.reached if page.has_more else None
        if reached is None or len(found) >= limit:
            return msgspec.structs.replace(page, tasks=found, reached=reached)
        asked = msgspec.structs.replace(asked, before=reached)


def _read_transactions(env: Path, asked: GetTransactions, limit: int, *, is_revealing: bool) -> Transactions:
    """Return so many transactions as one page; `reached` is as in `_read_tasks`."""
    found: tuple[Transaction, ...] = ()
    while True:
        body = msgspec.structs.replace(asked, limit=min(limit - len(found), MOST_LISTED))
        page = ask_for_texts(env, body, Transactions, _hidden_calls, is_revealing=is_revealing)
        found += page.transactions
        reached = page.reached if page.has_more else None
        if reached is None or len(found) >= limit:
            return msgspec.structs.replace(page, transactions=found, reached=reached)
        asked = msgspec.structs.replace(asked, before=reached)


def _hidden_tasks(found: Tasks) -> list[int]:
    return [task.key.session_id for task in found.tasks if task.is_hidden]


def _hidden_calls(found: Transactions) -> list[int]:
    hidden = (one for one in found.transactions if one.is_hidden)
    sessions = (one.task_key.session_id if one.task_key else one.session_id for one in hidden)
    return [session_id for session_id in sessions if session_id is not None]


def _task_row(task: TaskView) -> tuple[str, ...]:
    speed = task.decode_tokens_per_s
    return (
        str(task.key.session_id),
        str(task.key.task_id),
        task.stage.value,
        age(task.assigned_at),
        _number(task.answer_tokens),
        UNKNOWN if speed is None else f"{speed:.1f}",
        HIDDEN if task.is_hidden else inert(task.prompt, _MAX_TEXT),
        _answer(task),
    )


def _answer(task: TaskView) -> str:
    if task.answer is None:
        return UNKNOWN
    return HIDDEN if task.is_hidden else inert(task.answer, _MAX_TEXT)


def _transaction_table(found: tuple[Transaction, ...]) -> str:
    rows = [_transaction_row(one) for one in found]
    return table(_TRANSACTION_HEADERS, rows, ("NONCE", "TRIES", "BLOCK", "GAS", "FEE", "AGE"))


def _transaction_row(transaction: Transaction) -> tuple[str, ...]:
    about = transaction.task_key or transaction.session_id
    return (
        transaction.kind.value,
        transaction.state.value,
        UNKNOWN if about is None else str(about),
        str(transaction.nonce),
        UNKNOWN if not transaction.attempts else str(len(transaction.attempts)),
        short_hash(inert(transaction.hash, 66)),
        _number(transaction.block_number),
        _number(transaction.gas_used),
        UNKNOWN if transaction.fee_wei is None else ether(transaction.fee_wei),
        age(transaction.at),
        short_hash(inert(transaction.sender, 42)),
        inert(transaction.error or transaction.waiting_for, 2 * _MAX_TEXT),
    )


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)
