"""A paste is one text, however it comes and whatever is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Key, Paste
from textual.message import Message
from textual.widgets import Input, TextArea

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.pasted import (
    LONGEST_SILENCE_S,
    MOST_PASTED_CHARS,
    PastingParser,
    in_one_line,
)
from cortensor_tui.domain.inert import inert, inert_in_place

from .conftest import live, until
from .past import answer_history
from .scripted_node import ScriptedNode

BEGIN, END = "\x1b[200~", "\x1b[201~"
ACTING = "aa \x1b[31mred 2 q\x1b[21~\x1b\r\n\x9b"


class Heard:
    """Keys and pastes, in their order; the clock stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.parser = PastingParser(clock=lambda: self.now)
        self.all: list[str] = []

    def feed(self, *texts: str) -> Heard:
        for text in texts:
            self.note(self.parser.feed(text))
        return self

    def note(self, messages: Iterator[Message]) -> None:
        for message in messages:
            if isinstance(message, Key):
                self.all.append(message.key)
            elif isinstance(message, Paste):
                self.all.append(f"pasted {message.text}")


def test_nothing_in_a_paste_is_a_key() -> None:
    assert Heard().feed(f"j{BEGIN}{ACTING}{END}k").all == ["j", f"pasted {ACTING}", "k"]


@given(text=st.text().filter(lambda text: END not in text), cuts=st.lists(st.integers(0, 40), max_size=6))
def test_a_paste_is_the_same_in_any_parts(text: str, cuts: Sequence[int]) -> None:
    data = f"j{BEGIN}{text}{END}k{BEGIN}b{END}"
    parts, at = [], 0
    for cut in sorted(cuts):
        parts.append(data[at:cut])
        at = max(at, cut)
    assert Heard().feed(*parts, data[at:]).all == ["j", f"pasted {text}", "k", "pasted b"]


def test_a_paste_without_an_end_is_over_after_a_silence() -> None:
    heard = Heard().feed(f"{BEGIN}q 2\x1b[2")
    heard.now = LONGEST_SILENCE_S / 2
    heard.note(heard.parser.tick())
    assert not heard.all
    assert heard.parser.is_pasting
    heard.now = LONGEST_SILENCE_S
    heard.note(heard.parser.tick())
    assert heard.all == ["pasted q 2\x1b[2"]
    assert heard.feed("j").all[1:] == ["j"]


def test_a_long_paste_takes_no_more_than_its_room() -> None:
    texts = ["x" * 4_096] * 40
    (pasted,) = Heard().feed(BEGIN, *texts, END).all
    assert len(pasted) == len("pasted ") + MOST_PASTED_CHARS + 1


@pytest.mark.parametrize(
    ("pasted", "wanted"),
    [("0xab\n", "0xab"), ("a\r\nb\tc", "a b c"), ("a\x1b[31mb\x9b", "a[31mb"), ("é 世", "é 世")],
)
def test_a_field_of_one_line_takes_one_line(pasted: str, wanted: str) -> None:
    assert in_one_line(pasted) == wanted


@given(st.text())
def test_what_is_edited_is_shown_inert_character_for_character(line: str) -> None:
    shown = inert_in_place(line)
    assert len(shown) == len(line)
    assert all(part == inert(part) for part in shown.split("\t"))


def paste(app: Dashboard, text: str) -> None:
    """Paste as a terminal does that takes nothing out of it."""
    for message in PastingParser().feed(f"{BEGIN}{text}{END}"):
        app.post_message(message)


@pytest.mark.parametrize("place", "234567")
async def test_a_paste_on_a_place_does_nothing(node: ScriptedNode, app: Dashboard, place: str) -> None:
    answer_history(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await live(pilot)
        await pilot.press(place)
        before = app.screen
        paste(app, f"{ACTING}qx\x1b[Bqx")
        await pilot.pause()
        await app.until_typed()
        assert app.screen is before


async def test_a_filter_takes_a_paste_as_one_line(node: ScriptedNode, app: Dashboard) -> None:
    answer_history(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await live(pilot)
        await pilot.press("3", "slash")
        paste(app, "one\x1b[31m\ntwo")
        await until(pilot, lambda: isinstance(app.focused, Input) and app.focused.value == "one[31m two")


async def test_a_prompt_keeps_what_was_pasted_and_shows_it_inert(app: Dashboard) -> None:
    text = "INJECTED hello \x1b[21~ world \x1b[31mred\tx\n2 q"
    async with app.run_test(size=(80, 24)) as pilot:
        await live(pilot)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.focused, TextArea))
        paste(app, text)
        area = app.focused
        assert isinstance(area, TextArea)
        await until(pilot, lambda: area.text == text)
        drawn = "".join(segment.text for y in range(3) for segment in area.render_line(y))
        assert "hello ␛[21~ world ␛[31mred" in drawn
        assert "\x1b" not in drawn


async def test_a_paste_that_is_too_long_is_told_and_not_taken(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await live(pilot)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.focused, TextArea))
        paste(app, "x" * (MOST_PASTED_CHARS + 1))
        await until(pilot, lambda: app.toasts.shown is not None)
        assert app.toasts.shown is not None
        assert app.toasts.shown.title == "Nothing was pasted"
        assert isinstance(app.focused, TextArea)
        assert app.focused.text == ""
