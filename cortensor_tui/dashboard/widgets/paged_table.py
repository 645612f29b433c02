"""A table over a list of any length: it holds a window of the list and asks for pages as the cursor goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual.message import Message

from cortensor_tui.dashboard.cells import Line, line
from cortensor_tui.dashboard.history import Ask, Side, Window
from cortensor_tui.dashboard.history_pages import Pages, just_above
from cortensor_tui.dashboard.present.problems import problem_lines
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.line_table import Column, Row, RowTable
from cortensor_tui.domain.problems import Problem
from cortensor_tui.node.messages import ReplyBody, RequestBody

READING = "Reading…"
READING_ON = "… more is being read"
RETRY = "r tries again"
_MOST_PROBLEM_LINES = 3


class PagedTable(RowTable):
    """Rows of `pages`, newest first, each made by `row_of` when it is drawn.

    The cursor stays on its row while others come; on the newest row it follows the newest. Posts `Wanted`
    for each page that it needs, to be answered with `take_page` or `fail_page`.
    """

    DEFAULT_CSS = """
    PagedTable { height: 1fr; }
    """

    class Wanted(Message):
        """A page is wanted from the node."""

        def __init__(self, table: PagedTable, ask: Ask, body: RequestBody) -> None:
            super().__init__()
            self.table = table
            self.ask = ask
            self.body = body

        @property
        def control(self) -> PagedTable:
            """Return the table, so that handlers may select by its id."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        empty: str,
        pages: Pages[Any],
        row_of: Callable[[Any], Row],
        *,
        id: str,  # noqa: A002
    ) -> None:
        super().__init__(columns, empty, id=id)
        self._pages = pages
        self._row_of = row_of
        self._window: Window[Any] = Window()
        self._generation: int | None = None
        self._edge: Side | None = None
        self._kept_key: str | None = None

    # --- what the screen says --------------------------------------------------------------------

    def show_list(self, pages: Pages[Any], empty: str, now: float) -> None:
        """Show another list, at `now` in unix seconds; `empty` says what to do where it has no row.

        A row that the cursor was moved to stays under it where it is of that list too, else it begins with
        the first row.
        """
        self._empty = empty
        if pages != self._pages:
            item = None if self._cursor_key is None else self.current_item
            kept = None if item is None else pages.seen(item, now)
            self._pages = pages
            self._kept_key = kept.entry.key if kept is not None and kept.is_wanted else None
            self._window.clear(just_above(kept.entry.place) if kept is not None and self._kept_key else None)
            self._cursor_key, self._index, self._top, self._edge = None, 0, 0, None
        self._arrange()

    def take_view(self, view: NodeView, now: float) -> None:
        """Take what the node said, at `now` in unix seconds; after a gap, what is in sight is read anew."""
        if self._generation not in (None, view.generation):
            self._restart_here()
        self._generation = view.generation
        self._window.see(self._pages.tail(view, now), self._index)
        self._arrange()

    def take_page(self, ask: Ask, reply: ReplyBody) -> None:
        """Take the answer to `Wanted`. Raises `ProblemError` where it is an answer to something else."""
        if self._window.take(ask, self._pages.page(reply), self._index) and not self._window.is_loading:
            self._reach_edge()
            self._arrange()

    def fail_page(self, ask: Ask, problem: Problem) -> None:
        """Say that a page could not be had; nothing is asked for until `retry`, or until the line is back."""
        self._window.fail(ask, problem)
        self._arrange()

    def read_anew(self) -> None:
        """Read what is in sight anew: more may have happened than the node still tells of."""
        self._restart_here()
        self._arrange()

    def retry(self) -> None:
        """Ask again for what could not be had."""
        self._window.retry()
        self._arrange()

    def point_at(self, key: str) -> None:
        """Put the cursor on a row, if it is held."""
        found = self._window.index_of(key)
        if found is not None:
            self._go(found)

    @property
    def current_item(self) -> Any:
        """Return what the row under the cursor was made of, None where there is none."""
        return self._window[self._index].item if len(self._window) else None

    @property
    def is_makeshift(self) -> bool:
        """Tell whether the list could not be read, so that the rows are what the node told of lately."""
        return self._window.is_makeshift

    @property
    def total(self) -> tuple[int, bool] | None:
        """Return how many rows the whole list has at least, and whether it may have more; None if unknown."""
        return self._window.total

    # --- the rows --------------------------------------------------------------------------------

    @property
    def row_count(self) -> int:
        """Return the number of rows held; the list may go on above and below."""
        return len(self._window)

    def row_at(self, index: int) -> Row:
        """Return a row held, made now."""
        return self._row_of(self._window[index].item)

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the header and the rows in sight, and below them why there are no more yet."""
        shown = super().lines(width, height)
        remarks = self._remarks(width) if self.row_count else []
        return [*shown[: max(1, height - len(remarks))], *remarks]

    def action_edge(self, side: int) -> None:
        """Move to the newest or the oldest row of the whole list."""
        beyond = self._window.has_newer if side < 0 else self._window.has_older
        if beyond:
            self._edge, self._kept_key = (Side.NEWER if side < 0 else Side.OLDER), None
            self._window.restart(Side.OLDER if side < 0 else Side.NEWER)
            self._arrange()
        else:
            super().action_edge(side)

    def on_resize(self) -> None:
        """Ask for what there is room for now."""
        super().on_resize()
        self._want()

    def _go(self, index: int) -> None:
        super()._go(index)
        self._name_cursor()
        self._want()

    @property
    def _page_rows(self) -> int:
        return max(1, super()._page_rows - len(self._remarks(self.size.width)))

    def _empty_lines(self, width: int) -> list[Line]:
        return self._remarks(width) or super()._empty_lines(width)

    def _remarks(self, width: int) -> list[Line]:
        """Return why there are no more rows below the cursor yet."""
        if self._window.problem is not None:
            told = problem_lines(self._window.problem, width, most_lines=_MOST_PROBLEM_LINES)
            return [*told, line((f"   {RETRY}", "accent"))]
        if self._window.is_loading and not self.row_count:
            return [line((f" {READING}", "muted"))]
        is_at_end = self._index >= self.row_count - 1
        return [line((f" {READING_ON}", "muted"))] if self._window.has_older and is_at_end else []

    # --- the cursor ------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Find the cursor's row again among the rows as they now are, as high on the screen as it was."""
        height = self._index - self._top
        if self._cursor_key is None:
            self._index = 0
        else:
            found = self._window.index_of(self._cursor_key)
            self._index = min(self._index, max(0, self.row_count - 1)) if found is None else found
        self._name_cursor()
        self._top = self._index - height
        self._keep_in_sight()
        self.redraw()
        self._want()

    def _name_cursor(self) -> None:
        """Hold the cursor to its row, and on the newest of all to whatever is the newest."""
        is_newest = self._index == 0 and not self._window.has_newer
        self._cursor_key = None if is_newest or not self.row_count else self._window[self._index].key

    def _restart_here(self) -> None:
        self._window.restart(at=self._window[self._top - 1].place if self._top else None)

    def _reach_edge(self) -> None:
        if self._kept_key is not None:
            self._cursor_key, self._kept_key = self._kept_key, None
        if self._edge is not None:
            self._index = 0 if self._edge is Side.NEWER else max(0, self.row_count - 1)
            self._top = self._index
            self._edge = None
            self._cursor_key = self._window[self._index].key if self.row_count else None

    def _want(self) -> None:
        if not self.is_mounted or self._generation is None:
            return
        ask = self._window.wanted(self._top, self._top + self._page_rows - 1)
        if ask is not None:
            self.post_message(self.Wanted(self, ask, self._pages.request(ask)))
