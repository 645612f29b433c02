"""Sessions, tasks and transactions as rows of a file: one value a column, in UTC, unknown ones empty."""

from __future__ import annotations

from datetime import UTC, datetime

from cortensor_tui.domain.inert import without_payload
from cortensor_tui.domain.sessions import SessionView
from cortensor_tui.domain.tasks import TaskView
from cortensor_tui.domain.transactions import Transaction

Value = str | int | float | bool | None
ExportRow = dict[str, Value]
_NO_TEXTS: ExportRow = dict.fromkeys(("prompt_cid", "answer_cid", "prompt", "answer"))


def exported_task(task: TaskView) -> ExportRow:
    """Return a task; of a private session without its texts, shown or not: a file outlives the look at it."""
    is_private = task.is_private or task.is_hidden
    took_s = None
    if task.assigned_at is not None and task.ended_at is not None:
        took_s = round(task.ended_at - task.assigned_at, 3)
    return {
        "session": task.key.session_id,
        "task": task.key.task_id,
        "stage": task.stage.value,
        "assigned_at": _utc(task.assigned_at),
        "ended_at": _utc(task.ended_at),
        "deadline_at": _utc(task.deadline_at),
        "deadline_of": task.deadline_of,
        "took_s": took_s,
        "prompt_tokens": task.prompt_tokens,
        "answer_tokens": task.answer_tokens,
        "decode_tokens_per_s": task.decode_tokens_per_s,
        "gas_fee_wei": task.gas_fee_wei,
        "answer_hash": task.answer_hash,
        "note": without_payload(task.note) if is_private else task.note,
        **(_NO_TEXTS if is_private else _texts(task)),
        "is_private": is_private,
    }


def _texts(task: TaskView) -> ExportRow:
    return {
        "prompt_cid": task.prompt_cid,
        "answer_cid": task.answer_cid,
        "prompt": None if task.prompt_trouble else task.prompt,
        "answer": task.answer,
    }


def exported_transaction(one: Transaction, *, is_private: bool) -> ExportRow:
    """Return a transaction; of a private session without the arguments of its call."""
    return {
        "id": one.transaction_id,
        "kind": one.kind.value,
        "state": one.state.value,
        "session": one.session_id if one.task_key is None else one.task_key.session_id,
        "task": None if one.task_key is None else one.task_key.task_id,
        "nonce": one.nonce,
        "hash": one.hash,
        "sender": one.sender,
        "block_number": one.block_number,
        "gas_used": one.gas_used,
        "gas_limit": one.gas_limit,
        "fee_wei": one.fee_wei,
        "created_at": _utc(one.created_at),
        "sent_at": _utc(one.sent_at),
        "mined_at": _utc(one.mined_at),
        "attempts": len(one.attempts),
        "error": without_payload(one.error) if is_private else one.error,
        "waiting_for": without_payload(one.waiting_for) if is_private else one.waiting_for,
        "call": one.call.partition("(")[0] if is_private else one.call,
        "is_private": is_private,
    }


def exported_session(view: SessionView) -> ExportRow:
    """Return a session; lists of nodes are joined by spaces."""
    session = view.session
    return {
        "session": session.session_id,
        "name": session.name,
        "mode": session.mode_name,
        "is_active": session.is_active,
        "service": view.service.value,
        "reason": view.reason,
        "is_mine": view.is_mine,
        "owner": session.owner,
        "dedicated_nodes": " ".join(session.dedicated_nodes),
        "ephemeral_nodes": " ".join(session.ephemeral_nodes),
        "min_nodes": session.min_nodes,
        "max_nodes": session.max_nodes,
        "redundant": session.redundant,
        "validator_nodes": session.validator_nodes,
        "task_count": view.task_count,
        "model_identifier": session.model_identifier,
        "sla": session.sla,
        "reserve_period_s": session.reserve_period_s,
        "max_task_executions": session.max_task_executions,
        "created_at": _utc(session.created_at),
        "updated_at": _utc(session.updated_at),
        "metadata": session.metadata,
        "is_private": view.is_private,
    }


def _utc(at: float | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
