"""What the node got through, counted from a real journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.domain.tasks import Stage
from cortensor_tui.domain.throughput import HOUR_S, KEPT_SPANS, MINUTE_S, Throughput, span_start
from cortensor_tui.journal.journal import Journal
from cortensor_tui.node.history import HistoryDesk
from cortensor_tui.node.live_messages import ThroughputChanged
from cortensor_tui.node.tally import COUNTED_AGAIN_S, Tally
from cortensor_tui.storage.local_store import LocalStore
from tests.journal.past import NOW, write_past
from tests.support.clock import StandingClock

TASKS = 200


class Counted:
    """A tally at work, and what it told."""

    def __init__(self, journal: Journal, folder: Path) -> None:
        clock = StandingClock(0.0, wall_ahead_s=NOW)
        self.journal = journal
        self.desk = HistoryDesk(LocalStore(folder), clock)
        self.told: list[ThroughputChanged] = []
        self.tally = Tally(self.desk, self.told.append, clock)

    @property
    def throughput(self) -> Throughput:
        found = Throughput()
        for change in self.told:
            found = found.with_spans(change.spans)
        return found

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not is_so():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def _counting(folder: Path) -> AsyncIterator[Counted]:
    journal = write_past(folder / "journal.sqlite", sessions=3, tasks=TASKS, transactions=0)
    counted = Counted(journal, folder)
    work = asyncio.create_task(counted.tally.run())
    counted.tally.begin(journal)
    try:
        yield counted
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await counted.desk.close()


async def test_the_past_is_counted_at_the_start(tmp_path: Path) -> None:
    async with _counting(tmp_path) as counted:
        await counted.until(lambda: counted.tally.answered is not None)
        assert (counted.tally.answered, counted.tally.missed) == (TASKS - 3 - 4, 4)
        for length_s, kept in KEPT_SPANS.items():
            spans = counted.throughput.series(length_s, NOW)
            expected = sum(
                1 for at in _ends(counted.journal) if at >= NOW // length_s * length_s - (kept - 1) * length_s
            )
            assert sum(span.answered + span.missed for span in spans) == expected


async def test_a_task_that_ends_moves_only_its_own_spans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortensor_tui.node.tally.REST_S", 0.0)
    async with _counting(tmp_path) as counted:
        await counted.until(lambda: bool(counted.told))
        record = counted.journal.tasks.recent(1)[0]
        details = msgspec.structs.replace(
            record.details,
            prompt_tokens=30,
            prefill_tokens_per_s=60.0,
            answer_tokens=101,
            decode_tokens_per_s=25.0,
        )
        ended = msgspec.structs.replace(record, stage=Stage.ENDED, ended_at=NOW, details=details)
        counted.journal.tasks.save(ended, "ended")
        counted.tally.task_ended()
        await counted.until(lambda: len(counted.told) == 2)
        spans = counted.told[1].spans
        assert [span.length_s for span in spans] == sorted(KEPT_SPANS)
        assert (spans[0].prefill_tokens_per_s, spans[0].decode_tokens_per_s) == (60.0, 25.0)
        assert counted.tally.answered == TASKS - 3 - 4 + 1
        counted.journal.tasks.save(
            msgspec.structs.replace(ended, stage=Stage.ACKED, ended_at=None), "taken back"
        )
        counted.tally.task_ended()
        await counted.until(lambda: len(counted.told) == 3)
        assert counted.throughput.series(MINUTE_S, NOW)[-1].answered == 0
        assert {span.began_at % HOUR_S for span in counted.told[2].spans if span.length_s == HOUR_S} == {0}


async def test_a_task_that_ended_long_before_it_was_found_counts_in_its_own_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortensor_tui.node.tally.REST_S", 0.0)
    async with _counting(tmp_path) as counted:
        await counted.until(lambda: bool(counted.told))
        ended_at = NOW - COUNTED_AGAIN_S - 2 * HOUR_S
        before = _missed_in(counted, ended_at)
        record = counted.journal.tasks.recent(1)[0]
        counted.journal.tasks.save(
            msgspec.structs.replace(record, stage=Stage.MISSED, ended_at=ended_at), "missed"
        )
        counted.tally.task_ended(ended_at)
        await counted.until(lambda: len(counted.told) == 2)
        assert _missed_in(counted, ended_at) == before + 1


def _missed_in(counted: Counted, at: float) -> int:
    """Return how many are counted as missed in an hour."""
    hour = span_start(at, HOUR_S)
    spans = counted.throughput.series(HOUR_S, NOW)
    return sum(span.missed for span in spans if span.began_at == hour)


def _ends(journal: Journal) -> list[float]:
    return [one.ended_at for one in journal.tasks.recent(TASKS) if one.ended_at is not None]
