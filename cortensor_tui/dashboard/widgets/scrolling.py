"""Lines that are more than the screen has room for, with the keys that move through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.cells import Line
from cortensor_tui.dashboard.widgets.line_view import LineView

WHEEL_LINES = 3
OPENING_CLICK = 2
"""Which click in a row on the same place opens what is there; the first one puts the cursor on it."""
SCROLL_KEYS: list[BindingType] = [
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
    Binding("home,g", "edge(-1)", "Start", show=False, id="document.first", tooltip="To the start"),
    Binding("end,G", "edge(1)", "End", show=False, id="document.last", tooltip="To the end"),
]


class Scrolling(LineView, can_focus=True):
    """Shows a part of what `all_lines` returns; for some hundred lines, since all are made each time."""

    DEFAULT_CSS = """
    Scrolling { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = SCROLL_KEYS

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._top = 0
        self._total = 0

    def all_lines(self, width: int) -> Sequence[Line]:
        """Return everything there is to show."""
        raise NotImplementedError

    @property
    def position(self) -> str:
        """Return which lines are in sight, empty where all are."""
        if self._total <= self.size.height:
            return ""
        return f"lines {self._top + 1} to {min(self._total, self._top + self.size.height)} of {self._total}"

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the lines in sight."""
        shown = self.all_lines(width)
        self._total = len(shown)
        self._top = max(0, min(self._top, self._total - height))
        return list(shown[self._top : self._top + height])

    def action_scroll_by(self, by: int) -> None:
        """Scroll by lines."""
        self._top = max(0, self._top + by)
        self.redraw()

    def action_page(self, by: int) -> None:
        """Scroll by a page."""
        self.action_scroll_by(by * max(1, self.size.height - 1))

    def action_edge(self, side: int) -> None:
        """Go to the start or the end."""
        self.action_scroll_by(side * (self._total + self._top))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.action_scroll_by(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.action_scroll_by(-WHEEL_LINES)
