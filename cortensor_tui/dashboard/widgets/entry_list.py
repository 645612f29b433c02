"""One thing in full: labelled values under headings, with a cursor, so that each can be copied or opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from cortensor_tui.dashboard.cells import Line, Span, clip, fit, pad, pointed, width_of, wrap
from cortensor_tui.dashboard.format import short_hashes
from cortensor_tui.dashboard.widgets.cursor_keys import cursor_keys
from cortensor_tui.dashboard.widgets.line_view import LineView
from cortensor_tui.dashboard.widgets.scrolling import OPENING_CLICK

_LABEL_CELLS = 16
_LONG_LABEL_CELLS = 23  # the longest name of a field, and a space
_GAP = 2
_WHEEL_ENTRIES = 3


class Entry(NamedTuple):
    """A value, beside its label, and beside it again as it stands elsewhere. All text is inert already.

    `copy` is what `y` copies and `copy_name` what that is called; `opens` is told when enter is pressed.
    The cursor passes over headings, and over what can be neither copied nor opened. `is_cut` keeps the
    text in one line.
    """

    label: str
    text: str = ""
    role: str = "plain"
    beside: str | None = None
    copy: str = ""
    copy_name: str = "value"
    opens: str = ""
    is_heading: bool = False
    is_cut: bool = False

    @property
    def is_selectable(self) -> bool:
        """Tell whether the cursor stops here."""
        return bool(self.copy or self.opens)


class EntryList(LineView, can_focus=True):
    """Draws entries, wrapped; scrolls with its cursor. Posts `Opened` on enter."""

    DEFAULT_CSS = """
    EntryList { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *cursor_keys(
            "entries", down="Next value", up="Value before", first="To the start", last="To the end"
        ),
        Binding("enter", "open", "Open", show=False, id="entries.open", tooltip="Open what the cursor is on"),
    ]

    class Opened(Message):
        """An entry that leads somewhere was chosen."""

        def __init__(self, opens: str) -> None:
            super().__init__()
            self.opens = opens

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._entries: tuple[Entry, ...] = ()
        self._laid: list[tuple[int, Line]] = []
        self._laid_for: tuple[int, tuple[Entry, ...]] | None = None
        self._index = 0
        self._top = 0

    @property
    def current(self) -> Entry | None:
        """Return the entry under the cursor."""
        if self._index < len(self._entries) and self._entries[self._index].is_selectable:
            return self._entries[self._index]
        return None

    def show(self, entries: Sequence[Entry], *, is_new: bool = False) -> None:
        """Replace the entries; the cursor keeps its place by label and copy, unless this is another thing."""
        before = self.current
        self._entries = tuple(entries)
        if is_new:
            self._index = self._top = 0
        elif before is not None:
            self._index = next(
                (at for at, one in enumerate(self._entries) if _is_same(one, before)), self._index
            )
        self._index = self._nearest(self._index, 1)
        self._lay_out(self.size.width)
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the lines in sight."""
        self._lay_out(width)
        self._top = max(0, min(self._top, len(self._laid) - height))
        found = []
        for at, one in self._laid[self._top : self._top + height]:
            has_cursor = self.has_focus and at == self._index and self.current is not None
            found.append(pointed(one, width) if has_cursor else one)
        return found

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move with the wheel."""
        event.stop()
        self._scroll(_WHEEL_ENTRIES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move with the wheel."""
        event.stop()
        self._scroll(-_WHEEL_ENTRIES)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the value that was clicked; a second click opens it."""
        at = self._top + event.y
        if at >= len(self._laid) or not self._entries[self._laid[at][0]].is_selectable:
            return
        self._index = self._laid[at][0]
        self.redraw()
        if event.chain == OPENING_CLICK:
            self.action_open()

    def action_move(self, by: int) -> None:
        """Move the cursor to the next value; past the last one, scroll to the end."""
        found = self._nearest(self._index + by, by)
        if found == self._index or self.current is None:
            self._scroll(by)
        if found != self._index:
            self._go(found)

    def action_page(self, by: int) -> None:
        """Move by half of what is in sight."""
        lines = by * max(1, self.size.height // 2)
        at = self._line_of(self._index) + lines
        at = max(0, min(at, len(self._laid) - 1))
        if self._laid:
            self._go(self._nearest(self._laid[at][0], by))
        self._scroll(lines)

    def action_edge(self, side: int) -> None:
        """Go to the start or the end."""
        self._go(self._nearest(0 if side < 0 else len(self._entries) - 1, -side))
        self._scroll(side * len(self._laid))

    def action_open(self) -> None:
        """Tell that what is under the cursor was chosen."""
        if self.current is not None and self.current.opens:
            self.post_message(self.Opened(self.current.opens))

    def _go(self, index: int) -> None:
        self._index = index
        first = self._line_of(index)
        last = max((at for at, (one, _) in enumerate(self._laid) if one == index), default=first)
        page = max(1, self.size.height)
        self._top = min(max(self._top, last - page + 1), first)
        if index == self._nearest(0, 1):
            self._top = 0  # with its heading
        self.redraw()

    def _scroll(self, by: int) -> None:
        self._top = max(0, min(self._top + by, len(self._laid) - self.size.height))
        self.redraw()

    def _line_of(self, index: int) -> int:
        return next((at for at, (one, _) in enumerate(self._laid) if one == index), 0)

    def _nearest(self, index: int, step: int) -> int:
        """Return the first entry to stop at from `index` on in a direction, else where the cursor is."""
        at = index
        while 0 <= at < len(self._entries):
            if self._entries[at].is_selectable:
                return at
            at += step
        return self._index

    def _lay_out(self, width: int) -> None:
        if self._laid_for == (width, self._entries):
            return
        self._laid_for = (width, self._entries)
        self._laid = [
            (at, one) for at, entry in enumerate(self._entries) for one in _entry_lines(entry, width)
        ]


def _is_same(one: Entry, other: Entry) -> bool:
    return (one.label, one.copy, one.opens) == (other.label, other.copy, other.opens)


def _entry_lines(entry: Entry, width: int) -> list[Line]:
    if entry.is_heading:
        room = width - cell_len(entry.label) - 3
        text = entry.text if cell_len(entry.text) <= room else short_hashes(entry.text, 0)
        title = clip((Span(f" {entry.label} ", "title"), Span(text, entry.role), Span(" ")), width)
        return [(*title, Span("─" * (width - width_of(title)), "rule"))]
    label_cells = _LONG_LABEL_CELLS if entry.beside is not None else _LABEL_CELLS
    room = max(8, width - label_cells - 2)
    if entry.beside is None:
        pieces = [fit(entry.text, room)] if entry.is_cut else wrap(short_hashes(entry.text, room), room)
        columns = [(pieces, entry.role, room)]
    else:
        left = (room - _GAP) // 2
        right = room - _GAP - left
        columns = [
            (wrap(short_hashes(entry.text, left), left), entry.role, left),
            (wrap(short_hashes(entry.beside, right), right), "muted", right),
        ]
    height = max(len(pieces) for pieces, _, _ in columns)
    found = []
    for row in range(max(1, height)):
        spans = [Span(f" {pad(fit(entry.label, label_cells - 1) if row == 0 else '', label_cells)}", "muted")]
        for pieces, role, cells in columns:
            spans.append(Span(pad(pieces[row] if row < len(pieces) else "", cells), role))
            spans.append(Span(" " * _GAP))
        found.append(clip(tuple(spans[:-1]), width))
    return found
