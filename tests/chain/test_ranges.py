"""The range policy: halved when refused, grown when it goes well, never beyond what the network allows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.chain.watching.ranges import (
    ANSWERS_UNTIL_TRIED_AGAIN,
    after_failure,
    after_success,
    first_span,
)


def test_it_is_halved_and_grows_by_half() -> None:
    span = after_failure(first_span(2000), 2000)
    assert span.blocks == 1000
    assert after_success(span, 1000).blocks == 1500
    assert after_failure(span, 1).blocks == 1


def test_a_small_answer_proves_nothing() -> None:
    span = after_failure(first_span(2000), 2000)
    assert after_success(span, 10).blocks == 1000


def test_after_many_small_answers_more_is_tried() -> None:
    span = after_failure(first_span(2000), 2000)
    for _ in range(ANSWERS_UNTIL_TRIED_AGAIN):
        assert span.blocks == 1000
        span = after_success(span, 10)
    assert span.blocks == 1500


@given(st.integers(1, 5000), st.lists(st.tuples(st.booleans(), st.integers(1, 6000))))
def test_it_stays_within_its_bounds(most: int, answers: list[tuple[bool, int]]) -> None:
    span = first_span(most)
    for is_good, asked in answers:
        span = (after_success if is_good else after_failure)(span, asked)
        assert 1 <= span.blocks <= most


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_an_endpoint_with_a_fixed_limit_is_seldom_asked_in_vain(most: int, limit: int) -> None:
    span, refused = first_span(most), 0
    for _ in range(4 * ANSWERS_UNTIL_TRIED_AGAIN):
        if span.blocks > limit:
            refused += 1
            span = after_failure(span, span.blocks)
        else:
            span = after_success(span, span.blocks)
    assert span.blocks >= min(most, limit) // 3
    assert refused <= 60
