"""Toasts for what needs the operator, taken away with their cause."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.notifications import Notification, Notify

from cortensor_tui.dashboard.cells import fit, wrap
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.notices import Kept, NoticeList
from cortensor_tui.dashboard.present.notices import standing_notices
from cortensor_tui.domain.inert import inert

TOAST_S = 15.0
MOST_CHARS = 600
MOST_LINES = 2
"""A toast stands over what is worked on; the list of notices has the whole text."""
TEXT_CELLS = 41  # what app.tcss leaves of a toast's width


class Toasts:
    """Shows each new notice for `TOAST_S` or as long as its cause lasts; the list keeps it."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._notices = NoticeList()
        self._shown: dict[str, Notification] = {}

    @property
    def kept(self) -> tuple[Kept, ...]:
        """Return the list of what needed the operator."""
        return self._notices.kept

    def take(self, state: FeedState, now: float) -> None:
        """Show what is new in a state, and take away what is over."""
        told = self._notices.take(standing_notices(state), now)
        for cause in told.gone:
            self._take_away(cause)
        for notice in told.fresh:
            more = f"and {told.more} more (!)" if told.more and notice is told.fresh[-1] else ""
            toast = Notification(
                _short(inert(notice.text, MOST_CHARS), more),
                fit(inert(notice.title, MOST_CHARS), TEXT_CELLS),
                "warning",
                TOAST_S,
                markup=False,
            )
            self._shown[notice.cause] = toast
            self._app.post_message(Notify(toast))

    def _take_away(self, cause: str) -> None:
        """Textual has no public way to take one toast away and leave the others."""
        toast = self._shown.pop(cause, None)
        if toast is not None and toast in self._app._notifications:
            self._app._unnotify(toast)


def _short(text: str, more: str) -> str:
    """Return a text in so few lines that forms below it stay usable, `more` in a line of its own."""
    room = MOST_LINES - bool(more)
    lines = wrap(text, TEXT_CELLS)
    if len(lines) > room:
        lines = [*lines[: room - 1], fit(" ".join(lines[room - 1 :]), TEXT_CELLS)]
    return "\n".join([*lines, more] if more else lines)
