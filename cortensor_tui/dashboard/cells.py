"""Lines as spans of text with a role, measured in terminal cells."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len, get_character_cell_size, set_cell_size

from cortensor_tui.dashboard.links import LINK
from cortensor_tui.domain.inert import ELLIPSIS


class Span(NamedTuple):
    """Text in one look. `role` names a component class of `LineView`."""

    text: str
    role: str = "plain"


Line = tuple[Span, ...]


def line(*spans: Span | tuple[str, str] | str) -> Line:
    """Build a line; a bare string is plain."""
    return tuple(Span(span) if isinstance(span, str) else Span(*span) for span in spans)


def width_of(spans: Iterable[Span]) -> int:
    """Return the cells that a line takes."""
    return sum(cell_len(span.text) for span in spans)


def fit(text: str, cells: int) -> str:
    """Return the text cut to at most `cells`, with an ellipsis where something was left out."""
    if cells <= 0:
        return ""
    if cell_len(text) <= cells:
        return text
    if text.isascii():  # inert, so every character is a cell
        return text[: cells - 1].rstrip(" ") + ELLIPSIS
    return set_cell_size(text, cells - 1).rstrip(" ") + ELLIPSIS


def pad(text: str, cells: int, is_right: bool = False) -> str:
    """Return the text cut or filled to exactly `cells`."""
    shown = fit(text, cells)
    filler = " " * max(0, cells - cell_len(shown))
    return filler + shown if is_right else shown + filler


def clip(spans: Line, cells: int) -> Line:
    """Return the line cut to at most `cells`, the last span that fits ending in an ellipsis."""
    kept: list[Span] = []
    left = cells
    for span in spans:
        size = cell_len(span.text)
        if size > left:
            kept.append(Span(fit(span.text, left), span.role))
            break
        kept.append(span)
        left -= size
    return tuple(kept)


def spread(left: Line, right: Line, cells: int, filler: str = " ", role: str = "plain") -> Line:
    """Return a line with one part at each end; the left one gives way."""
    right = clip(right, cells)
    left = clip(left, max(0, cells - width_of(right) - 1))
    gap = cells - width_of(left) - width_of(right)
    return (*left, Span(filler * max(0, gap), role), *right)


def padded(spans: Line, cells: int) -> Line:
    """Return the line filled or cut to exactly `cells`, neighbours in one look joined.

    Every span costs some forty bytes of color codes on the wire, so blanks join what is before them.
    """
    joined: list[Span] = []
    for span in clip(spans, cells):
        if joined and (joined[-1].role == span.role or _is_invisible(span, joined[-1])):
            joined[-1] = Span(joined[-1].text + span.text, joined[-1].role)
        elif span.text:
            joined.append(span)
    filler = Span(" " * (cells - width_of(joined)))
    if joined and filler.text and _is_invisible(filler, joined[-1]):
        joined[-1] = Span(joined[-1].text + filler.text, joined[-1].role)
    elif filler.text:
        joined.append(filler)
    return tuple(joined)


def pointed(spans: Line, cells: int) -> Line:
    """Return the line with the cursor on it, over all of `cells`."""
    filled = (*spans, Span(" " * (cells - width_of(spans))))
    return tuple(Span(span.text, f"{span.role} cursor") for span in filled)


def _is_invisible(span: Span, before: Span) -> bool:
    """Tell whether a span is blank and looks the same in the look before it; a link ends with its text."""
    if LINK in before.role:
        return False
    has_cursor = "cursor" in before.role
    return not span.text.strip(" ") and has_cursor == ("cursor" in span.role)


def wrap(text: str, cells: int) -> list[str]:
    """Break one inert line at spaces, and inside words that are longer than a line."""
    if cells <= 0:
        return []
    if len(text) <= cells and cell_len(text) <= cells:
        return [text]
    lines: list[str] = []
    start = width = 0
    space = -1  # where the line may be broken
    index = 0
    while index < len(text):
        size = get_character_cell_size(text[index])
        if width + size > cells and index > start:
            end = space if space > start else index
            lines.append(text[start:end])
            start = end + 1 if text[end : end + 1] == " " else end
            width = cell_len(text[start:index]) if index > start else 0
            index = max(index, start)
            space = -1
            continue
        if text[index] == " ":
            space = index
        width += size
        index += 1
    lines.append(text[start:])
    return lines


def folded(lead: Line, spans: Line, cells: int, most_lines: int) -> list[Line]:
    """Return a line that goes on below itself beside its lead; what is longer still ends in an ellipsis."""
    margin = width_of(lead)
    text = "".join(span.text for span in spans)
    roles = [span.role for span in spans for _ in span.text]
    pieces = wrap(text, max(2, cells - margin))
    rows: list[Line] = []
    at = 0
    for piece in pieces[:most_lines]:
        at = text.index(piece, at)
        told = zip(piece, roles[at : at + len(piece)], strict=True)
        parts = groupby(told, key=lambda one: one[1])
        row = tuple(Span("".join(sign for sign, _ in run), role) for role, run in parts)
        before = (Span(" " * margin),) if rows else lead
        rows.append(clip((*before, *row), cells))
        at += len(piece)
    if len(pieces) > most_lines:
        rows[-1] = (*clip(rows[-1], cells - 1), Span(ELLIPSIS, "muted"))
    return rows


def changed_extent(old: Line, new: Line) -> tuple[int, int] | None:
    """Return the first changed cell and how many cells to repaint, None where both look alike.

    Only what lies between the common start and the common end of both lines has to go over the wire.
    """
    if old == new:
        return None
    before, after = _cell_list(old), _cell_list(new)
    start = 0
    shortest = min(len(before), len(after))
    while start < shortest and before[start] == after[start]:
        start += 1
    end_before, end_after = len(before), len(after)
    if end_before == end_after:
        while end_after > start and before[end_after - 1] == after[end_after - 1]:
            end_after -= 1
        end_before = end_after
    stop = max(end_before, end_after)
    return (start, stop - start) if stop > start else None


def _cell_list(spans: Line) -> list[tuple[str, str]]:
    """Return one entry a cell. The second cell of a wide character differs from every first one."""
    found: list[tuple[str, str]] = []
    for text, role in spans:
        for character in text:
            size = get_character_cell_size(character)
            if size == 0 and found:
                found[-1] = (found[-1][0] + character, role)
            elif size == 2:
                found += [(character, role), (character + "+", role)]
            else:
                found.append((character, role))
    return found
