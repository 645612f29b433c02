"""`tasks` and `txs`: what the node did, newest first."""

from __future__ import annotations

from typing import Annotated

import typer

from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.formats import UNKNOWN, age, ether, short_hash, table
from cortensor_tui.cli.options import MAX_SESSION_ID, AsJson, Env, Limit, RevealTexts
from cortensor_tui.cli.output import Exit, print_json, print_text
from cortensor_tui.cli.revealing import HIDDEN, ask_for_texts
from cortensor_tui.cli.shapes import task_json, transaction_json
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.tasks import TaskView
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.node.history_messages import GetTasks, GetTransactions, Tasks, Transactions

_TASK_HEADERS = ("SESSION", "TASK", "STAGE", "AGE", "TOKENS", "TOK/S", "PROMPT", "ANSWER")
_TRANSACTION_HEADERS = ("KIND", "STATE", "TASK", "NONCE", "TRIES", "HASH", "BLOCK", "GAS", "FEE", "AGE")
_MAX_TEXT = 32

SomeSession = Annotated[
    int | None,
    typer.Argument(
        metavar="[SESSION]", min=0, max=MAX_SESSION_ID, show_default=False, help="Only of this session."
    ),
]


def tasks(
    session: SomeSession = None,
    limit: Limit = 100,
    reveal: RevealTexts = False,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """List the tasks this node was given."""
    found = ask_for_texts(
        env, GetTasks(session_id=session, limit=limit), Tasks, _hidden_tasks, is_revealing=reveal
    ).tasks
    if as_json:
        print_json({"tasks": [task_json(task) for task in found]})
    elif not found:
        print_text("No tasks yet.")
    else:
        right = ("SESSION", "TASK", "AGE", "TOKENS", "TOK/S")
        print_text(table(_TASK_HEADERS, [_task_row(task) for task in found], right))
    return Exit.DONE


def txs(
    limit: Limit = 100, reveal: RevealTexts = False, env: Env = DEFAULT_ENV, as_json: AsJson = False
) -> int:
    """List the transactions this node sent."""
    found = ask_for_texts(
        env, GetTransactions(limit=limit), Transactions, _hidden_calls, is_revealing=reveal
    ).transactions
    if as_json:
        print_json({"transactions": [transaction_json(transaction) for transaction in found]})
    elif not found:
        print_text("No transactions yet.")
    else:
        print_text(_transaction_table(found))
    return Exit.DONE


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
    """Return the table; the sender is a column where two keys are in use."""
    has_two_keys = len({one.sender for one in found}) > 1
    headers = (*_TRANSACTION_HEADERS, *(("SENDER",) if has_two_keys else ()), "NOTE")
    rows = [
        (
            *_transaction_row(one),
            *((short_hash(inert(one.sender, 42)),) if has_two_keys else ()),
            inert(one.error or one.waiting_for, 2 * _MAX_TEXT),
        )
        for one in found
    ]
    return table(headers, rows, ("NONCE", "TRIES", "BLOCK", "GAS", "FEE", "AGE"))


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
        age(transaction.sent_at or transaction.created_at),
    )


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)
