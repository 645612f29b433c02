"""Choosing a theme, each shown at once on what lies below."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult

from cortensor_tui.dashboard.cells import Span
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.widgets.line_table import Column, LineTable, Row
from cortensor_tui.domain.problems import ProblemError

_COLUMNS = (Column("theme", 14, share=1), Column("background", 14), Column("colors", 6))


class ThemeScreen(Panel[None]):
    """A list beside the screen; moving shows a theme, enter keeps it, esc goes back to the one before.

    `keep` keeps a theme and says where.
    """

    DEFAULT_CSS = """
    ThemeScreen { align: right bottom; background: transparent; }
    ThemeScreen > #panel { width: 54; max-width: 100%; height: auto; max-height: 16; margin: 0 1 1 0; }
    ThemeScreen LineTable { height: auto; }
    """
    PANEL_TITLE = "Theme"
    PANEL_HINT = "j/k look   enter keep   esc back"

    def __init__(self, names: Sequence[str], keep: Callable[[str], str]) -> None:
        super().__init__()
        self._names = tuple(names)
        self._keep = keep
        self._before = ""

    def compose_panel(self) -> ComposeResult:
        """Yield the list."""
        yield LineTable(_COLUMNS, "There is no theme.", id="themes")

    def on_mount(self) -> None:
        """Begin at the theme of now."""
        self._before = self.app.theme
        table = self.query_one(LineTable)
        table.show([self._row(name) for name in self._names])
        table.styles.height = len(self._names) + 1
        table.point_at(self._before)
        table.focus()

    def action_leave(self) -> None:
        """Go back to the theme before."""
        self.app.theme = self._before
        self.dismiss(None)

    @on(LineTable.Moved)
    def _preview(self, event: LineTable.Moved) -> None:
        self.app.theme = event.key

    @on(LineTable.Opened)
    def _choose(self, event: LineTable.Opened) -> None:
        self.app.theme = event.key
        try:
            self.notify(f"{event.key}, {self._keep(event.key)}.", markup=False, timeout=3)
        except ProblemError as error:
            self.dashboard.tell(error.problem)
        self.dismiss(None)

    def _row(self, name: str) -> Row:
        theme = self.app.available_themes[name]
        ground = "your own" if theme.ansi else "dark" if theme.dark else "light"
        return Row(name, (Span(name), Span(ground, "muted"), Span("16" if theme.ansi else "true", "muted")))
