"""From what the journal and the contracts hold to what is shown."""

from __future__ import annotations

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskView
from cortensor_tui.journal.history import PastTask
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.task_times import task_times
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.storage.local_store import LocalStore

# Lists carry the start of long texts; `GetTask` brings one task whole.
LISTED_TEXT_CHARS = 16_000
# A prompt from IPFS may be larger than a line on the socket; both texts of a task fit one, however escaped.
WHOLE_TEXT_CHARS = 1_000_000


def changed_view(record: TaskRecord, journal: Journal, store: LocalStore) -> TaskView:
    """Return a task with what the journal knows of its transactions now."""
    fee = journal.transactions.gas_fees([record.key]).get(record.key)
    return task_view(PastTask(record, task_times(record, journal.transactions), fee), store)


def task_view(past: PastTask, store: LocalStore, text_chars: int | None = LISTED_TEXT_CHARS) -> TaskView:
    """Return the task for people, its texts cut to `text_chars`, whole where that is None."""
    record, fee = past.record, past.gas_fee_wei
    details = record.details
    prompt, prompt_trouble = _text(store, record.prompt_cid, text_chars)
    answer, answer_trouble = _text(store, record.answer_cid, text_chars)
    return TaskView(
        key=record.key,
        stage=record.stage,
        prompt=prompt or "",
        prompt_trouble=prompt_trouble,
        answer=answer,
        answer_trouble=answer_trouble,
        answer_hash=record.answer_hash,
        prompt_cid=record.prompt_cid,
        answer_cid=record.answer_cid,
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
        gas_fee_wei=None if fee is None else str(fee),
        times=past.times,
        lost_runs=details.lost_runs,
        envelope=record.envelope,
    )


def _text(store: LocalStore, cid: str | None, most_chars: int | None) -> tuple[str | None, str]:
    """Return a text, None where there is none here, and why one that there is cannot be read."""
    if cid is None:
        return None, ""
    try:
        text = store.get(cid).decode("utf-8")
    except ProblemError as error:
        return None, error.problem.sentence()
    if most_chars is None or len(text) <= most_chars:
        return text, ""
    return text[:most_chars] + "…", ""
