"""Foreign text cannot act on a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cortensor_tui.domain.inert import ELLIPSIS, MARK, inert, inert_lines, inert_named, without_payload

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
HOSTILE = st.text(st.characters(exclude_categories=[]), max_size=300)


@given(HOSTILE)
def test_no_character_that_acts_or_hides_survives(text: str) -> None:
    shown = inert(text)
    assert not [c for c in shown if unicodedata.category(c) in HIDDEN]
    assert not any("\ufe00" <= c <= "\ufe0f" for c in shown)


@given(HOSTILE)
def test_inert_text_is_left_alone(text: str) -> None:
    once = inert(text)
    assert inert(once) == once


@given(HOSTILE, st.integers(min_value=0, max_value=50))
def test_length_is_bounded(text: str, limit: int) -> None:
    assert len(inert(text, limit)) <= limit


@given(HOSTILE)
def test_lines_break_at_newlines_only_and_lose_nothing_visible(text: str) -> None:
    lines = inert_lines(text)
    assert len(lines) == text.replace("\r\n", "\n").count("\n") + 1
    assert all(line == inert(line) for line in lines)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred\x1b[0m", "a␛[31mred␛[0m"),
        ("one\ntwo\tthree\r", "one⏎two⇥three␍"),
        ("\x7f\x9b31m", f"␡{MARK}31m"),
        ("pay \u202e0x00\u202c now", f"pay {MARK}0x00{MARK} now"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        ("é naïve 漢字 ✓", "é naïve 漢字 ✓"),
        ("zero\u200bwidth\ufeff", f"zero{MARK}width{MARK}"),
        ("\ud800", MARK),
    ],
)
def test_marks(text: str, shown: str) -> None:
    assert inert(text) == shown


def test_stacked_combining_characters_are_cut_to_what_scripts_need() -> None:
    shown = inert("a" + "\u0301" * 40)
    assert shown.count("\u0301") == 2
    assert shown.count(MARK) == 38


def test_a_long_text_ends_in_an_ellipsis() -> None:
    assert inert("abcdef", 4) == "abc" + ELLIPSIS
    assert inert("abcd", 4) == "abcd"


@given(HOSTILE)
def test_every_terminal_agrees_on_how_wide_the_text_is(text: str) -> None:
    def cells(character: str) -> int:
        if unicodedata.category(character) in ("Mn", "Me", "Mc"):
            return 0
        return 2 if unicodedata.east_asian_width(character) in "WF" else 1

    shown = inert(text)
    assert cell_len(shown) == sum(map(cells, shown))


@given(HOSTILE)
def test_what_is_named_is_inert_too_and_differs_only_there(text: str) -> None:
    named = inert_named(text)
    assert inert(named) == named
    if MARK not in inert(text):
        assert named == inert(text)


def test_what_looks_alike_in_a_list_is_told_apart_where_there_is_room() -> None:
    assert inert_named("a\x9bb\u202ec\u200dd\u200b\x1b") == "a⟨U+009B⟩b⟨U+202E⟩c⟨U+200D⟩d⟨U+200B⟩␛"
    assert inert_named("e\u0301\u0301\u0301") == "e\u0301\u0301⟨U+0301⟩"


@pytest.mark.parametrize(
    "content_id",
    [
        "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
        "bafybeianjfxeaesik4wabrpb47sago2w7yhawiz7sqbhh5eoeuoeaznxci",
        "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
        "zb2rhmy65F3REf8SZp7De11gxtECBGgUKaLdiDj7MCGCHxbDW",
        "zdj7Wj7gtPF8KfVP2steidk1WyyYCjK6xUFsBvF1uwVxypNhP",
    ],
)
def test_what_leads_to_a_text_is_left_out(content_id: str) -> None:
    assert without_payload(f"The payload {content_id} is gone") == f"The payload {ELLIPSIS} is gone"
    assert content_id[:30] not in without_payload(f"cut: {content_id[:30]}")
