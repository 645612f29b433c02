"""From what the journal and the contracts hold to what is shown."""

from __future__ import annotations

from collections.abc import Sequence

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskTimes, TaskView
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.task_times import task_times
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.storage.local_store import LocalStore

# Lists carry the start of long texts; `GetTask` brings one task whole.
LISTED_TEXT_CHARS = 16_000


def task_views(
    records: Sequence[TaskRecord], journal: Journal, store: LocalStore, *, is_whole: bool = False
) -> tuple[TaskView, ...]:
    """Return tasks with what the journal knows of their transactions: when they went, what they cost."""
    fees = journal.transactions.gas_fees(record.key for record in records)
    return tuple(
        task_view(
            record,
            store,
            fees.get(record.key),
            task_times(record, journal.transactions),
            is_whole=is_whole,
        )
        for record in records
    )


def task_view(
    record: TaskRecord,
    store: LocalStore,
    gas_fee_wei: int | None = None,
    times: TaskTimes | None = None,
    *,
    is_whole: bool = False,
) -> TaskView:
    """Return the task for people; texts are cut unless `is_whole`, the fee is None until one was paid.

    `times` are those that `task_times` puts together, the record's own if left out.
    """
    details = record.details
    return TaskView(
        key=record.key,
        stage=record.stage,
        prompt=_text(store, record.prompt_cid, is_whole) or "",
        answer=_text(store, record.answer_cid, is_whole),
        answer_hash=record.answer_hash,
        asked=details.asked,
        applied=details.applied,
        clamps=details.clamps,
        prompt_tokens=details.prompt_tokens,
        answer_tokens=details.answer_tokens,
        first_token_ms=details.first_token_ms,
        prefill_tokens_per_s=details.prefill_tokens_per_s,
        decode_tokens_per_s=details.decode_tokens_per_s,
        assigned_at=record.assigned_at,
        acked_at=record.acked_at,
        precommitted_at=record.precommitted_at,
        committed_at=record.committed_at,
        ended_at=record.ended_at,
        deadline_at=record.deadline_at,
        note=record.note,
        gas_fee_wei=None if gas_fee_wei is None else str(gas_fee_wei),
        times=record.times if times is None else times,
    )


def _text(store: LocalStore, cid: str | None, is_whole: bool) -> str | None:
    if cid is None:
        return None
    try:
        text = store.get(cid).decode("utf-8")
    except ProblemError as error:
        return f"[{error.problem.sentence()}]"
    if is_whole or len(text) <= LISTED_TEXT_CHARS:
        return text
    return text[:LISTED_TEXT_CHARS] + "…"
