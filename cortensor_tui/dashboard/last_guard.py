"""The last guard before the terminal: whatever a widget draws, no character in it acts."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from cortensor_tui.domain.inert import UNSURE, inert

_SUSPECT = UNSURE | frozenset(map(chr, range(0xFE00, 0xFE10)))  # what says how wide the sign before is


class InertFilter(LineFilter):
    """Replaces control and format characters in cells; what was inert before it was laid out stays.

    Fields that are edited hold a text as it is, and Textual draws it so. Widths are kept: the line has been
    laid out already.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with nothing in them that a terminal would obey."""
        if all(_is_inert(text) for text, _, control in segments if not control):
            return segments
        return [
            segment if segment.control else Segment(_inert(segment.text), segment.style)
            for segment in segments
        ]


def _is_inert(text: str) -> bool:
    return text.isprintable() and _SUSPECT.isdisjoint(text)


def _inert(text: str) -> str:
    return text if _is_inert(text) else set_cell_size(inert(text), cell_len(text))
