"""A text of any length is read a screen at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from cortensor_tui.dashboard.cells import wrap
from cortensor_tui.dashboard.widgets import pager
from cortensor_tui.dashboard.widgets.pager import Pager, last_piece, next_piece, piece_end, previous_piece
from cortensor_tui.domain.inert import inert

from .conftest import text_of

TEXTS = st.text(st.sampled_from("ab \n\r"), max_size=60)


class Reading(App[None]):
    """Nothing but the pager, 20 cells wide and 5 high."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"muted": "#888888", "rule": "#444444", "cursor": "#224466"}

    def compose(self) -> ComposeResult:
        yield Pager()

    def on_mount(self) -> None:
        self.pager.show(self._text)
        self.pager.focus()

    @property
    def pager(self) -> Pager:
        return self.query_one(Pager)

    @property
    def rows(self) -> list[str]:
        return [row[1:] for row in text_of(self.pager).split("\n")]


def forwards(text: str) -> Iterator[int]:
    start: int | None = 0
    while start is not None:
        yield start
        start = next_piece(text, start)


@pytest.fixture
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pager, "PIECE_CHARS", 7)


@pytest.mark.usefixtures("short_pieces")
@given(TEXTS)
def test_pieces_join_to_the_text_from_both_ends(text: str) -> None:
    starts = list(forwards(text))
    ends = [piece_end(text, start) for start in starts]
    joined = "".join(
        text[start:end] + ("\n" if text[end : end + 1] == "\n" else "")
        for start, end in zip(starts, ends, strict=True)
    )
    assert joined == text
    assert all(end - start <= 7 for start, end in zip(starts, ends, strict=True))
    backwards = [last_piece(text)]
    while (before := previous_piece(text, backwards[-1])) is not None:
        backwards.append(before)
    assert backwards[::-1] == starts


async def test_the_keys_move_through_the_text_and_stop_at_its_ends() -> None:
    text = "\n".join(f"line {number}" for number in range(100))
    app = Reading(text)
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        assert app.rows == [f"line {number}" for number in range(5)]
        await pilot.press("j", "j", "k")
        assert app.rows[0] == "line 1"
        await pilot.press("ctrl+d")
        assert app.rows[0] == "line 5"
        await pilot.press("G")
        assert app.rows == [f"line {number}" for number in range(95, 100)]
        assert app.pager.position == "100 %"
        await pilot.press("j", "pagedown")
        assert app.rows[-1] == "line 99"
        await pilot.press("ctrl+u")
        assert app.rows[0] == "line 91"
        await pilot.press("g", "k")
        assert app.rows[0] == "line 0"
        assert app.pager.position == "4 %"


@pytest.mark.parametrize("text", ["", "one line", "one\ntwo\n"])
async def test_a_short_text_stands_still(text: str) -> None:
    app = Reading(text)
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.press("j", "G", "ctrl+d")
        assert app.rows[0] == text.split("\n")[0]
        assert app.pager.position == "all"


async def test_down_and_up_show_every_row_of_a_wrapped_text_once() -> None:
    paragraphs = ["word " * 30, "", "x" * 50, "last one"]
    text = "\n".join(paragraphs)
    expected = [row.rstrip() for one in paragraphs for row in wrap(inert(one), 18)]
    app = Reading(text)
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        down = app.rows
        while app.pager.position != "100 %":
            await pilot.press("j")
            down.append(app.rows[-1])
        assert down == expected
        up = app.rows[::-1]
        for _ in range(len(expected) - 5):
            await pilot.press("k")
            up.append(app.rows[0])
        assert up[::-1] == expected


async def test_a_megabyte_line_costs_no_more_than_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped: list[int] = []

    def counted(text: str, cells: int) -> list[str]:
        wrapped.append(len(text))
        return wrap(text, cells)

    monkeypatch.setattr(pager, "wrap", counted)
    app = Reading("\x1b[31m\u202e" + "y" * 4_000_000)
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.press("G", "k", "g", "j")
        await pilot.pause()
        assert "\x1b" not in "".join(app.rows)
        assert "\u202e" not in "".join(app.rows)
    assert max(wrapped) <= 2 * pager.PIECE_CHARS, "with the names of what is not shown"
    assert len(wrapped) < 60
