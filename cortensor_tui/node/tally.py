"""What the node got through, counted from the journal soon after a task ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.throughput import HOUR_S, KEPT_SPANS, Span, Throughput, span_start
from cortensor_tui.journal.history import History
from cortensor_tui.journal.scope import ReadableChain
from cortensor_tui.node.history import HistoryDesk
from cortensor_tui.node.live_messages import ThroughputChanged

log = structlog.get_logger(__name__)

REST_S = 1.0  # tasks that end together are counted together
COUNTED_AGAIN_S = 2 * HOUR_S
"""How far back spans are counted anew when a task ends; its end may also be taken back."""
RETRY_S = 10.0


class Tally:
    """Keeps the numbers of answered and missed tasks, None until counted, and tells of throughput."""

    def __init__(
        self, history: HistoryDesk, publish: Callable[[ThroughputChanged], None], clock: Clock
    ) -> None:
        self._history = history
        self._publish = publish
        self._clock = clock
        self._due = asyncio.Event()
        self._chain: ReadableChain | None = None
        self._known = Throughput()
        self._is_whole_due = True
        self.answered: int | None = None
        self.missed: int | None = None

    def begin(self, chain: ReadableChain) -> None:
        """Count a chain's tasks from now on."""
        if self._chain is None or self._chain.chain != chain.chain:
            self._known, self._is_whole_due = Throughput(), True
            self.answered = self.missed = None
        self._chain = chain
        self._due.set()

    def task_ended(self, ended_at: float | None = None) -> None:
        """Count again soon; `ended_at`, unix seconds, may be long ago where nobody looked meanwhile."""
        if ended_at is not None and ended_at < self._clock.now() - COUNTED_AGAIN_S:
            self._is_whole_due = True
        self._due.set()

    async def run(self) -> None:
        """Count whenever it is due, until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._count()
            except ProblemError as error:
                log.warning("tasks could not be counted", why=error.problem.sentence())
                self._is_whole_due = True
                self._due.set()
                await asyncio.sleep(RETRY_S)
            await asyncio.sleep(REST_S)

    async def _count(self) -> None:
        chain = self._chain
        if chain is None:
            return
        reach_s = max(kept * length_s for length_s, kept in KEPT_SPANS.items())
        is_whole, self._is_whole_due = self._is_whole_due, False
        back_s = reach_s if is_whole else COUNTED_AGAIN_S
        since = span_start(self._clock.now() - back_s, HOUR_S)
        found = await self._history.read(chain, lambda history: _counted(history, since))
        if self._chain is not chain:
            return
        (self.answered, self.missed), minutes = found
        known, self._known = self._known, _recounted(self._known, since, minutes)
        before = frozenset(known.spans)
        changed = tuple(span for span in self._known.spans if span not in before)
        if changed:
            self._publish(ThroughputChanged(changed))


def _counted(history: History, since: int) -> tuple[tuple[int, int], list[Span]]:
    return history.count_ended(), history.minutes_since(since)


def _recounted(known: Throughput, since: int, minutes: list[Span]) -> Throughput:
    """Return the spans with those from `since` on as they are in the journal now."""
    counted = {
        (span.length_s, span.began_at): Span(span.began_at, span.length_s)
        for span in known.spans
        if span.began_at >= since
    }
    for minute in minutes:
        for length_s in KEPT_SPANS:
            start = span_start(minute.began_at, length_s)
            span = counted.get((length_s, start), Span(start, length_s))
            counted[length_s, start] = span.plus(minute)
    return known.with_spans(tuple(counted.values()))
