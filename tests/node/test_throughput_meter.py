"""What the node got through is the same whether it is counted task by task or read from the journal."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.throughput import HOUR_S, MINUTE_S, Span, Throughput
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.node.throughput_meter import ThroughputMeter
from tests.journal.test_journal import SCOPE, record
from tests.support.clock import StandingClock

CLOCK = StandingClock()
NOW = CLOCK.now()


def ended(
    task_id: int, ago_s: float, stage: Stage = Stage.ENDED, **details: float | int | None
) -> TaskRecord:
    """Return a task that ended so long ago: 30 tokens read in 2 s, 60 after the first written in 3."""
    begun = record(TaskKey(0, task_id), stage, NOW - ago_s - 10)
    figures = {
        "prompt_tokens": 30,
        "answer_tokens": 61,
        "prefill_tokens_per_s": 15.0,
        "decode_tokens_per_s": 20.0,
    }
    told = msgspec.structs.replace(begun.details, **(figures | details))
    return msgspec.structs.replace(begun, details=told, ended_at=NOW - ago_s)


class Told:
    """A meter with what it has published so far, put together as a dashboard does."""

    def __init__(self) -> None:
        self.throughput = Throughput()
        self.meter = ThroughputMeter(self._take, CLOCK)

    def _take(self, spans: tuple[Span, ...]) -> None:
        self.throughput = self.throughput.with_spans(spans)


def journal_at(folder: Path, *records: TaskRecord) -> Journal:
    journal = Journal(Database.open(folder / "journal.sqlite"), SCOPE)
    for one in records:
        journal.tasks.save(one, "ended")
    return journal


def test_a_task_counts_in_its_minute_its_ten_minutes_and_its_hour(tmp_path: Path) -> None:
    told = Told()
    told.meter.begin(journal_at(tmp_path))
    told.meter.task_changed(ended(1, 0))
    told.meter.task_changed(ended(2, 0, Stage.MISSED, prompt_tokens=None, prefill_tokens_per_s=None))
    for length_s in (MINUTE_S, 600, HOUR_S):
        last = told.throughput.series(length_s, NOW)[-1]
        assert (last.answered, last.missed, last.prompt_tokens, last.answer_tokens) == (1, 1, 30, 120)
        assert (last.prefill_tokens_per_s, last.decode_tokens_per_s) == (15.0, 20.0)


def test_a_task_that_changes_after_its_end_counts_once(tmp_path: Path) -> None:
    told = Told()
    told.meter.begin(journal_at(tmp_path))
    for _ in range(3):
        told.meter.task_changed(ended(1, 0))
    told.meter.task_changed(record(TaskKey(0, 2), Stage.ACKED, NOW))
    assert told.throughput.series(MINUTE_S, NOW)[-1].answered == 1


def test_what_the_journal_has_is_not_counted_again_after_a_restart(tmp_path: Path) -> None:
    told = Told()
    told.meter.begin(journal_at(tmp_path, ended(1, 70), ended(2, 3000)))
    told.meter.task_changed(ended(1, 70))
    minutes = told.throughput.series(MINUTE_S, NOW)
    assert sum(one.answered for one in minutes) == 2


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tasks=st.lists(
        st.tuples(
            st.floats(0, 7000),
            st.sampled_from([Stage.ENDED, Stage.MISSED]),
            st.sampled_from([None, 12.5, 300.0]),
            st.sampled_from([None, 20.0]),
            st.integers(1, 90),
        ),
        max_size=12,
    )
)
def test_the_journal_adds_up_to_what_was_counted_one_by_one(
    tmp_path_factory: pytest.TempPathFactory,
    tasks: list[tuple[float, Stage, float | None, float | None, int]],
) -> None:
    records = [
        ended(
            place,
            ago_s,
            stage,
            prefill_tokens_per_s=prefill,
            decode_tokens_per_s=decode,
            answer_tokens=answer_tokens,
        )
        for place, (ago_s, stage, prefill, decode, answer_tokens) in enumerate(tasks)
    ]
    counted, read = Told(), Told()
    counted.meter.begin(journal_at(tmp_path_factory.mktemp("empty")))
    for one in records:
        counted.meter.task_changed(one)
    read.meter.begin(journal_at(tmp_path_factory.mktemp("full"), *records))
    for length_s in (MINUTE_S, 600, HOUR_S):
        for a, b in zip(
            counted.throughput.series(length_s, NOW), read.throughput.series(length_s, NOW), strict=True
        ):
            assert (a.began_at, a.answered, a.missed, a.prompt_tokens, a.answer_tokens) == (
                *(b.began_at, b.answered, b.missed, b.prompt_tokens, b.answer_tokens),
            )
            assert (a.prefill_s, a.decode_s) == pytest.approx((b.prefill_s, b.decode_s))
