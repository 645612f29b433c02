"""The filter of sessions: what it means, and what a mistake in it is told as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.session_filter import parse_session_filter
from tests.dashboard.session_samples import many

VIEWS = many(40)
WORDS = st.sampled_from(
    ["mine", "served", "unbound", "active", "mode:ded", "mode:e,h", "id:1,2,30", "number", "owner:0x3c"]
)


def ids(text: str) -> set[int]:
    wanted = parse_session_filter(text)
    return {view.session.session_id for view in VIEWS if wanted.matches(view)}


def test_no_word_wants_every_session() -> None:
    assert ids("  ") == set(range(40))


@given(WORDS)
def test_a_word_and_its_negation_part_the_sessions(word: str) -> None:
    assert ids(word) | ids(f"-{word}") == set(range(40))
    assert not ids(word) & ids(f"-{word}")


@given(st.lists(WORDS, max_size=4))
def test_every_word_must_hold(words: list[str]) -> None:
    expected = set(range(40))
    for word in words:
        expected &= ids(word)
    assert ids(" ".join(words)) == expected


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_a_mistake_with_a_remedy(text: str) -> None:
    remedy = "none needed"
    try:
        ids(text)
    except ProblemError as error:
        remedy = error.problem.remedy
    assert remedy


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-", "stands alone"),
        ("size:3", "no field size"),
        ("mine  size:3", "no field size, at character 7"),
        ("id:x", "x is no session id"),
        ("id:1,", "id is missing"),
        ("mode:many", "no mode many"),
        ("owner:me", "start of an address"),
        ("node:0xZZ", "start of an address"),
        (" ".join("w" * 21), "too long"),
    ],
)
def test_a_mistake_is_named(text: str, what: str) -> None:
    with pytest.raises(ProblemError) as told:
        parse_session_filter(text)
    assert what in told.value.problem.what
