"""Lines are measured in cells, and only what changed is repainted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cortensor_tui.dashboard.cells import (
    Line,
    Span,
    changed_extent,
    clip,
    fit,
    folded,
    pad,
    padded,
    width_of,
    wrap,
)
from cortensor_tui.domain.inert import inert

TEXTS = st.text(max_size=60).map(inert)
SPANS = st.lists(
    st.builds(Span, TEXTS, st.sampled_from(["plain", "muted", "good", "plain cursor"])), max_size=5
)
LINES = SPANS.map(tuple)
CELLS = st.integers(min_value=0, max_value=40)


@given(TEXTS, CELLS)
def test_text_fits_and_pads_exactly(text: str, cells: int) -> None:
    assert cell_len(fit(text, cells)) <= cells
    assert cell_len(pad(text, cells)) == cells


@given(LINES, CELLS)
def test_a_clipped_line_fits(line: Line, cells: int) -> None:
    assert width_of(clip(line, cells)) <= cells
    assert width_of(padded(line, cells)) == cells


@given(LINES, st.integers(min_value=0, max_value=400))
def test_padding_changes_no_visible_character_and_no_look_of_one(line: Line, cells: int) -> None:
    def seen(spans: Line) -> list[tuple[str, str]]:
        return [(c, span.role) for span in spans for c in span.text if c != " "]

    assert seen(padded(line, cells)) == seen(clip(line, cells))


@given(TEXTS, st.integers(min_value=2, max_value=30))
def test_wrapped_text_fits_and_loses_only_spaces(text: str, cells: int) -> None:
    lines = wrap(text, cells)
    assert all(cell_len(one) <= cells for one in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(LINES, st.integers(min_value=10, max_value=40), st.integers(min_value=1, max_value=9))
def test_a_folded_line_fits_and_keeps_all_in_its_looks(line: Line, cells: int, most: int) -> None:
    lead = (Span(" 12:00  ", "muted"),)
    rows = folded(lead, line, cells, most)
    assert len(rows) <= most
    assert all(width_of(row) <= cells for row in rows)
    assert rows[0][:1] == lead
    if len(rows) < most:
        inked = [(sign, span.role) for row in rows for span in row for sign in span.text if sign != " "]
        wanted = [(sign, span.role) for span in (*lead, *line) for sign in span.text if sign != " "]
        assert inked == wanted


@given(LINES, LINES)
def test_repainting_the_extent_alone_gives_the_new_line(old: Line, new: Line) -> None:
    width = max(width_of(old), width_of(new))
    extent = changed_extent(old, new)
    before, after = _screen(old, width), _screen(new, width)
    if extent is None:
        assert before == after
        return
    start, count = extent
    assert before[:start] + after[start : start + count] + before[start + count :] == after


def test_only_the_changed_cells_are_repainted() -> None:
    old = (Span("age "), Span("12 s", "muted"), Span(" rest"))
    new = (Span("age "), Span("13 s", "muted"), Span(" rest"))
    assert changed_extent(old, new) == (5, 1)
    assert changed_extent(old, old) is None


def _screen(line: Line, width: int) -> list[tuple[str, str]]:
    cells: list[tuple[str, str]] = []
    for text, role in line:
        for character in text:
            size = cell_len(character)
            if size == 0 and cells:
                cells[-1] = (cells[-1][0] + character, role)
            else:
                cells += [(character, role)] + [(character + "+", role)] * (size - 1)
    return cells + [("", "")] * (width - len(cells))
