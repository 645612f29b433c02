"""What the node got through, as charts draw it: as many spans as are kept, quiet ones too."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.throughput import (
    HOUR_S,
    KEPT_SPANS,
    MINUTE_S,
    TEN_MINUTES_S,
    Span,
    Throughput,
    span_start,
)

NOW = 1_790_000_000.0


def task(at: float) -> Span:
    """One answered task of 20 tokens read in half a second and 50 written in two."""
    return Span(int(at), 1, answered=1, prompt_tokens=20, prefill_s=0.5, answer_tokens=50, decode_s=2.0)


def with_task(throughput: Throughput, at: float) -> Throughput:
    """Count a task in a span of each length, as the node does."""
    known = {(span.length_s, span.began_at): span for span in throughput.spans}
    starts = [(length_s, span_start(at, length_s)) for length_s in KEPT_SPANS]
    return throughput.with_spans(
        tuple(
            known.get((length_s, start), Span(start, length_s)).plus(task(at)) for length_s, start in starts
        )
    )


def test_a_task_counts_in_its_minute_its_ten_minutes_and_its_hour() -> None:
    throughput = Throughput()
    for at in (NOW, NOW, NOW - 120):
        throughput = with_task(throughput, at)
    minute = throughput.series(MINUTE_S, NOW)[-1]
    assert minute.answered == 2
    assert minute.prefill_tokens_per_s == 40
    assert minute.decode_tokens_per_s == 25
    assert throughput.series(TEN_MINUTES_S, NOW)[-1].answered == 3
    assert throughput.series(HOUR_S, NOW)[-1].answered == 3


def test_a_quiet_span_has_no_speed() -> None:
    spans = Throughput().series(MINUTE_S, NOW)
    assert {span.decode_tokens_per_s for span in spans} == {None}
    assert {span.answered for span in spans} == {0}


@pytest.mark.parametrize("length_s", KEPT_SPANS)
def test_a_series_ends_with_now_and_has_no_gaps(length_s: int) -> None:
    spans = Throughput().series(length_s, NOW)
    assert len(spans) == KEPT_SPANS[length_s]
    assert spans[-1].began_at <= NOW < spans[-1].began_at + length_s
    assert {later.began_at - span.began_at for span, later in itertools.pairwise(spans)} == {length_s}


@given(st.lists(st.floats(NOW - 30 * 86_400, NOW + 30 * 86_400), max_size=60))
def test_what_is_kept_is_bounded_and_nothing_recent_is_lost(ended: list[float]) -> None:
    throughput = Throughput()
    for at in sorted(ended):
        throughput = with_task(throughput, at)
    assert len(throughput.spans) <= sum(KEPT_SPANS.values())
    last = max(ended, default=NOW)
    for length_s, kept in KEPT_SPANS.items():
        first = span_start(last, length_s) - (kept - 1) * length_s
        assert sum(span.answered for span in throughput.series(length_s, last)) == sum(
            1 for at in ended if at >= first
        )
