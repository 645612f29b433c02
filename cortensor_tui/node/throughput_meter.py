"""Adds up what the node got through: from the journal at a start, then task by task as each ends."""

from __future__ import annotations

from collections.abc import Callable

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.throughput import HOUR_S, KEPT_SPANS, MINUTE_S, Span, Throughput, span_start
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.tasks import TaskRecord

_KEPT_S = HOUR_S * KEPT_SPANS[HOUR_S]
_REMEMBERED = 1_000
"""Tasks that were counted; one that changes after its end, by a late receipt, is not counted again."""


class ThroughputMeter:
    """`publish` gets the spans that have changed, as they now stand."""

    def __init__(self, publish: Callable[[tuple[Span, ...]], None], clock: Clock = SYSTEM_CLOCK) -> None:
        self._publish = publish
        self._clock = clock
        self._throughput = Throughput()
        self._counted: dict[TaskKey, None] = {}

    def begin(self, journal: Journal) -> None:
        """Start from what a chain's journal has of the longest time that is kept."""
        self._throughput, self._counted = Throughput(), {}
        for minute in journal.tasks.work_since(self._clock.now() - _KEPT_S):
            self._throughput = self._throughput.with_spans(self._throughput.adding(minute))
        for record in journal.tasks.recent(_REMEMBERED):
            if record.stage.is_final:
                self._counted[record.key] = None
        if self._throughput.spans:
            self._publish(self._throughput.spans)

    def task_changed(self, record: TaskRecord) -> None:
        """Count a task once it has ended."""
        work = work_of(record)
        if work is None or record.key in self._counted:
            return
        self._counted[record.key] = None
        if len(self._counted) > _REMEMBERED:
            self._counted.pop(next(iter(self._counted)))
        changed = self._throughput.adding(work)
        self._throughput = self._throughput.with_spans(changed)
        self._publish(changed)


def work_of(record: TaskRecord) -> Span | None:
    """Return what one task took, in the minute in which it ended; None while it has not."""
    if record.ended_at is None or not record.stage.is_final:
        return None
    details = record.details
    prefill, decode = details.prefill_tokens_per_s, details.decode_tokens_per_s
    prompt_tokens = details.prompt_tokens or 0 if prefill else 0
    decoded_tokens = max(0, (details.answer_tokens or 1) - 1) if decode else 0
    is_answered = record.stage is Stage.ENDED
    return Span(
        span_start(record.ended_at, MINUTE_S),
        MINUTE_S,
        int(is_answered),
        int(not is_answered),
        prompt_tokens,
        prompt_tokens / prefill if prefill else 0.0,
        decoded_tokens,
        decoded_tokens / decode if decode else 0.0,
    )
