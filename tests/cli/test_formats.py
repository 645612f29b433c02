"""Ages, amounts and tables as people read them."""

from __future__ import annotations

import pytest

from cortensor_tui.cli.formats import age, cell_width, ether, iso_time, short_hash, table


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (12.9, "12 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7200, "2 h"),
        (200_000, "2 d"),
        (-5, "0 s"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    assert age(1000.0, now=1000.0 + seconds) == text


@pytest.mark.parametrize(
    ("wei", "text"),
    [
        (None, "unknown"),
        ("0", "0 ether"),
        ("1", "< 0.000000001 ether"),
        (10**12 - 1, "0.000000999 ether"),
        (10**12, "0.000001 ether"),
        ("1999999999999999999", "1.999999999 ether"),
        (10**18 * 1000, "1000 ether"),
        (str(10**27), "1000000000 ether"),
    ],
)
def test_amounts_carry_their_unit_and_never_round_up(wei: str | int | None, text: str) -> None:
    assert ether(wei) == text


def test_times_are_utc_to_the_millisecond() -> None:
    assert iso_time(0.1234) == "1970-01-01T00:00:00.123Z"
    assert iso_time(None) is None


def test_columns_stand_under_their_headers_with_wide_characters_too() -> None:
    lines = table(("A", "NAME", "N"), [("1", "日本", "7"), ("22", "abc", "123")], right=("A", "N")).split(
        "\n"
    )

    assert lines == [" A  NAME    N", " 1  日本    7", "22  abc   123"]
    assert len({cell_width(line) for line in lines}) == 1


def test_hashes_keep_both_ends() -> None:
    assert short_hash("0x" + "12" * 31 + "ab") == "0x121212…12ab"
    assert short_hash("0x1234") == "0x1234"
