"""How the node's messages change what is shown. Pure and bounded."""

from __future__ import annotations

from math import inf

import msgspec

from cortensor_tui.dashboard.state import NodeView, SequenceGapError
from cortensor_tui.domain.sessions import SessionView, with_changed
from cortensor_tui.domain.tasks import TaskKey, TaskView
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.node.live_messages import (
    InferenceFinished,
    InferenceStarted,
    LiveInference,
    RateSampled,
    Runs,
    ThroughputChanged,
    TokensStreamed,
    newest_run,
    runs_after,
)
from cortensor_tui.node.messages import (
    Change,
    ChangeBody,
    SessionsChanged,
    Snapshot,
    SomeSessionsChanged,
    StatusChanged,
    TaskChanged,
    TransactionChanged,
)

MAX_TASKS = 200
MAX_TRANSACTIONS = 200
MAX_RATES = 240
MAX_ANSWER_CHARS = 32_768


def apply(view: NodeView | None, message: Snapshot | Change) -> NodeView:
    """Return the view after one message. A change seen before alters nothing.

    Raises `SequenceGapError` when a change is missing, or comes before any snapshot.
    """
    if isinstance(message, Snapshot):
        return from_snapshot(message, 0 if view is None else view.generation + 1)
    if view is None or message.sequence > view.sequence + 1:
        raise SequenceGapError
    if message.sequence <= view.sequence:
        return view
    return msgspec.structs.replace(_changed(view, message.body), sequence=message.sequence)


def from_snapshot(snapshot: Snapshot, generation: int = 0) -> NodeView:
    """Return the view that a snapshot alone gives."""
    runs = snapshot.runs or (() if snapshot.live is None else (snapshot.live,))  # a node of before has one
    view = NodeView(
        sequence=snapshot.sequence,
        generation=generation,
        status=snapshot.status,
        sessions=snapshot.sessions,
        tasks=_ordered_tasks(snapshot.tasks),
        transactions=_ordered_transactions(snapshot.transactions),
        rates=snapshot.rates[-MAX_RATES:],
        throughput=snapshot.throughput,
    )
    return _with_runs(view, runs)


def _changed(view: NodeView, body: ChangeBody) -> NodeView:
    replace = msgspec.structs.replace
    match body:
        case StatusChanged():
            return replace(view, status=body.status)
        case SessionsChanged() | SomeSessionsChanged():
            return replace(view, sessions=_sessions(view.sessions, body))
        case TaskChanged():
            return replace(view, tasks=_with_task(view.tasks, body.task))
        case TransactionChanged():
            return replace(view, transactions=_with_transaction(view.transactions, body.transaction))
        case InferenceStarted() | TokensStreamed() | InferenceFinished():
            return _with_runs(view, runs_after(view.runs, body))
        case RateSampled():
            return replace(view, rates=(*view.rates, body.tokens_per_s)[-MAX_RATES:])
        case ThroughputChanged():
            return replace(view, throughput=view.throughput.with_spans(body.spans))


def _sessions(
    known: tuple[SessionView, ...], body: SessionsChanged | SomeSessionsChanged
) -> tuple[SessionView, ...]:
    if isinstance(body, SessionsChanged):
        return body.sessions
    return with_changed(known, body.sessions, body.gone)


def _with_task(tasks: tuple[TaskView, ...], task: TaskView) -> tuple[TaskView, ...]:
    return _ordered_tasks((*(one for one in tasks if one.key != task.key), task))


def _ordered_tasks(tasks: tuple[TaskView, ...]) -> tuple[TaskView, ...]:
    def order(task: TaskView) -> tuple[float, TaskKey]:
        return (inf if task.assigned_at is None else task.assigned_at, task.key)

    return tuple(sorted(tasks, key=order)[-MAX_TASKS:])


def _with_transaction(known: tuple[Transaction, ...], one: Transaction) -> tuple[Transaction, ...]:
    return _ordered_transactions((*(o for o in known if o.transaction_id != one.transaction_id), one))


def _ordered_transactions(transactions: tuple[Transaction, ...]) -> tuple[Transaction, ...]:
    return tuple(sorted(transactions, key=lambda one: one.transaction_id)[-MAX_TRANSACTIONS:])


def _with_runs(view: NodeView, runs: Runs) -> NodeView:
    capped = tuple(_capped(run) for run in runs)
    return msgspec.structs.replace(view, runs=capped, live=newest_run(capped))


def _capped(run: LiveInference) -> LiveInference:
    if len(run.answer) <= MAX_ANSWER_CHARS:
        return run
    return msgspec.structs.replace(run, answer=run.answer[-MAX_ANSWER_CHARS:])
