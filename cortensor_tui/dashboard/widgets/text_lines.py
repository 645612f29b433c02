"""A few lines that someone else has composed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from cortensor_tui.dashboard.cells import Line, Span, clip, line, width_of
from cortensor_tui.dashboard.widgets.line_view import LineView

Composer = Callable[[int], Sequence[Line]]


class TextLines(LineView):
    """Shows the lines that a function of the width returns; call `redraw` when they may differ."""

    def __init__(self, compose_lines: Composer, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._compose_lines = compose_lines

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the composed lines, clipped."""
        return [clip(one, width) for one in self._compose_lines(width)]


class OpenableLines(TextLines, can_focus=True):
    """Composed lines with more behind them: enter, or a click, posts `Opened`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", show=False, id="lines.open", tooltip="What is behind this line"),
    ]

    class Opened(Message):
        """More is wanted."""

        def __init__(self, lines: OpenableLines) -> None:
            super().__init__()
            self.lines = lines

        @property
        def control(self) -> OpenableLines:
            """Return the widget, so that handlers may select by its id."""
            return self.lines

    def action_open(self) -> None:
        """Ask for more."""
        self.post_message(self.Opened(self))

    def on_click(self) -> None:
        """Do as enter does."""
        self.action_open()


class Heading(LineView):
    """The title of a pane and a remark, then a thin rule to the right end."""

    DEFAULT_CSS = """
    Heading { height: 1; }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._remark: Line = ()

    def rename(self, title: str) -> None:
        """Show another title."""
        self._title = title
        self.redraw()

    def say(self, remark: Line) -> None:
        """Show a remark."""
        self._remark = remark
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the one line, the title strong where its pane has the focus."""
        has_focus = self.parent is not None and self.screen.focused in self.parent.walk_children()
        mark = "▎" if has_focus else " "
        left = line((mark, "accent"), (self._title, "title" if has_focus else "strong"), " ")
        said = clip((*left, Span(" "), *self._remark, Span("  ")) if self._remark else left, width)
        return [(*said, Span("─" * (width - width_of(said)), "rule"))]
