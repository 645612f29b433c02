"""Labelled values as lines, their texts wrapped beside their labels and bounded."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len

from cortensor_tui.dashboard.cells import Line, Span, fit, pad, wrap
from cortensor_tui.dashboard.format import number
from cortensor_tui.domain.inert import ELLIPSIS, inert, inert_lines

LABEL_CELLS = 12  # the longest label, and room for a hash beside it in 80 columns
_BELOW_CELLS = 2
_MOST_CHARS = 4_000


def section(title: str, width: int, remark: str = "") -> list[Line]:
    """Return a blank line and a title with a thin rule to the right end."""
    said = f" {remark}" if remark else ""
    rule = "─" * max(0, width - len(title) - len(said) - 4)
    return [(), (Span(f" {title}", "title"), Span(said, "muted"), Span(f" {rule}", "rule"))]


def labelled(label: str, text: str, width: int, role: str = "plain") -> list[Line]:
    """Return a value beside its label; foreign text in it becomes inert.

    A single word that is too long for that stands below its label where it fits, to be selected whole.
    """
    pieces = _wrapped(text[: _MOST_CHARS + 1], _MOST_CHARS, _room(width))
    if len(pieces) > 1 and " " not in text and cell_len(whole := "".join(pieces)) <= width - _BELOW_CELLS:
        return [*beside(label, [()]), (Span(" " * _BELOW_CELLS + whole, role),)]
    return beside(label, [(Span(piece, role),) for piece in pieces] or [(Span("", role),)])


def beside(label: str, lines: list[Line]) -> list[Line]:
    """Return lines beside a label, which stands in front of the first."""
    blank = Span(" " * (LABEL_CELLS + 1))
    named = Span(f" {pad(fit(label, LABEL_CELLS - 1), LABEL_CELLS)}", "muted")
    return [(named if index == 0 else blank, *one) for index, one in enumerate(lines)]


def excerpt(label: str, text: str, width: int, most_lines: int, role: str = "plain") -> list[Line]:
    """Return the start of a text of any length, and how much more there is."""
    cells = _room(width)
    read = text[: (most_lines + 1) * cells * 2]
    pieces = list(_wrapped(read, len(read) + 1, cells))
    while pieces and not pieces[-1].strip():
        pieces.pop()
    if len(pieces) <= most_lines and len(read) == len(text):
        return beside(label, [(Span(piece, role),) for piece in pieces or [""]])
    shown: list[Line] = [(Span(piece, role),) for piece in pieces[:most_lines]]
    return beside(
        label, [*shown, (Span(f"{ELLIPSIS} {number(len(text))} characters, enter reads on", "muted"),)]
    )


def short(text: str, most_chars: int = 300) -> str:
    """Return foreign text for one line."""
    return inert(text, most_chars)


def _room(width: int) -> int:
    return max(8, width - LABEL_CELLS - 2)


@lru_cache(maxsize=256)  # a report is made anew at each key and each second, its texts seldom change
def _wrapped(text: str, most_chars: int, cells: int) -> tuple[str, ...]:
    return tuple(piece for one in inert_lines(text, most_chars) for piece in wrap(one, cells))
