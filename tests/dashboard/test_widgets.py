"""Charts, figures and themes, without a screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.dashboard.format import UNKNOWN, duration, ether, rough_age, rough_number, short_hash
from cortensor_tui.dashboard.present.bars import bars, without_rests
from cortensor_tui.dashboard.present.details import node_details
from cortensor_tui.dashboard.themes import load_theme, load_themes, shipped_folder
from cortensor_tui.dashboard.toml_file import TomlFileError

from . import samples

RATES = st.lists(st.floats(0, 1000), max_size=100)


@given(RATES, st.integers(1, 60), st.integers(1, 4))
def test_bars_have_their_size_and_scale(values: list[float], width: int, height: int) -> None:
    rows = ["".join(span.text for span in line) for line in bars(values, width, height)]
    assert len(rows) == height
    assert all(len(row) <= width + 1 for row in rows)
    if any(without_rests(values)[-width:]):
        assert "█" in rows[0], "the highest fills its column"


def test_a_rest_makes_the_chart_stand_still() -> None:
    worked = (0.0, 0.0, 40.0, 41.0, 0.0, 0.0)
    assert bars((*worked, 0.0), 20, 1) == bars((*worked, 0.0, 0.0, 0.0), 20, 1)
    assert without_rests((*worked, 0.0, 0.0, 9.0)) == (*worked, 9.0)


@pytest.mark.parametrize(
    ("wei", "text"),
    [
        (None, UNKNOWN),
        ("nonsense", UNKNOWN),
        ("0", "0 ether"),
        ("1", "< 0.000001 ether"),
        ("9998712345678901234", "9.998712 ether"),
        ("1000000000000000000", "1 ether"),
        (str(2**256 - 1), f"{(2**256 - 1) // 10**18}.584007 ether"),
    ],
)
def test_ether_is_exact_and_rounded_down(wei: str | None, text: str) -> None:
    assert ether(wei) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (19_517, "19,500"),
        (999_999, "999,000"),
        (17_100_000, "17.1 M"),
        (999_999_999, "999 M"),
        (1_239_999_999, "1.23 G"),
        (19_360_000, "19.3 M"),
        (10**15, "1,000 T"),
    ],
)
def test_an_estimate_does_not_look_exact(value: int, text: str) -> None:
    assert rough_number(value) == text


def test_ages_in_lists_move_in_steps() -> None:
    assert [rough_age(0.0, now) for now in (9.0, 11.0, 19.0, 20.0)] == ["9 s", "10 s", "10 s", "20 s"]
    assert rough_age(None, 5.0) == UNKNOWN


def test_short_hashes_keep_both_ends() -> None:
    assert short_hash("0x" + "ab" * 32) == "0xabab…abab"
    assert short_hash(None) == UNKNOWN


def test_the_shipped_themes_are_all_good() -> None:
    themes, faults = load_themes([shipped_folder()])
    assert faults == []
    assert {theme.name for theme in themes} >= {"harbour", "harbour-light", "high-contrast", "terminal"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("colors = 3", "no [colors]"),
        ("[colors]\nprimary = '#fff'", "missing"),
        ("[colors", "Expected"),
        ("\x00", ""),
    ],
)
def test_a_bad_theme_file_is_said_by_name(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(TomlFileError, match=r"mine\.toml") as caught:
        load_theme(path)
    assert fault in str(caught.value)


def test_a_theme_with_an_unknown_role_or_color_is_refused(tmp_path: Path) -> None:
    good = (shipped_folder() / "harbour.toml").read_text()
    path = tmp_path / "mine.toml"
    for text in (good + 'sidebar = "#000000"\n', good.replace("#5fa8d3", "sea blue")):
        path.write_text(text)
        with pytest.raises(TomlFileError):
            load_theme(path)


def test_the_nodes_details_name_problem_and_warnings() -> None:
    text = "\n".join(detail.text for detail in node_details(samples.blocked()))
    assert "Send a little ether" in text
    assert "No session is authorized" in text
