"""Lines of a log: the newest at the bottom, followed as they come or standing still."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from cortensor_tui.dashboard.cells import Line, clip, line, pointed, wrap
from cortensor_tui.dashboard.widgets.cursor_keys import cursor_keys
from cortensor_tui.dashboard.widgets.line_view import LineView
from cortensor_tui.dashboard.widgets.scrolling import WHEEL_LINES
from cortensor_tui.domain.logs import LogLine

Draw = Callable[[LogLine, int], Line]


class LogView(LineView, can_focus=True):
    """While it follows, the cursor is on the last line. Going up says `Froze`, the end key `Followed`."""

    DEFAULT_CSS = """
    LogView { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *cursor_keys(
            "log",
            down="Next line",
            up="Line before, and stay",
            first="The oldest line here",
            last="Follow the newest",
        ),
        Binding("enter", "open", "Whole line", show=False, id="log.open", tooltip="The line whole"),
    ]

    class Froze(Message):
        """The cursor has left the newest line."""

    class Followed(Message):
        """The newest line is wanted."""

    class NearStart(Message):
        """What is older will soon be in sight."""

    class Opened(Message):
        """A line was chosen."""

        def __init__(self, chosen: LogLine) -> None:
            super().__init__()
            self.line = chosen

    def __init__(self, draw: Draw, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._draw = draw
        self._log: list[LogLine] = []
        self._empty = ""
        self._index = 0
        self._top = 0
        self.is_following = True

    @property
    def current(self) -> LogLine | None:
        """Return the line under the cursor."""
        return self._log[self._index] if self._log else None

    @property
    def count(self) -> int:
        """Return the number of lines held."""
        return len(self._log)

    def show(self, lines: Sequence[LogLine], empty: str = "") -> None:
        """Replace the lines; `empty` is what stands there where there are none."""
        self._log, self._empty = list(lines), empty
        self._index, self._top = max(0, len(self._log) - 1), 0
        self.redraw()

    def append(self, lines: Sequence[LogLine]) -> None:
        """Add newer lines; where it follows, the cursor goes along."""
        if lines:
            self._log += lines
            if self.is_following:
                self._index = len(self._log) - 1
            self.redraw()

    def prepend(self, lines: Sequence[LogLine], most: int) -> None:
        """Add older lines, keeping what is in sight; of more than `most` the newest go."""
        if lines:
            self._log = [*lines, *self._log][: max(most, len(lines) + 1)]
            self._index = min(self._index + len(lines), len(self._log) - 1)
            self._top += len(lines)
            self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the lines in sight."""
        if not self._log:
            return [line((f" {piece}", "muted")) for piece in wrap(self._empty, width - 2)]
        self._keep_in_sight(height)
        shown = []
        for index in range(self._top, min(self._top + height, len(self._log))):
            drawn = clip(self._draw(self._log[index], width), width)
            shown.append(pointed(drawn, width) if self._has_cursor(index) else drawn)
        return shown

    def _has_cursor(self, index: int) -> bool:
        return index == self._index and self.has_focus and not self.is_following

    def _keep_in_sight(self, height: int) -> None:
        self._top = max(0, min(self._top, len(self._log) - height))
        self._top = min(max(self._top, self._index - height + 1), self._index)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move with the wheel."""
        event.stop()
        self._go(self._index + WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move with the wheel."""
        event.stop()
        self._go(self._index - WHEEL_LINES)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is."""
        self._go(self._top + event.y)

    def action_move(self, by: int) -> None:
        """Move the cursor by lines."""
        self._go(self._index + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by half of what is in sight."""
        self._go(self._index + by * max(1, self.size.height // 2))

    def action_edge(self, side: int) -> None:
        """Move to the oldest line held, or ask for the newest."""
        if side < 0:
            self._go(0)
        else:
            self.post_message(self.Followed())

    def action_open(self) -> None:
        """Tell that the current line was chosen."""
        if self.current is not None:
            self.post_message(self.Opened(self.current))

    def _go(self, index: int) -> None:
        if not self._log:
            return
        wanted = max(0, min(index, len(self._log) - 1))
        if self.is_following and wanted < self._index:
            self.post_message(self.Froze())
        self._index = wanted
        if wanted < self.size.height:
            self.post_message(self.NearStart())
        self.redraw()
