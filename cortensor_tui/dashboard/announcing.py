"""What the app says by itself: toasts, and the list of what needed the operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from textual.notifications import SeverityLevel

from cortensor_tui.dashboard.attention import Attention
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.keys_in_order import KeysInOrder
from cortensor_tui.dashboard.notices import Told
from cortensor_tui.dashboard.present.notices import Notice, said_above
from cortensor_tui.dashboard.screens.base import Watching
from cortensor_tui.dashboard.toasts import NOTICE_S, REMARK_S, Toast, Toasts
from cortensor_tui.domain.inert import inert, inert_lines
from cortensor_tui.domain.problems import Problem

_MOST_CHARS = 600
_ROLES: dict[SeverityLevel, str] = {"information": "plain", "warning": "warn", "error": "bad"}


class Announcing(KeysInOrder):
    """Says things in toasts. Textual's own would lie over what is worked on and need its private parts."""

    now: Callable[[], float]

    def __init__(self) -> None:
        super().__init__()
        self.toasts = Toasts()
        self.attention = Attention()

    @property
    def unsaid(self) -> int:
        """Return how much needs the operator that the line at the top does not say."""
        return self.attention.unsaid

    @property
    def _watching(self) -> Watching | None:
        """Return the screen on top if it is one of ours; none is left while the app ends."""
        stack = self.screen_stack
        return stack[-1] if stack and isinstance(stack[-1], Watching) else None

    def notify(  # the one way to a toast, whoever's words they are
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Answer what was just done; the words are shown as they are and never read as markup."""
        toast = Toast(_one_line(message), inert(title, _MOST_CHARS), _ROLES[severity])
        self._show(toast, REMARK_S if timeout is None else timeout)

    def tell(self, problem: Problem) -> None:
        """Show what went wrong with something the user just did; the list has all of it."""
        reasons = ". ".join(part.rstrip(".") for part in (problem.why, problem.remedy) if part)
        notice = Notice(f"act {problem.code} {problem.what}", _one_line(problem.what), _one_line(reasons))
        self.attention.add(notice, self.now())
        self._show(Toast(notice.text, notice.title, "bad", notice.cause), NOTICE_S)

    def heed(self, state: FeedState) -> None:
        """Say what is new with the node, but for what the screen says anyway, and unsay what is over."""
        told = self.attention.take(state, self.now())
        if (screen := self._watching) is not None and screen.says_remedy:
            fresh = tuple(one for one in told.fresh if one.cause != said_above(state))
            told = msgspec.structs.replace(told, fresh=fresh)
        self._say(told)

    def heed_faults(self, title: str, faults: Sequence[str]) -> None:
        """Say what is wrong with the user's files of one kind, and unsay what was mended."""
        self._say(self.attention.take_faults(title, faults, self.now()))

    def _say(self, told: Told) -> None:
        for cause in told.gone:
            self.toasts.take_away(cause)
        for notice in reversed(told.fresh):  # the first matters most, so it comes last
            toast = Toast(_one_line(notice.text), inert(notice.title, _MOST_CHARS), "warn", notice.cause)
            self._show(toast, NOTICE_S)
        if told.gone:
            self._show_newest()

    def _show(self, toast: Toast, seconds: float) -> None:
        self.toasts.show(toast)
        self.set_timer(seconds, lambda: self._end(toast))
        self._show_newest()

    def _end(self, toast: Toast) -> None:
        self.toasts.end(toast)
        self._show_newest()

    def _show_newest(self) -> None:
        if (screen := self._watching) is not None and screen.is_whole:
            screen.show_toast()


def _one_line(text: str) -> str:
    return inert(" ".join(line for line in inert_lines(text, _MOST_CHARS) if line), _MOST_CHARS)
