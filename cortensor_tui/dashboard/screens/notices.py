"""What needed the operator, newest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.format import day_clock
from cortensor_tui.dashboard.notices import Kept
from cortensor_tui.dashboard.present.details import Detail
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.widgets.document import Document

_NONE = [Detail("none", "Nothing has needed you since this dashboard was opened.", "muted")]
_CLOCK_CELLS = 14


class NoticesScreen(Panel[None]):
    """The short list that toasts come from; what lasts stands first."""

    DEFAULT_CSS = """
    NoticesScreen > #panel { height: 90%; max-width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("exclamation_mark", "leave", "Back", id="notices.back", tooltip="Close the list"),
    ]
    PANEL_TITLE = "Notices"
    PANEL_HINT = "j/k scroll   esc back"

    def __init__(self, kept: Callable[[], tuple[Kept, ...]]) -> None:
        super().__init__()
        self._kept = kept

    def compose_panel(self) -> ComposeResult:
        """Yield the list."""
        yield Document(id="document", label_cells=_CLOCK_CELLS)

    def on_mount(self) -> None:
        """Show it."""
        self.take(self.dashboard.feed_state)
        self.query_one(Document).focus()

    def take(self, state: FeedState) -> None:
        """Show the newest list."""
        details = [line for one in self._kept() for line in _details(one, self.dashboard.now())]
        self.query_one(Document).show(details or _NONE)


def _details(one: Kept, now: float) -> list[Detail]:
    lasts = one.until is None
    over = "" if lasts or one.notice.is_event else f", over since {day_clock(one.until, now)}"
    title = Detail(day_clock(one.since, now), f"{one.notice.title}{over}", "warn" if lasts else "muted")
    return [title, Detail("", one.notice.text, "plain" if lasts else "muted")]
