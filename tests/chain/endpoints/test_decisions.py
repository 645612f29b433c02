"""What must always hold of breaker, budget and choice."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.chain.endpoints import breaker, budget
from cortensor_tui.chain.endpoints.breaker import Breaker, Phase
from cortensor_tui.chain.endpoints.choice import FAIL_BACK_S, Comparison, Standing, choose, is_stale, ranked
from cortensor_tui.domain.endpoints import EndpointFault

SECONDS = st.floats(0, 1e6)
STANDINGS = st.lists(
    st.builds(
        Standing,
        is_open=st.booleans(),
        is_stale=st.booleans(),
        head=st.none() | st.integers(0, 1000),
        latency_ms=st.none() | st.floats(0, 10_000),
        well_since=st.none() | st.floats(0, 1000),
    ),
    min_size=1,
    max_size=21,
)


# --- breaker ---------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(EndpointFault), st.floats(0, 10)), max_size=30))
def test_no_rest_is_longer_than_the_longest(failures: list[tuple[EndpointFault, float]]) -> None:
    record, now = Breaker(), 0.0
    for fault, pause_s in failures:
        now += pause_s
        record = breaker.failed(record, fault, now)
        if record.resting_until is not None:
            assert record.resting_until - now <= breaker.LONGEST_REST_S + 1e-6
        assert breaker.phase(record, now + breaker.LONGEST_REST_S + 1e-6) is not Phase.OPEN


@given(st.integers(1, 20))
def test_each_failed_probe_rests_at_least_as_long_as_the_one_before(probes: int) -> None:
    record, now, rests = Breaker(), 0.0, []
    for _ in range(3):
        record = breaker.failed(record, EndpointFault.HTTP_STATUS, now)
    for _ in range(probes):
        assert record.resting_until is not None
        rests.append(record.resting_until - now)
        now = record.resting_until
        assert breaker.phase(record, now) is Phase.HALF_OPEN
        record = breaker.failed(record, EndpointFault.HTTP_STATUS, now)
    assert rests == sorted(rests)
    assert rests[0] == breaker.FIRST_REST_S


def test_failures_of_calls_under_way_do_not_lengthen_the_rest() -> None:
    record = breaker.failed(breaker.failed(Breaker(), EndpointFault.TIMEOUT, 0), EndpointFault.TIMEOUT, 0)
    assert breaker.failed(record, EndpointFault.TIMEOUT, 0.1) == record


@pytest.mark.parametrize("fault", [EndpointFault.RATE_LIMITED, EndpointFault.TOO_LARGE])
def test_what_is_no_fault_of_the_endpoint_opens_nothing(fault: EndpointFault) -> None:
    assert breaker.failed(Breaker(failures=99), fault, 0) == Breaker(failures=99)


# --- budget ----------------------------------------------------------------------------------------


@given(st.floats(0.5, 1000), st.lists(st.floats(0, 3), min_size=1, max_size=200))
def test_whoever_waits_as_told_stays_within_the_rate(per_s: float, pauses_s: list[float]) -> None:
    began = now = 100.0
    bucket, asked = budget.new_budget(per_s, began), 0
    for pause_s in pauses_s:
        now += pause_s
        now += budget.wait_s(bucket, now)
        bucket, asked = budget.spent(bucket, now), asked + 1
    burst = max(1.0, per_s * budget.BURST_S)
    assert asked <= burst + (now - began) * per_s + 1e-3


@given(st.lists(st.none() | st.floats(0, 1e9), min_size=1, max_size=30))
def test_a_refusal_is_a_pause_and_none_is_longer_than_the_longest(told_s: list[float | None]) -> None:
    bucket, now = budget.new_budget(10, 0), 0.0
    for retry_after_s in told_s:
        bucket = budget.refused(bucket, now, retry_after_s)
        wait_s = budget.wait_s(bucket, now)
        assert wait_s <= budget.LONGEST_RETRY_AFTER_S + 0.2
        least_s = budget.FIRST_PAUSE_S if retry_after_s is None else retry_after_s
        assert wait_s >= min(least_s, budget.LONGEST_RETRY_AFTER_S) - 1e-6
        assert budget.is_blocked(bucket, now) == (bucket.blocked_until > now)
        now = max(now, bucket.blocked_until)


def test_a_clock_that_goes_back_fills_nothing() -> None:
    empty = budget.spent(budget.new_budget(0.5, 100), 100)
    assert budget.wait_s(empty, 50) == budget.wait_s(empty, 100) == 2.0


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("7", 7.0),
        (" 0 ", 0.0),
        ("9" * 400, 999_999_999.0),
        ("-1", None),
        ("soon", None),
        ("٣", None),
        ("", None),
        (format_datetime(datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC), usegmt=True), 30.0),
        (format_datetime(datetime(2025, 1, 1, tzinfo=UTC), usegmt=True), 0.0),
        ("Fri, 31 Feb 2026 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, expected: float | None) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert budget.retry_after_s(header, now) == expected


# --- choice ----------------------------------------------------------------------------------------


@given(STANDINGS, st.data(), SECONDS)
def test_who_is_chosen_may_be_asked_if_anybody_may(
    standings: list[Standing], data: st.DataObject, now: float
) -> None:
    in_use = data.draw(st.integers(0, len(standings) - 1))
    chosen = choose(standings, in_use, now)
    assert standings[chosen].is_open or not any(one.is_open for one in standings)
    if any(one.is_open and not one.is_stale for one in standings):
        assert not standings[chosen].is_stale


@given(STANDINGS, st.data(), SECONDS)
def test_a_choice_holds_while_nothing_changes(
    standings: list[Standing], data: st.DataObject, now: float
) -> None:
    in_use = data.draw(st.integers(0, len(standings) - 1))
    chosen = choose(standings, in_use, now)
    again = choose(standings, chosen, now)
    assert choose(standings, again, now) == again
    assert again <= chosen or again == chosen


@given(STANDINGS, st.data())
def test_everybody_who_may_be_asked_is_ranked_once(standings: list[Standing], data: st.DataObject) -> None:
    in_use = data.draw(st.integers(0, len(standings) - 1))
    assert sorted(ranked(standings, in_use)) == [index for index, one in enumerate(standings) if one.is_open]


def test_host_waits_for_its_time_before_it_is_taken_back() -> None:
    host, other = Standing(is_open=True, well_since=0.0), Standing(is_open=True, well_since=0.0)
    assert choose([host, other], 1, FAIL_BACK_S - 0.1) == 1
    assert choose([host, other], 1, FAIL_BACK_S) == 0


def test_of_those_that_wait_the_highest_head_comes_first() -> None:
    down = Standing(is_open=False, head=90)
    near, far = Standing(is_open=True, head=80), Standing(is_open=True, head=100)
    assert choose([down, near, far], 0, 0) == 2


def test_a_slow_endpoint_gives_way_to_a_quick_one() -> None:
    slow, quick = Standing(is_open=True, latency_ms=2500), Standing(is_open=True, latency_ms=60)
    assert choose([slow, quick], 0, 0) == 1
    assert choose([slow, slow], 0, 0) == 0


@pytest.mark.parametrize(
    ("comparisons", "expected"),
    [
        ([], False),
        ([(10, 90)], False),  # one look may be an accident
        ([(10, 90), (20, 100)], True),
        ([(10, 90), (99, 100)], False),
        ([(10, 11), (10, 12)], True),  # a slow chain: it has not moved, the other has
        ([(10, 11), (11, 12)], False),
        ([(10, 10), (10, 10)], False),
        ([(10, 10), (10, 11)], False),
    ],
)
def test_a_head_is_stale_when_it_stays_behind(comparisons: list[tuple[int, int]], expected: bool) -> None:
    assert is_stale([Comparison(own, best) for own, best in comparisons]) is expected
