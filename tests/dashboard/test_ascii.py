"""On terminals without colours or without Unicode nothing is lost but looks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.options import Options, wants_ascii, wants_mouse
from cortensor_tui.dashboard.plain_terminals import NoColorFilter, in_ascii
from cortensor_tui.dashboard.present.timeline import Phase

from . import samples
from .conftest import live, until
from .scripted_node import ScriptedNode

SMALL = (80, 24)


def test_in_ascii_each_mark_stays_another() -> None:
    assert len({in_ascii(mark) for mark in "●▲✖○✓"}) == 5


def text_drawn(app: Dashboard) -> str:
    """Return the whole screen as it would be sent, after all filters."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_in_ascii_mode_nothing_else_is_drawn(node: ScriptedNode) -> None:
    app = Dashboard(node.connect, options=Options(is_ascii=True), now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        for key, opens in (("n", "NewSessionScreen"), ("question_mark", "HelpScreen")):
            await pilot.press(key)
            await until(pilot, lambda opens=opens: type(app.screen).__name__ == opens)  # type: ignore[misc]
            assert text_drawn(app).isascii()
            await pilot.press("escape")
            await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Why no tasks come" in text_drawn(app))
        assert text_drawn(app).isascii()


@pytest.mark.parametrize(
    "unseen",
    [{Phase.ANSWER}, {Phase.ENGINE, Phase.PREFILL, Phase.DECODE, Phase.PRECOMMIT}],
    ids=["of this node", "of a watched one"],
)
def test_in_ascii_the_phases_of_a_task_are_told_apart(unseen: set[Phase]) -> None:
    waits = {Phase.ENGINE, Phase.OTHERS, Phase.END}
    signs = [in_ascii(phase.sign) for phase in Phase if phase not in waits | unseen]
    assert len({*signs, in_ascii(Phase.END.sign)}) == len(signs) + 1


def test_ascii_makes_no_statement_of_a_stranger_another() -> None:
    assert in_ascii("x ≤ 5 ≥ ∞") == "x ? 5 ? ?"


@given(st.text())
def test_ascii_takes_as_many_cells(text: str) -> None:
    assert in_ascii(text).isascii()
    if text.isprintable():
        assert cell_len(in_ascii(text)) == cell_len(text)


def test_without_colors_what_stands_out_is_reversed() -> None:
    drawn_with = [
        Segment("plain", Style.parse("white on default")),
        Segment("cursor", Style.parse("bold on blue")),
        Segment("muted", Style.parse("bright_black")),
    ]
    plain, cursor, muted = (one.style for one in NoColorFilter().apply(drawn_with, Color.parse("#000000")))
    assert plain is not None
    assert cursor is not None
    assert muted is not None
    assert plain.color is None
    assert not plain.reverse
    assert cursor.reverse
    assert cursor.bold
    assert muted.dim


def test_ascii_and_mouse_follow_the_terminal_unless_told() -> None:
    assert wants_ascii("auto", {"LANG": "C"})
    assert not wants_ascii("auto", {"LANG": "en_US.UTF-8"})
    assert wants_ascii("auto", {"LANG": "en_US.UTF-8", "LC_ALL": "POSIX"})
    assert wants_ascii("1", {"LANG": "en_US.UTF-8"})
    assert not wants_ascii("0", {"LANG": "C"})
    assert wants_mouse(None, {})
    assert not wants_mouse(None, {"SSH_CONNECTION": "1"})
    assert wants_mouse(True, {"SSH_CONNECTION": "1"})
