"""What one has is rounded down, what something costs is rounded up, and no share looks larger than it is."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.quantities import cost, ether, gwei, percent, rough_gwei

WEI = st.integers(0, 10**30)
PLACES = st.integers(1, 18)


def in_wei(text: str, places: int = 18) -> int:
    """Return what a text says, "less than" as just nothing."""
    if text.startswith("<"):
        return 0
    with localcontext() as context:
        context.prec = 60
        return int(Decimal(text.split()[0]) * 10**places)


@given(WEI, PLACES)
def test_what_one_has_is_never_told_as_more_and_a_cost_never_as_less(wei: int, places: int) -> None:
    unit = 10 ** (18 - places)
    assert wei - unit < in_wei(ether(wei, places)) <= wei
    assert wei <= in_wei(cost(wei, places)) < wei + unit


@given(WEI, WEI, PLACES)
def test_no_shortage_looks_like_enough(has: int, needs: int, places: int) -> None:
    if has < needs:
        assert in_wei(ether(has, places)) < in_wei(cost(needs, places))


@given(WEI)
def test_a_price_is_exact_or_rounded_up_by_less_than_a_hundredth(wei: int) -> None:
    assert in_wei(gwei(wei), 9) == wei
    assert wei <= in_wei(rough_gwei(wei), 9) <= wei * 101 // 100 + 1


@given(st.integers(0, 10**24), st.integers(1, 10**24))
def test_a_share_is_rounded_down_and_all_is_only_all(part: int, whole: int) -> None:
    said = percent(part, whole)
    if part >= whole:
        assert said == "100 %"
    elif said == "< 1 %":
        assert 0 < 100 * part < whole
    else:
        share = int(said.removesuffix(" %"))
        assert share * whole <= 100 * part < (share + 1) * whole


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 5, "0 %"),
        (1, 1000, "< 1 %"),
        (996, 1000, "99 %"),
        (0.999, 1, "99 %"),
        (1.0, 1, "100 %"),
        (1, 0, "0 %"),
    ],
)
def test_shares_as_they_are_read(part: float, whole: float, said: str) -> None:
    assert percent(part, whole) == said
