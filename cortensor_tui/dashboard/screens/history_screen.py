"""What the places of long lists share: a filtered list that follows or stands still, and one row in full."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from cortensor_tui.dashboard.cells import Line, Span
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.format import number
from cortensor_tui.dashboard.history import Ask
from cortensor_tui.dashboard.history_pages import Pages
from cortensor_tui.dashboard.present.freshness import as_it_was
from cortensor_tui.dashboard.present.past import past_remark
from cortensor_tui.dashboard.screens.exporting import ExportingPages
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.sorting import Sorted
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.filter_line import FilterLine
from cortensor_tui.dashboard.widgets.line_table import Column, Row, RowTable
from cortensor_tui.dashboard.widgets.paged_table import PagedTable
from cortensor_tui.dashboard.widgets.report import Report
from cortensor_tui.dashboard.widgets.text_lines import Heading
from cortensor_tui.node.messages import RequestBody


class HistoryScreen(PlaceScreen, ExportingPages):
    """A paged list, newest first, with its filter; enter opens a row, on wide screens beside the list.

    A subclass says which pages a filter means, how an item becomes a row, and what shows one in full.
    """

    LIST_TITLE: ClassVar[str]
    COLUMNS: ClassVar[tuple[Column, ...]]
    EMPTY: ClassVar[str]
    NONE_MATCH: ClassVar[str]
    FILTER_HINT: ClassVar[str]
    DEFAULT_CSS = """
    HistoryScreen {
        & #panes { height: 1fr; layout: horizontal; }
        & #list { width: 1fr; height: 1fr; }
        & #below { height: auto; }
        & #detail { width: 1fr; height: 1fr; display: none; }
        &.-reading { & #detail { display: block; } & #list { display: none; } }
        &.-wide {
            & #list { display: block; width: 56%; }
            & #detail { display: block; margin-left: 2; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", id="list.filter", tooltip="Filter the list"),
        Binding("f,space", "freeze", "Freeze", id="list.freeze", tooltip="Freeze or follow"),
        Binding("S", "sort_next", "Sort", id="list.sort", tooltip="By the next column"),
        Binding("R", "sort_reversed", "Reverse", show=False, id="list.reverse", tooltip="Other way round"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.sorting = self.first_sorting()
        self._filter_text = ""
        self._frozen: NodeView | None = None
        self._opened: Any = None

    # --- what a subclass says --------------------------------------------------------------------

    @abstractmethod
    def pages_of(self, text: str) -> Pages[Any]:
        """Return the list that a filter means. Raises `ProblemError` where it is none."""

    @abstractmethod
    def first_sorting(self) -> Sorted[Any]:
        """Return the orders that there are, and the one to begin with."""

    @abstractmethod
    def row_of(self, item: Any) -> Row:
        """Return an item as a row."""

    @abstractmethod
    def newest_of(self, item: Any, view: NodeView) -> Any:
        """Return the item as the feed has it now, None where it does not know it."""

    @abstractmethod
    def keys_of(self, view: NodeView) -> set[Any]:
        """Return what names the items that the feed knows."""

    @abstractmethod
    def compose_detail(self) -> ComposeResult:
        """Yield what shows one item in full, a `Report` among it."""

    @abstractmethod
    def show_item(self, item: Any, state: FeedState) -> None:
        """Show one item in full; None where the list has none."""

    def compose_below(self) -> ComposeResult:
        """Yield what stands below the list."""
        return iter(())

    # --- the list --------------------------------------------------------------------------------

    def compose_place(self) -> ComposeResult:
        """Yield the list, and the detail beside or in place of it."""
        with Horizontal(id="panes"):
            with Vertical(id="list"):
                yield Heading(self.LIST_TITLE)
                yield PagedTable(self.COLUMNS, self.EMPTY, self.pages_of(""), self.row_of, id=self.PLACE)
                with Vertical(id="below"):
                    yield from self.compose_below()
                yield FilterLine(self.pages_of, self.FILTER_HINT)
            with Vertical(id="detail"):
                yield from self.compose_detail()

    def on_mount(self) -> None:
        """Start in the list."""
        super().on_mount()
        self._mark_order()
        self.table.focus()

    @property
    def table(self) -> PagedTable:
        """Return the list."""
        return self.query_one(PagedTable)

    @property
    def chosen(self) -> Any:
        """Return the item that is read, else the one under the cursor."""
        item = self.table.current_item if self._opened is None else self._opened
        view = self.state.view
        newer = None if item is None or view is None else self.newest_of(item, view)
        return item if newer is None else newer

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Bring list and detail up to date, the list unless it is frozen."""
        if self._frozen is not None and self._frozen.generation != view.generation:
            self._frozen = None  # what was seen then may be hidden now
        if self._frozen is None:
            self.table.take_view(view, self.dashboard.now())
        else:
            self.table.redraw()
        self.query_one("#list > Heading", Heading).say(self.remark(view))
        self._show_chosen(state)

    def remark(self, view: NodeView) -> Line:
        """Return what the list says of itself beside its title."""
        if self._frozen is not None:
            new = len(self.keys_of(view) - self.keys_of(self._frozen))
            return (Span(f"frozen · {new} new · f follows", "warn"),)
        if self.chain_sight.is_past:
            return as_it_was(self.chain_sight)
        if self.table.is_makeshift:
            return (Span("▲ not read: only what the node told of lately", "warn"),)
        past = past_remark(view.status.past, self.dashboard.now())
        told = () if past is None else (past, Span(" · ", "muted"))
        filtered = Span("filtered · " if self._filter_text else "", "accent")
        words = Span(self.sorting.words, "muted" if self.sorting == self.first_sorting() else "accent")
        if self.table.total is None:
            return (*told, filtered, words)
        count, is_more = self.table.total
        return (*told, filtered, Span(f"{number(count)}{' or more' if is_more else ''}, ", "muted"), words)

    async def _fetch_page(self, table: PagedTable, ask: Ask, body: RequestBody) -> None:
        """Fetch a page, and say at once how many rows there are."""
        await super()._fetch_page(table, ask, body)
        if self.is_whole:  # it may have been taken down meanwhile
            self.take(self.state)

    @on(FilterLine.Wanted)
    def _on_filter(self, event: FilterLine.Wanted) -> None:
        self._filter_text = event.text
        self._frozen = self._opened = None  # another list is read as it is now
        self._show_list()

    def _show_list(self) -> None:
        """Show the list that filter and order mean now; the row under the cursor stays where it is of it."""
        empty = self.NONE_MATCH if self._filter_text else self.EMPTY
        self._mark_order()
        self.table.show_list(self.pages_of(self._filter_text), empty, self.dashboard.now())
        self.take(self.state)

    def _mark_order(self) -> None:
        titles = [column.title for column in self.COLUMNS]
        self.table.show_order(titles.index(self.sorting.column), is_falling=self.sorting.is_falling_shown)

    @property
    def filter_text(self) -> str:
        """Return the filter in force as it was typed."""
        return self._filter_text

    def exported_list(self) -> tuple[str, Pages[Any]]:
        """Return the list in sight."""
        return self.PLACE, self.pages_of(self._filter_text)

    def action_sort_next(self) -> None:
        """Sort by the next column."""
        self._sort(self.sorting.next())

    def action_sort_reversed(self) -> None:
        """Sort the other way round."""
        self._sort(self.sorting.turned())

    def _sort(self, sorting: Sorted[Any]) -> None:
        self._frozen = None  # another order of what was seen then is not known
        self.sorting = sorting
        self._show_list()

    @on(FilterLine.Left)
    def _on_filter_left(self) -> None:
        self.table.focus()

    def set_filter(self, text: str) -> None:
        """Put a filter in force that was not typed here."""
        self.close_detail()
        self.query_one(FilterLine).set_text(text)

    def action_filter(self) -> None:
        """Type a filter."""
        self.close_detail()
        self.query_one(FilterLine).open()

    def action_freeze(self) -> None:
        """Keep the list as it is, or follow what comes again."""
        if self._frozen is not None:
            self._frozen = None
            self.table.read_anew()
        else:
            self._frozen = self.state.view
        self.take(self.state)

    # --- one of them -----------------------------------------------------------------------------

    def _show_chosen(self, state: FeedState) -> None:
        if self.has_class("-wide") or self.has_class("-reading"):
            self.show_item(self.chosen, state)

    @on(RowTable.Moved)
    def _on_moved(self) -> None:
        self._opened = None
        self._show_chosen(self.state)

    @on(RowTable.Opened)
    def _on_opened(self) -> None:
        self.open_detail()

    def open_detail(self) -> None:
        """Show the item in full; it stays when the cursor follows what is newer."""
        self._opened = self.chosen
        self.add_class("-reading")
        self._show_chosen(self.state)
        self._reader.focus()

    def close_detail(self) -> None:
        """Go back to the list."""
        self._opened = None
        self.remove_class("-reading")
        self._show_chosen(self.state)
        self.table.focus()

    def action_go_back(self) -> None:
        """Leave the detail, then the filter, then the place."""
        if self.has_class("-reading"):
            self.close_detail()
        elif self._filter_text:
            self.query_one(FilterLine).set_text("")
        else:
            super().action_go_back()

    def on_resize(self) -> None:
        """Show the detail where there is room for it now."""
        self.take(self.state)

    @property
    def _reader(self) -> Widget:
        return self.query_one("#detail").query_one(Report)
