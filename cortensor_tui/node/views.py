"""From what the journal and the contracts hold to what is shown."""

from __future__ import annotations

from collections import OrderedDict

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskView
from cortensor_tui.journal.history import PastTask
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.task_times import task_times
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.storage.local_store import LocalStore, Stamp

# Lists carry the start of long texts; `GetTask` brings one task whole.
LISTED_TEXT_CHARS = 16_000
# A prompt from IPFS may be larger than a line on the socket; both texts of a task fit one, however escaped.
WHOLE_TEXT_CHARS = 1_000_000
_MOST_KNOWN_TEXTS = 64


Text = tuple[str | None, str]
"""A text, None where there is none here, and why one that there is cannot be read."""


class ListedTexts:
    """The starts of texts, read once: a task changes some ten times, and its prompt may have 16 MiB.

    The store checks what it reads against the content id. That holds until the file is another one.
    """

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._known: OrderedDict[str, tuple[Stamp, Text]] = OrderedDict()

    def text(self, cid: str | None) -> Text:
        """Return a text as lists show it."""
        stamp = None if cid is None else self._store.stamp(cid)
        if cid is None or stamp is None:
            return _text(self._store, cid, LISTED_TEXT_CHARS)
        known = self._known.pop(cid, None)
        if known is None or known[0] != stamp:
            known = stamp, _text(self._store, cid, LISTED_TEXT_CHARS)
        text, trouble = known[1]
        if not trouble:  # that may pass
            self._known[cid] = known
            if len(self._known) > _MOST_KNOWN_TEXTS:
                self._known.popitem(last=False)
        return text, trouble


def changed_view(record: TaskRecord, journal: Journal, texts: ListedTexts) -> TaskView:
    """Return a task with what the journal knows of its transactions now."""
    fee = journal.transactions.gas_fees([record.key]).get(record.key)
    past = PastTask(record, task_times(record, journal.transactions), fee)
    return _view(past, texts.text(record.prompt_cid), texts.text(record.answer_cid))


def task_view(past: PastTask, store: LocalStore, text_chars: int | None = LISTED_TEXT_CHARS) -> TaskView:
    """Return the task for people, its texts cut to `text_chars`, whole where that is None."""
    prompt, answer = (
        _text(store, cid, text_chars) for cid in (past.record.prompt_cid, past.record.answer_cid)
    )
    return _view(past, prompt, answer)


def _view(past: PastTask, prompt: Text, answer: Text) -> TaskView:
    record, fee = past.record, past.gas_fee_wei
    details = record.details
    return TaskView(
        key=record.key,
        stage=record.stage,
        prompt=prompt[0] or "",
        prompt_trouble=prompt[1],
        answer=answer[0],
        answer_trouble=answer[1],
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


def _text(store: LocalStore, cid: str | None, most_chars: int | None) -> Text:
    if cid is None:
        return None, ""
    try:
        text = store.get(cid).decode("utf-8")
    except ProblemError as error:
        return None, error.problem.sentence()
    if most_chars is None or len(text) <= most_chars:
        return text, ""
    return text[:most_chars] + "…", ""
