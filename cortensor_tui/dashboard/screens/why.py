"""Why no tasks come, one enter away from the verdict."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.cells import Line
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.why import why_lines, why_text
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.widgets.text_lines import TextLines


class WhyScreen(Panel[None]):
    """The preconditions as they stand, kept up to date while they are looked at."""

    DEFAULT_CSS = """
    WhyScreen > #panel { max-width: 124; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "app.copy", "Copy", id="why.copy", tooltip="Copy the list as text"),
        Binding("enter,w", "leave", "Back", show=False, id="why.back", tooltip="Close the list"),
        Binding("down,j", "scroll(1)", "Down", show=False, id="why.down", tooltip="One line down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="why.up", tooltip="One line up"),
    ]
    PANEL_TITLE = "Why am I not getting tasks?"
    PANEL_HINT = "y copy   esc back"

    def compose_panel(self) -> ComposeResult:
        """Yield the list."""
        yield TextLines(self._lines, id="why")

    def take(self, state: FeedState) -> None:
        """Show the newest state."""
        self.query_one("#why", TextLines).redraw()

    def copy_text(self) -> tuple[str, str] | None:
        """Return the list as text."""
        view = self.dashboard.view
        return None if view is None else (why_text(view, self._sight), "list")

    def action_scroll(self, by: int) -> None:
        """Scroll where not all lines fit."""
        self.query_one("#panel").scroll_relative(y=by, animate=False)

    def _lines(self, width: int) -> list[Line]:
        view = self.dashboard.view
        return [] if view is None else why_lines(view, self._sight, width)

    @property
    def _sight(self) -> Sight:
        return Sight.of(self.dashboard.feed_state, self.dashboard.now())
