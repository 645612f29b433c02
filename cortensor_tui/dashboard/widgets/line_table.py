"""A table drawn by lines: a cursor that follows its key, columns that give way when it is narrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Protocol

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from cortensor_tui.dashboard.cells import Line, Span, clip, line, pad, pointed, width_of, wrap
from cortensor_tui.dashboard.widgets.cursor_keys import cursor_keys
from cortensor_tui.dashboard.widgets.line_view import LineView
from cortensor_tui.dashboard.widgets.scrolling import OPENING_CLICK, WHEEL_LINES

_GAP = 2


class Column(NamedTuple):
    """One column. `width` is its least width in cells; spare cells go to columns by `share`.

    Where not all fit, those with the highest `rank` are left out first, of equal ones the last. One that
    `is_whole` gets what its longest cell takes where that is no more than half of what is to spare.
    """

    title: str
    width: int
    share: int = 0
    rank: int = 0
    is_right: bool = False
    is_whole: bool = False


class Drawn(Protocol):
    """A cell that draws itself in the width that its column gets; equal ones look the same."""

    def draw(self, cells: int) -> Line:
        """Return spans of at most so many cells."""


class Row(NamedTuple):
    """One row. `copy` is what `y` puts on the clipboard."""

    key: str
    cells: tuple[Span | Drawn, ...]
    copy: str = ""


class RowTable(LineView, can_focus=True):
    """Rows under a header, wherever they are kept. Posts `Moved` with the cursor, and `Opened` on enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *cursor_keys("table", down="Next row", up="Previous row", first="First row", last="Last row"),
        Binding("enter", "open", "Details", show=False, id="table.open", tooltip="Details of the row"),
    ]

    class Opened(Message):
        """A row was chosen."""

        def __init__(self, table: RowTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> RowTable:
            """Return the table, so that handlers may select by its id."""
            return self.table

    class Moved(Message):
        """The cursor was moved to another row."""

        def __init__(self, table: RowTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> RowTable:
            """Return the table, so that handlers may select by its id."""
            return self.table

    def __init__(self, columns: Sequence[Column], empty: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._empty = empty
        self._order: tuple[int, bool] | None = None
        self._cursor_key: str | None = None
        self._index = 0
        self._top = 0

    @property
    def row_count(self) -> int:
        """Return the number of rows that the cursor can go to, seen or not."""
        raise NotImplementedError

    def row_at(self, index: int) -> Row:
        """Return a row, counted from 0 at the top."""
        raise NotImplementedError

    @property
    def current(self) -> Row | None:
        """Return the row under the cursor."""
        return self.row_at(self._index) if self.row_count else None

    def rename(self, before: str, after: str) -> None:
        """Give a column another title; nothing happens where there is none of that title."""
        if any(column.title == before for column in self._columns):
            self._columns = tuple(
                column._replace(title=after) if column.title == before else column for column in self._columns
            )
            self.redraw()

    def show_order(self, column: int, *, is_falling: bool) -> None:
        """Mark by which column the rows are sorted, and whether the largest comes first."""
        self._order = (column, is_falling)
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the header and the rows in sight."""
        if not self.row_count:
            return self._empty_lines(width)
        widths = self._widths(width - 1)
        shown = [self._header(widths, width)]
        for index in range(self._top, min(self.row_count, self._top + max(0, height - 1))):
            has_cursor = self.has_focus and index == self._index
            shown.append(self._row(self.row_at(index), widths, width, has_cursor))
        return shown

    def on_resize(self) -> None:
        """Keep the cursor in sight in the new height."""
        self._keep_in_sight()
        super().on_resize()

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._go(self._index + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by half the rows in sight."""
        self._go(self._index + by * max(1, self._page_rows // 2))

    def action_edge(self, side: int) -> None:
        """Move to the first or the last row."""
        self._go(0 if side < 0 else self.row_count - 1)

    def action_open(self) -> None:
        """Tell that the current row was chosen."""
        if self.current is not None:
            self.post_message(self.Opened(self, self.current.key))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row that was clicked; a second click opens it."""
        index = self._top + event.y - 1
        if event.y < 1 or event.y > self._page_rows or index >= self.row_count:
            return
        self._go(index)
        if event.chain == OPENING_CLICK:
            self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move with the wheel."""
        event.stop()
        self.action_move(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move with the wheel."""
        event.stop()
        self.action_move(-WHEEL_LINES)

    @property
    def _page_rows(self) -> int:
        return max(1, self.size.height - 1)

    def _go(self, index: int) -> None:
        if not self.row_count:
            return
        self._index = max(0, min(index, self.row_count - 1))
        # At the top the cursor belongs to "the newest", not to a row that slides away.
        self._cursor_key = None if self._index == 0 else self.row_at(self._index).key
        self._keep_in_sight()
        self.redraw()
        self.post_message(self.Moved(self, self.row_at(self._index).key))

    def _keep_in_sight(self) -> None:
        page = self._page_rows
        self._top = max(0, min(self._top, self.row_count - page))
        self._top = min(max(self._top, self._index - page + 1), self._index)

    def _empty_lines(self, width: int) -> list[Line]:
        return [line((f" {piece}", "muted")) for piece in wrap(self._empty, width - 2)]

    def _widths(self, width: int) -> list[int]:
        """Return a width for each column, 0 for those left out."""
        widths = [column.width for column in self._columns]
        by_rank = sorted(range(len(widths)), key=lambda i: (-self._columns[i].rank, -i))
        for index in by_rank:
            if sum(widths) + _GAP * (sum(1 for w in widths if w) - 1) <= width:
                break
            widths[index] = 0
        spare = width - sum(widths) - _GAP * (sum(1 for w in widths if w) - 1)
        for index, column in enumerate(self._columns):
            missing = self._longest_cell(index) - widths[index] if column.is_whole and widths[index] else 0
            if 0 < missing <= spare // 2:
                widths[index] += missing
                spare -= missing
        shares = sum(column.share for column, w in zip(self._columns, widths, strict=True) if w)
        if spare > 0 and shares:
            for index, column in enumerate(self._columns):
                if widths[index]:
                    widths[index] += spare * column.share // shares
        return widths

    def _longest_cell(self, index: int) -> int:
        """Return the cells that the longest text of a column takes, 0 where not all rows are at hand."""
        return 0

    def _header(self, widths: list[int], width: int) -> Line:
        titles = tuple(Span(self._title(index), "header") for index in range(len(self._columns)))
        return self._row(Row("", titles), widths, width, has_cursor=False)

    def _title(self, index: int) -> str:
        title = self._columns[index].title
        if self._order is None or self._order[0] != index:
            return title
        return title + ("▼" if self._order[1] else "▲")

    def _row(self, row: Row, widths: list[int], width: int, has_cursor: bool) -> Line:
        spans: list[Span] = [Span(" ")]
        for column, cell, cells in zip(self._columns, row.cells, widths, strict=True):
            if cells:
                spans += _cell(cell, cells, is_right=column.is_right)
                spans.append(Span(" " * _GAP))
        shown = clip(tuple(spans[:-1]), width)
        return pointed(shown, width) if has_cursor else shown


class LineTable(RowTable):
    """Rows that are given all at once, some hundred at most.

    With `keeps_row` the cursor stays on its row also from the top of the list: what keys act on never changes
    by itself. Without it the cursor at the top stays at the top, which is right where the newest comes first.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        empty: str,
        *,
        id: str,  # noqa: A002
        keeps_row: bool = False,
    ) -> None:
        super().__init__(columns, empty, id=id)
        self._rows: tuple[Row, ...] = ()
        self._keeps_row = keeps_row

    @property
    def row_count(self) -> int:
        """Return the number of rows, seen or not."""
        return len(self._rows)

    def row_at(self, index: int) -> Row:
        """Return a row, counted from 0 at the top."""
        return self._rows[index]

    def _longest_cell(self, index: int) -> int:
        cells = (row.cells[index] for row in self._rows)
        return max((width_of((cell,)) for cell in cells if isinstance(cell, Span)), default=0)

    def show(self, rows: Sequence[Row], empty: str | None = None) -> None:
        """Replace the rows. The cursor stays on its key; at the top only where it keeps its row."""
        before = self._rows[self._index].key if self._keeps_row and self._rows else None
        self._rows = tuple(rows)
        if empty is not None:
            self._empty = empty
        keys = [row.key for row in self._rows]
        if self._cursor_key in keys:
            self._index = keys.index(self._cursor_key)
        elif before in keys:
            self._index = keys.index(before)
        else:
            self._index = max(0, min(self._index, len(keys) - 1))
        self._keep_in_sight()
        self.redraw()

    def point_at(self, key: str) -> None:
        """Put the cursor on a key."""
        self._cursor_key = key
        self.show(self._rows)


def _cell(cell: Span | Drawn, cells: int, *, is_right: bool) -> Line:
    if isinstance(cell, Span):
        return (Span(pad(cell.text, cells, is_right), cell.role),)
    drawn = clip(cell.draw(cells), cells)
    return (*drawn, Span(" " * (cells - width_of(drawn))))
