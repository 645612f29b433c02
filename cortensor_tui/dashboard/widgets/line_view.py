"""The base of all live widgets: lines of spans, of which only changed cells are repainted."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cortensor_tui.dashboard.cells import Line, Span, changed_extent, padded
from cortensor_tui.dashboard.widgets.looks import look
from cortensor_tui.domain.inert import inert


class LineView(Widget):
    """Shows what `lines` returns. `redraw` compares with what is on the screen and repaints the difference.

    Textual sends a refreshed widget whole, so the difference is found here, cell by cell.
    """

    DEFAULT_CSS = """
    LineView { height: auto; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        self._looks: dict[str, Style] = {}

    def lines(self, width: int, height: int) -> list[Line]:
        """Return what to show in so many cells. `height` is 0 while the height follows the content."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Bring the screen up to date. Costs nothing on the wire where nothing changed."""
        if not self.is_mounted or self.size.width == 0:
            return
        width, height = self.size
        fresh = self.lines(width, height)
        stale, self._lines = self._lines, fresh
        if self.styles.is_auto_height and len(fresh) != len(stale):
            self.refresh(layout=True)
            return
        regions = []
        for y in range(min(max(len(fresh), len(stale)), height)):
            extent = changed_extent(_line_at(stale, y), _line_at(fresh, y))
            if extent is not None:
                regions.append(Region(extent[0], y, extent[1], 1))
        if regions:
            self.refresh(*regions)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Return the number of lines, for widgets with `height: auto`."""
        return len(self.lines(width, 0))

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        width = self.size.width
        # Whoever composed the line has made it inert; what was forgotten must not reach the terminal either.
        safe = tuple(Span(inert(text, 4 * width), role) for text, role in _line_at(self._lines, y))
        shown = padded(safe, width)
        return Strip([Segment(text, self._look(role)) for text, role in shown], width)

    def on_resize(self) -> None:
        """Lay the content out for the new size; everything is repainted anyway."""
        self._lines = self.lines(*self.size)
        self.refresh()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show or hide the cursor, where there is one."""
        super().watch_has_focus(has_focus)
        self.redraw()

    def notify_style_update(self) -> None:
        """Forget the looks of the theme before."""
        super().notify_style_update()
        self._looks = {}

    def _look(self, role: str) -> Style:
        """Return the style of a role; "a b" is b over a, as for a row under the cursor."""
        style = self._looks.get(role)
        if style is None:
            style = self._looks[role] = look(role, self.rich_style, self.app.theme_variables)
        return style


def _line_at(lines: list[Line], y: int) -> Line:
    return lines[y] if y < len(lines) else ()
