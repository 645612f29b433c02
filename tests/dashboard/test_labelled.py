"""Labelled values: beside their label, or whole below it where only that keeps them in one piece."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.dashboard.cells import Line, width_of
from cortensor_tui.dashboard.present.labelled import labelled

HASH = "0x" + "ab" * 32


def text(one: Line) -> str:
    return "".join(span.text for span in one)


@pytest.mark.parametrize(
    ("width", "rows"),
    [
        (80, [f" hash        {HASH}"]),
        (68, [" hash        ", f"  {HASH}"]),
        (60, [f" hash        {HASH[:46]}", f"             {HASH[46:]}"]),
    ],
)
def test_a_hash_is_kept_in_one_piece_where_there_is_room(width: int, rows: list[str]) -> None:
    assert [text(one) for one in labelled("hash", HASH, width)] == rows


@given(st.text(max_size=200), st.integers(30, 120))
def test_no_value_is_wider_than_the_pane(value: str, width: int) -> None:
    assert all(width_of(one) <= width for one in labelled("label", value, width))
