"""Reads a text of any length: only what is in sight is ever wrapped."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import BindingType

from cortensor_tui.dashboard.cells import Line, Span, wrap
from cortensor_tui.dashboard.widgets.line_view import LineView
from cortensor_tui.dashboard.widgets.scrolling import SCROLL_KEYS, WHEEL_LINES
from cortensor_tui.domain.inert import inert_named
from cortensor_tui.domain.quantities import percent

PIECE_CHARS = 4_096
"""A paragraph longer than this is broken here, so that no line of any length costs more."""


class Place(NamedTuple):
    """A line of a text: where the piece of text that it is in starts, and its row in that piece."""

    start: int
    row: int


class Pager(LineView, can_focus=True):
    """Keeps the place of its first line in sight as a position in the text, and wraps from there on.

    A piece is a paragraph, or `PIECE_CHARS` of a longer one; foreign text is made inert piece by piece,
    what no terminal may see with its code point.
    """

    DEFAULT_CSS = """
    Pager { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = SCROLL_KEYS

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text = ""
        self._top = Place(0, 0)
        self._end = 0

    def show(self, text: str) -> None:
        """Show another text from its start."""
        self._text, self._top = text, Place(0, 0)
        self.redraw()

    @property
    def position(self) -> str:
        """Return how far down the text is read, in percent; "all" where nothing is out of sight."""
        if self._top == Place(0, 0) and self._end >= len(self._text):
            return "all"
        return percent(self._end, len(self._text)) if self._text else "all"

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the lines in sight."""
        cells = max(1, width - 2)
        shown: list[Line] = []
        start: int | None = self._top.start
        skipped = min(self._top.row, len(self._rows(self._top.start, cells)) - 1)
        while start is not None and len(shown) < height:
            rows = self._rows(start, cells)[skipped:]
            shown += [(Span(f" {row}"),) for row in rows[: height - len(shown)]]
            start, skipped = next_piece(self._text, start), 0
            self._end = len(self._text) if start is None else start
        return shown

    def action_scroll_by(self, by: int) -> None:
        """Scroll by lines, as long as there is text to fill the screen with."""
        cells = max(1, self.size.width - 2)
        place = self._moved(self._top, by, cells)
        self._top = min(place, self._last_top(cells)) if by > 0 else place
        self.redraw()

    def action_page(self, by: int) -> None:
        """Scroll by a page."""
        self.action_scroll_by(by * max(1, self.size.height - 1))

    def action_edge(self, side: int) -> None:
        """Go to the start or the end."""
        self._top = Place(0, 0) if side < 0 else self._last_top(max(1, self.size.width - 2))
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.action_scroll_by(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.action_scroll_by(-WHEEL_LINES)

    def _rows(self, start: int, cells: int) -> list[str]:
        return wrap(inert_named(self._text[start : piece_end(self._text, start)].removesuffix("\r")), cells)

    def _last_top(self, cells: int) -> Place:
        """Return the place from which the end of the text is just in sight."""
        start = last_piece(self._text)
        last = Place(start, len(self._rows(start, cells)) - 1)
        return self._moved(last, 1 - max(1, self.size.height), cells)

    def _moved(self, place: Place, by: int, cells: int) -> Place:
        start, row = place.start, min(place.row, len(self._rows(place.start, cells)) - 1) + by
        while row < 0 and (before := previous_piece(self._text, start)) is not None:
            start = before
            row += len(self._rows(start, cells))
        while row >= (count := len(self._rows(start, cells))):
            after = next_piece(self._text, start)
            if after is None:
                return Place(start, count - 1)
            start, row = after, row - count
        return Place(start, max(0, row))


# --- pieces of a text ----------------------------------------------------------------------------


def piece_end(text: str, start: int) -> int:
    """Return where the piece that starts here ends."""
    limit = min(len(text), start + PIECE_CHARS)
    newline = text.find("\n", start, limit)
    return limit if newline < 0 else newline


def next_piece(text: str, start: int) -> int | None:
    """Return where the piece after this one starts, None after the last."""
    end = piece_end(text, start)
    after = end + 1 if text[end : end + 1] == "\n" else end
    return after if after < len(text) else None


def previous_piece(text: str, start: int) -> int | None:
    """Return where the piece before this one starts, None before the first."""
    if start == 0:
        return None
    if text[start - 1] != "\n":
        return start - PIECE_CHARS
    return _piece_at(text, start - 1)


def last_piece(text: str) -> int:
    """Return where the last piece starts; a newline at the very end begins no other."""
    return _piece_at(text, len(text) - 1 if text.endswith("\n") else len(text))


def _piece_at(text: str, end: int) -> int:
    """Return where the piece starts that ends here."""
    paragraph = text.rfind("\n", 0, end) + 1
    return paragraph + max(0, end - paragraph - 1) // PIECE_CHARS * PIECE_CHARS
