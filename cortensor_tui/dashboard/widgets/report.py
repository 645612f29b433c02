"""One thing in full, of any length, with a cursor on what can be copied or opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from cortensor_tui.dashboard.cells import Line, clip, pointed
from cortensor_tui.dashboard.stops import ReportLine, Stop
from cortensor_tui.dashboard.widgets.scrolling import OPENING_CLICK, Scrolling

Composer = Callable[[int], Sequence[ReportLine]]


class Report(Scrolling):
    """Scrolls through the lines that a function of the width returns. Posts `Opened` on enter.

    A step goes to the next stop in sight, else it scrolls by a line, so that nothing is passed over.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", show=False, id="report.open", tooltip="What the cursor is on"),
    ]

    class Opened(Message):
        """Enter was pressed; `opens` is the cursor's, empty where nothing is behind its line."""

        def __init__(self, opens: str) -> None:
            super().__init__()
            self.opens = opens

    def __init__(self, compose_lines: Composer, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._compose_lines = compose_lines
        self._stops: list[tuple[int, Stop]] = []
        self._cursor = 0
        self._was_moved = False

    @property
    def current(self) -> Stop | None:
        """Return the stop under the cursor, None where it is out of sight or there is none."""
        if self._cursor < len(self._stops) and self._is_in_sight(self._stops[self._cursor][0]):
            return self._stops[self._cursor][1]
        return None

    def all_lines(self, width: int) -> Sequence[Line]:
        """Return the composed lines, clipped; a cursor that was moved stays on what it was on."""
        before = self._stops[self._cursor][1] if self._cursor < len(self._stops) else None
        made = self._compose_lines(width)
        self._stops = [(at, one) for at, one in enumerate(made) if isinstance(one, Stop)]
        if before is not None and self._was_moved:
            self._cursor = self._again(before)
        return [clip(one.line if isinstance(one, Stop) else one, width) for one in made]

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the lines in sight, that of the cursor marked."""
        shown = super().lines(width, height)
        if self.has_focus and self.current is not None:
            row = self._stops[self._cursor][0] - self._top
            shown[row] = pointed(shown[row], width)
        return shown

    def start_over(self) -> None:
        """Go back to the top: something else is shown now."""
        self._top, self._cursor, self._stops, self._was_moved = 0, 0, [], False

    def go_to_title(self, title: str) -> None:
        """Begin with the line that carries this title, where there is enough below it."""
        for index, one in enumerate(self.all_lines(self.size.width)):
            if any(span.role == "title" and span.text.strip() == title for span in one):
                self._top = index
        self.redraw()

    def action_scroll_by(self, by: int) -> None:
        """Move by a step, or scroll by more; the cursor comes along."""
        self._was_moved = True
        if abs(by) == 1 and self._stepped(by):
            self.redraw()
            return
        super().action_scroll_by(by)
        self._bring_cursor(by)
        self.redraw()

    def action_edge(self, side: int) -> None:
        """Go to the start or the end."""
        super().action_edge(side)
        self._cursor = 0 if side < 0 else max(0, len(self._stops) - 1)
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the stop that was clicked; a second click opens it."""
        clicked = [number for number, (at, _) in enumerate(self._stops) if at == self._top + event.y]
        if not clicked:
            return
        self._cursor, self._was_moved = clicked[0], True
        self.redraw()
        if event.chain == OPENING_CLICK:
            self.action_open()

    def action_open(self) -> None:
        """Tell what is behind the stop under the cursor."""
        self.post_message(self.Opened(self.current.opens if self.current is not None else ""))

    def _stepped(self, by: int) -> bool:
        """Move to the next stop where it is in sight, and tell whether it was."""
        found = self._cursor + by
        if self.current is None or not 0 <= found < len(self._stops):
            return False
        if not self._is_in_sight(self._stops[found][0]):
            return False
        self._cursor = found
        return True

    def _bring_cursor(self, by: int) -> None:
        """Put a cursor that is out of sight on the first stop that came into sight."""
        if self.current is not None:
            return
        in_sight = [number for number, (at, _) in enumerate(self._stops) if self._is_in_sight(at)]
        if in_sight:
            self._cursor = in_sight[0 if by > 0 else -1]

    def _is_in_sight(self, at: int) -> bool:
        return self._top <= at < self._top + self.size.height

    def _again(self, before: Stop) -> int:
        """Return where a stop is among those made anew: by name and value, else by name, else in place."""
        same = [number for number, (_, one) in enumerate(self._stops) if one.name == before.name]
        exact = [number for number in same if self._stops[number][1][2:] == before[2:]]
        return (exact or same or [min(self._cursor, max(0, len(self._stops) - 1))])[0]
