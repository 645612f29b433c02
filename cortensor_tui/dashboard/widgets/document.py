"""Labelled values over many lines, to be scrolled."""

from __future__ import annotations

from collections.abc import Sequence

from cortensor_tui.dashboard.cells import Line, Span, fit, pad, wrap
from cortensor_tui.dashboard.present.details import Detail
from cortensor_tui.dashboard.widgets.scrolling import Scrolling
from cortensor_tui.domain.inert import inert_lines

_LABEL_CELLS = 17


class Document(Scrolling):
    """Draws details, wrapped. Foreign text is made inert here."""

    def __init__(self, *, id: str | None = None, label_cells: int = _LABEL_CELLS) -> None:  # noqa: A002
        super().__init__(id=id)
        self._label_cells = label_cells
        self._details: tuple[Detail, ...] = ()

    def show(self, details: Sequence[Detail]) -> None:
        """Replace the content, keeping the place."""
        self._details = tuple(details)
        self.redraw()

    def all_lines(self, width: int) -> list[Line]:
        """Return every detail."""
        return [one for detail in self._details for one in detail_lines(detail, width, self._label_cells)]


def detail_lines(detail: Detail, width: int, label_cells: int = _LABEL_CELLS) -> list[Line]:
    """Return a detail, its text wrapped beside its label."""
    pieces = [piece for one in inert_lines(detail.text) for piece in wrap(one, width - label_cells - 2)]
    label = Span(f" {pad(fit(detail.label, label_cells - 1), label_cells)}", "muted")
    blank = Span(" " * (label_cells + 1))
    return [
        (label if index == 0 else blank, Span(piece, detail.role))
        for index, piece in enumerate(pieces or [""])
    ]
