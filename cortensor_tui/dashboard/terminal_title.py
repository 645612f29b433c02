"""The terminal's title tells the verdict, so that it is seen on a tab in the background."""

from __future__ import annotations

from collections.abc import Callable

from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.inert import inert

LEAST_INTERVAL_S = 10.0
_MAX_CHARS = 80
_SAVE, _RESTORE = "\x1b[22;0t", "\x1b[23;0t"


def title_of(state: FeedState, now: float, *, is_starting: bool = False) -> str:
    """Return the title for a state at `now`, unix seconds; what the node said is inert in it."""
    if is_starting:
        return "cortensor: STARTING"
    if state.is_nothing_set_up:
        return "cortensor: no node yet"
    if state.has_demo_ended:
        return "cortensor: the demo has ended"
    if state.link is Link.UNREACHABLE:
        return "cortensor: UNREACHABLE"
    if state.view is None:
        return "cortensor"
    status, sight = state.view.status, Sight.of(state, now)
    if sight.is_past:
        return f"cortensor: SILENT, was {status.verdict}"
    is_at_work = status.verdict in (Verdict.SERVING, Verdict.WATCHING)
    if is_at_work and sight.is_late(status.chain):
        return f"cortensor: {status.verdict.upper()}, the head is old"
    reason = status.problem.what if status.problem is not None else status.reason
    return inert(f"cortensor: {status.verdict.upper()} {reason}".strip(), _MAX_CHARS)


class TerminalTitle:
    """Writes the title by OSC 0 when it differs, at most once in `LEAST_INTERVAL_S`."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._shown = ""
        self._shown_at: float | None = None

    def show(self, title: str, now: float) -> None:
        """Show a title, unless one was shown just now; call again later with the newest."""
        is_early = self._shown_at is not None and now - self._shown_at < LEAST_INTERVAL_S
        if title == self._shown or is_early:
            return
        save = _SAVE if self._shown_at is None else ""
        self._write(f"{save}\x1b]0;{title}\x07")
        self._shown, self._shown_at = title, now

    def restore(self) -> None:
        """Give the terminal the title back that it had."""
        if self._shown_at is not None:
            self._write(_RESTORE)
            self._shown, self._shown_at = "", None
