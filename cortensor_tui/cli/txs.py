"""`txs`: the transactions that the node sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cortensor_tui.cli.asking import read_node
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.formats import UNKNOWN, age, cost, short_hash, table
from cortensor_tui.cli.options import AsJson, Env, Limit, RevealTexts, id_number
from cortensor_tui.cli.output import Exit, print_json, print_text
from cortensor_tui.cli.pages import read_pages
from cortensor_tui.cli.past import past_json, tell_past
from cortensor_tui.cli.revealing import ask_for_texts
from cortensor_tui.cli.shapes import transaction_json
from cortensor_tui.cli.sorting import (
    TRANSACTION_ORDERS,
    Reverse,
    SortTransactions,
    TransactionSort,
    is_rising,
)
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.list_orders import TransactionOrder, transaction_number
from cortensor_tui.domain.transaction_filter import parse_transactions
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.history_messages import LEAST_NUMBER, GetTransactions, Transactions

_HEADERS = (
    *("KIND", "STATE", "TASK", "NONCE", "TRIES", "HASH"),
    *("BLOCK", "GAS", "FEE", "AGE", "SENDER", "NOTE"),
)
_MAX_NOTE = 64

Before = Annotated[
    int | None,
    typer.Option(
        "--before",
        metavar="ID",
        min=1,
        show_default=False,
        help="Go on with those after this id.",
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
Filter = Annotated[
    str,
    typer.Option(
        "--filter", metavar="WORDS", help='Only those it matches, as in the dashboard: "task:7/12 failed".'
    ),
]
OfTask = Annotated[
    str,
    typer.Option("--task", metavar="TASK", help="Only of this task, SESSION/TASK."),
]
OfHash = Annotated[
    str,
    typer.Option("--hash", metavar="HASH", help="Only those with this hash, or one that begins so."),
]
States = Annotated[
    list[TransactionState],
    typer.Option(
        "--state", metavar="STATE", help=f"Only these: {', '.join(TransactionState)}; may be repeated."
    ),
]


def txs(
    session: OfSession = None,
    task: OfTask = "",
    of_hash: OfHash = "",
    wanted: Filter = "",
    kinds: Kinds = [],  # noqa: B006 - typer reads it, nobody changes it
    states: States = [],  # noqa: B006
    sort: SortTransactions = TransactionSort.AGE,
    reverse: Reverse = False,
    before: Before = None,
    limit: Limit = 100,
    reveal: RevealTexts = False,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """List the transactions this node sent."""
    order, goes_up = TRANSACTION_ORDERS[sort], is_rising(sort, is_reversed=reverse)
    asked = _asked(wanted, session, task, of_hash, kinds, states)
    is_all = asked == GetTransactions() and before is None
    asked = msgspec.structs.replace(asked, order=order)
    if before is not None:
        asked = _from(asked, _place_of(env, before, order), goes_up=goes_up)
    elif goes_up:
        asked = _from(asked, (LEAST_NUMBER, 0), goes_up=True)
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
        print_text("No transactions yet." if is_all else "No transactions match.")
    else:
        print_text(_table(found.transactions))
    return Exit.DONE


def _asked(
    wanted: str,
    session: int | None,
    task: str,
    of_hash: str,
    kinds: Sequence[TransactionKind],
    states: Sequence[TransactionState],
) -> GetTransactions:
    """Return what asks for all that is wanted: an option is a word of the filter. Raises `ProblemError`."""
    options = {
        "session": "" if session is None else str(session),
        "task": task,
        "hash": of_hash,
        "kind": ",".join(kinds).replace(" ", "-"),
        "state": ",".join(states),
    }
    words = [wanted, *(f"{name}:{value}" for name, value in options.items() if value)]
    found = parse_transactions(" ".join(words).strip())
    return GetTransactions(**msgspec.structs.asdict(found))


def _place_of(env: Path, transaction_id: int, order: TransactionOrder) -> tuple[float, int]:
    """Return where a transaction stands, its number and its id."""
    if order is TransactionOrder.NEWEST:
        return 0, transaction_id
    body = GetTransactions(before=transaction_id + 1, limit=1)
    found = read_node(env, body, Transactions).transactions
    if not found or found[0].transaction_id != transaction_id:
        raise typer.BadParameter(f"there is no transaction {transaction_id}", param_hint="--before")
    return transaction_number(order, found[0]), transaction_id


def _from(asked: GetTransactions, place: tuple[float, int], *, goes_up: bool) -> GetTransactions:
    """Return what asks for those that follow a place; a list that rises is read from its other end."""
    number, transaction_id = place
    side = "after" if goes_up else "before"
    return msgspec.structs.replace(asked, number=number, **{side: transaction_id})


def _read_transactions(env: Path, asked: GetTransactions, limit: int, *, is_revealing: bool) -> Transactions:
    """Return so many transactions as one page; `reached` is the last one looked at where there are more."""
    goes_up = asked.after is not None

    def read(body: GetTransactions) -> Transactions:
        return ask_for_texts(env, body, Transactions, _hidden_calls, is_revealing=is_revealing)

    def following(page: Transactions) -> GetTransactions | None:
        if not page.has_more or page.reached is None:
            return None
        return _from(asked, (page.reached_number, page.reached), goes_up=goes_up)

    page, found = read_pages(asked, limit, read, lambda page: page.transactions, following)
    return msgspec.structs.replace(page, transactions=found, reached=page.reached if page.has_more else None)


def _hidden_calls(found: Transactions) -> list[int]:
    hidden = (one for one in found.transactions if one.is_hidden)
    sessions = (one.task_key.session_id if one.task_key else one.session_id for one in hidden)
    return [session_id for session_id in sessions if session_id is not None]


def _table(found: tuple[Transaction, ...]) -> str:
    rows = [_row(one) for one in found]
    return table(_HEADERS, rows, ("NONCE", "TRIES", "BLOCK", "GAS", "FEE", "AGE"))


def _row(transaction: Transaction) -> tuple[str, ...]:
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
        UNKNOWN if transaction.fee_wei is None else cost(transaction.fee_wei),
        age(transaction.at),
        short_hash(inert(transaction.sender, 42)),
        inert(transaction.error or transaction.waiting_for, _MAX_NOTE),
    )


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)
