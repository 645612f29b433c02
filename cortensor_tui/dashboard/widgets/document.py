"""Labelled values over many lines, to be scrolled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.cells import Line, Span, fit, pad, wrap
from cortensor_tui.dashboard.present.details import Detail
from cortensor_tui.dashboard.widgets.line_view import LineView
from cortensor_tui.domain.inert import inert_lines

_LABEL_CELLS = 17


class Document(LineView, can_focus=True):
    """Draws details, wrapped. Foreign text is made inert here."""

    DEFAULT_CSS = """
    Document { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_by(1)", "Down", show=False, id="document.down", tooltip="One line down"),
        Binding("up,k", "scroll_by(-1)", "Up", show=False, id="document.up", tooltip="One line up"),
        Binding(
            "pagedown,ctrl+d,space",
            "page(1)",
            "Page down",
            show=False,
            id="document.page_down",
            tooltip="Page down",
        ),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False, id="document.page_up", tooltip="Page up"),
        Binding(
            "home,g", "scroll_by(-1000000)", "Start", show=False, id="document.first", tooltip="To the start"
        ),
        Binding("end,G", "scroll_by(1000000)", "End", show=False, id="document.last", tooltip="To the end"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._details: tuple[Detail, ...] = ()
        self._top = 0
        self._total = 0

    def show(self, details: Sequence[Detail]) -> None:
        """Replace the content, keeping the place."""
        self._details = tuple(details)
        self.redraw()

    @property
    def position(self) -> str:
        """Return which lines are in sight, empty where all are."""
        if self._total <= self.size.height:
            return ""
        return f"lines {self._top + 1} to {min(self._total, self._top + self.size.height)} of {self._total}"

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the lines in sight."""
        shown = [one for detail in self._details for one in _detail_lines(detail, width)]
        self._total = len(shown)
        self._top = max(0, min(self._top, self._total - height))
        return shown[self._top : self._top + height]

    def action_scroll_by(self, by: int) -> None:
        """Scroll by lines."""
        self._top = max(0, self._top + by)
        self.redraw()

    def action_page(self, by: int) -> None:
        """Scroll by a page."""
        self.action_scroll_by(by * max(1, self.size.height - 1))


def _detail_lines(detail: Detail, width: int) -> list[Line]:
    pieces = [piece for one in inert_lines(detail.text) for piece in wrap(one, width - _LABEL_CELLS - 2)]
    label = Span(f" {pad(fit(detail.label, _LABEL_CELLS - 1), _LABEL_CELLS)}", "muted")
    blank = Span(" " * (_LABEL_CELLS + 1))
    return [
        (label if index == 0 else blank, Span(piece, detail.role))
        for index, piece in enumerate(pieces or [""])
    ]
