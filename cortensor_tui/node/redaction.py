"""What a viewer does not get: prompts, answers and the text of tokens. Counts, hashes and times remain."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.tasks import TaskView
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.node.live_messages import InferenceStarted, LiveInference, TokensStreamed
from cortensor_tui.node.messages import Change, Snapshot, TaskChanged, TransactionChanged

WITHHELD = "[not shown to viewers]"


def redact(message: Snapshot | Change) -> Snapshot | Change:
    """Return the message without payloads."""
    return redact_snapshot(message) if isinstance(message, Snapshot) else redact_change(message)


def redact_snapshot(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot without payloads."""
    live = None if snapshot.live is None else _redact_live(snapshot.live)
    tasks = tuple(_redact_task(task) for task in snapshot.tasks)
    transactions = tuple(_redact_transaction(one) for one in snapshot.transactions)
    return msgspec.structs.replace(snapshot, tasks=tasks, transactions=transactions, live=live)


def redact_change(change: Change) -> Change:
    """Return the change without payloads."""
    body = change.body
    if isinstance(body, TaskChanged):
        return msgspec.structs.replace(change, body=TaskChanged(_redact_task(body.task)))
    if isinstance(body, TransactionChanged):
        return msgspec.structs.replace(change, body=TransactionChanged(_redact_transaction(body.transaction)))
    if isinstance(body, InferenceStarted):
        return msgspec.structs.replace(change, body=InferenceStarted(_redact_live(body.live)))
    if isinstance(body, TokensStreamed):
        return msgspec.structs.replace(change, body=msgspec.structs.replace(body, text=""))
    return change


def _redact_task(task: TaskView) -> TaskView:
    answer = None if task.answer is None else WITHHELD
    return msgspec.structs.replace(task, prompt=WITHHELD, answer=answer)


def _redact_transaction(transaction: Transaction) -> Transaction:
    """A call's arguments begin with the payload."""
    return msgspec.structs.replace(transaction, call=transaction.call.partition("(")[0])


def _redact_live(live: LiveInference) -> LiveInference:
    return msgspec.structs.replace(live, prompt=WITHHELD, answer="")
