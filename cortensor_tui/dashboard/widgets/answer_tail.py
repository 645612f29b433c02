"""The end of a growing text, calm to read and cheap to send."""

from __future__ import annotations

from textual.timer import Timer

from cortensor_tui.dashboard.cells import Line, Span, wrap
from cortensor_tui.dashboard.widgets.line_view import LineView
from cortensor_tui.domain.inert import inert_lines

FLUSH_S = 0.5


class AnswerTail(LineView):
    """Fills from the top; when full it turns the page, keeping the last lines: most lines are sent once.

    A text that scrolled line by line would repaint every row for every new one. Once whole, it shows as many
    of its last lines as there is room for.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text = ""
        self._wanted = ""
        self._name = ""
        self._placeholder = ""
        self._top = 0
        self._is_whole = False
        self._is_behind = False
        self._flush: Timer | None = None

    def show(self, name: str, text: str, placeholder: str = "", *, is_whole: bool = False) -> None:
        """Show the text called `name`. More of the same text is drawn at most twice a second."""
        self._wanted = text
        has_ended, self._is_whole = is_whole and not self._is_whole, is_whole
        if self._is_behind or name != self._name or placeholder != self._placeholder or not text:
            self._top = self._top if name == self._name and text else 0
            self._name, self._placeholder = name, placeholder
            self._draw_now()
        elif (self._text != text or has_ended) and self._flush is None:
            self._flush = self.set_timer(FLUSH_S, self._draw_now)

    def catch_up(self) -> None:
        """Draw what is shown next at once: what stands there was not looked at while it grew old."""
        self._is_behind = True

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the page of the text in sight."""
        if not self._text:
            return [(Span(f" {one}", "muted"),) for one in wrap(self._placeholder, width - 2)]
        wrapped = [piece for one in inert_lines(self._text) for piece in wrap(one, width - 2)]
        while wrapped and not wrapped[-1].strip():
            wrapped.pop()
        if height > 0:
            self._turn_page(len(wrapped), height)
        return [(Span(f" {piece}"),) for piece in wrapped[self._top : self._top + max(1, height)]]

    def on_resize(self) -> None:
        """Start paging anew: the lines are others now."""
        self._top = 0
        super().on_resize()

    def _turn_page(self, count: int, height: int) -> None:
        if self._top >= count:
            self._top = 0
        if self._is_whole:
            self._top = max(0, count - height)
        elif count - self._top > height:
            self._top = count - max(1, height // 4)

    def _draw_now(self) -> None:
        if self._flush is not None:
            self._flush.stop()
        self._flush, self._is_behind = None, False
        self._text = self._wanted
        self.redraw()
