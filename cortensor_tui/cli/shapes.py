"""The JSON of the command line as docs/command-line.md describes it, kept apart from the wire's shapes."""

from __future__ import annotations

from typing import Any

import msgspec

from cortensor_tui.cli.formats import iso_time
from cortensor_tui.domain.inference import SamplingParams
from cortensor_tui.domain.sessions import SessionView
from cortensor_tui.domain.tasks import MinerResult, TaskTimes, TaskView
from cortensor_tui.domain.transactions import Attempt, Transaction
from cortensor_tui.domain.verification import Place, Verification
from cortensor_tui.node.owner_messages import AssignmentChecked, CheckedCall


def session_json(view: SessionView) -> dict[str, Any]:
    """Return one session of `sessions`."""
    session = view.session
    return {
        "session_id": session.session_id,
        "name": session.name,
        "metadata": session.metadata,
        "mode": session.mode_name,
        "is_active": session.is_active,
        "state": session.state,
        "owner": session.owner,
        "is_mine": view.is_mine,
        "is_watched": view.is_watched,
        "is_private": view.is_private,
        "is_hidden": view.is_hidden,
        "service": view.service.value,
        "reason": view.reason,
        "dedicated_nodes": list(session.dedicated_nodes),
        "ephemeral_nodes": list(session.ephemeral_nodes),
        "min_nodes": session.min_nodes,
        "max_nodes": session.max_nodes,
        "redundant": session.redundant,
        "validator_nodes": session.validator_nodes,
        "model_identifier": session.model_identifier,
        "sla": session.sla,
        "reserve_period_s": session.reserve_period_s,
        "max_task_executions": session.max_task_executions,
        "task_count": view.task_count,
        "created_at": iso_time(session.created_at),
        "updated_at": iso_time(session.updated_at),
    }


def task_json(task: TaskView) -> dict[str, Any]:
    """Return one task of `tasks`."""
    return {
        "session_id": task.key.session_id,
        "task_id": task.key.task_id,
        "stage": task.stage.value,
        "prompt": None if task.is_hidden or task.prompt_trouble else task.prompt,
        "prompt_trouble": task.prompt_trouble,
        "answer": None if task.is_hidden else task.answer,
        "answer_trouble": task.answer_trouble,
        "answer_hash": task.answer_hash,
        "prompt_cid": task.prompt_cid,
        "answer_cid": task.answer_cid,
        "asked": _sampling_json(task.asked),
        "applied": _sampling_json(task.applied),
        "lost_runs": [{"at": iso_time(run.at), "why": run.why} for run in task.lost_runs],
        "clamps": [msgspec.to_builtins(clamp) for clamp in task.clamps],
        "prompt_tokens": task.prompt_tokens,
        "answer_tokens": task.answer_tokens,
        "first_token_ms": task.first_token_ms,
        "prefill_tokens_per_s": task.prefill_tokens_per_s,
        "decode_tokens_per_s": task.decode_tokens_per_s,
        "assigned_at": iso_time(task.assigned_at),
        "acked_at": iso_time(task.acked_at),
        "precommitted_at": iso_time(task.precommitted_at),
        "committed_at": iso_time(task.committed_at),
        "ended_at": iso_time(task.ended_at),
        "deadline_at": iso_time(task.deadline_at),
        "deadline_of": task.deadline_of,
        "note": task.note,
        "gas_fee_wei": task.gas_fee_wei,
        "times": _times_json(task.times),
        "envelope": None if task.envelope is None else msgspec.structs.asdict(task.envelope),
        "is_private": task.is_private,
        "is_hidden": task.is_hidden,
    }


def _times_json(times: TaskTimes) -> dict[str, Any]:
    steps = msgspec.structs.asdict(times)
    block = steps.pop("assigned_block")
    return {"assigned_block": block} | {name: iso_time(at) for name, at in steps.items()}


def transaction_json(transaction: Transaction) -> dict[str, Any]:
    """Return one transaction of `txs`, or the one that a command sent."""
    task = transaction.task_key
    return {
        "transaction_id": transaction.transaction_id,
        "kind": transaction.kind.value,
        "state": transaction.state.value,
        "hash": transaction.hash,
        "sender": transaction.sender,
        "nonce": transaction.nonce,
        "session_id": task.session_id if task else transaction.session_id,
        "task_id": task.task_id if task else None,
        "call": transaction.call,
        "is_hidden": transaction.is_hidden,
        "block_number": transaction.block_number,
        "block_hash": transaction.block_hash,
        "gas_limit": transaction.gas_limit,
        "gas_used": transaction.gas_used,
        "fee_wei": transaction.fee_wei,
        "created_at": iso_time(transaction.created_at),
        "sent_at": iso_time(transaction.sent_at),
        "mined_at": iso_time(transaction.mined_at),
        "deadline_at": iso_time(transaction.deadline_at),
        "waiting_for": transaction.waiting_for,
        "error": transaction.error,
        "attempts": [_attempt_json(attempt) for attempt in transaction.attempts],
    }


def checked_json(session_id: int, checked: AssignmentChecked) -> dict[str, Any]:
    """Return the document of `assign --dry-run`."""
    return {
        "dry_run": True,
        "session_id": session_id,
        "node_address": checked.node_address,
        **call_json(checked),
    }


def call_json(checked: CheckedCall) -> dict[str, Any]:
    """Return what was found of a call."""
    return {
        "is_allowed": checked.is_allowed,
        "checks": [
            {"name": check.name, "is_met": check.is_met, "detail": check.detail} for check in checked.checks
        ],
        "call": checked.call,
        "contract": checked.contract,
        "calldata": checked.calldata,
        "gas_limit": checked.gas_limit,
        "fee_wei": checked.fee_wei,
    }


def result_json(result: MinerResult) -> dict[str, Any]:
    """Return one miner's answer of `submit --wait`."""
    return {"miner": result.miner, "data": result.data, "hash": result.hash}


def verification_json(found: Verification) -> dict[str, Any]:
    """Return the document of `verify`."""
    return {
        "session_id": found.key.session_id,
        "task_id": found.key.task_id,
        "verdict": found.verdict.value,
        "summary": found.summary,
        "node_address": found.node_address,
        "chain_id": found.chain_id,
        "queue_address": found.queue_address,
        "is_hidden": found.is_hidden,
        "checks": [
            {
                "name": check.name,
                "title": check.title,
                "finding": check.finding.value,
                "expected": check.expected or None,
                "found": check.found or None,
                "is_hidden": check.is_hidden,
                "detail": check.detail,
                **_place_json(check.place or Place()),
            }
            for check in found.checks
        ],
    }


def _place_json(place: Place) -> dict[str, Any]:
    return {
        "transaction_hash": place.transaction_hash,
        "block_number": place.block_number,
        "block_hash": place.block_hash,
        "block_at": iso_time(place.block_at),
    }


def _attempt_json(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "hash": attempt.hash,
        "max_fee_wei": attempt.max_fee_wei,
        "priority_fee_wei": attempt.priority_fee_wei,
        "signed_at": iso_time(attempt.signed_at),
        "sent_at": iso_time(attempt.sent_at),
        "error": attempt.error,
    }


def _sampling_json(params: SamplingParams | None) -> dict[str, Any] | None:
    return None if params is None else msgspec.to_builtins(params)
