"""The keys that work now, in one line; a toast takes their place for a while."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

from textual.binding import ActiveBinding
from textual.events import Click

from cortensor_tui.dashboard.active_keys import active_of, key_of
from cortensor_tui.dashboard.cells import Line, Span, width_of
from cortensor_tui.dashboard.desk import Desk
from cortensor_tui.dashboard.key_names import shown_key
from cortensor_tui.dashboard.present.toast import toast_line
from cortensor_tui.dashboard.widgets.line_view import LineView

MOST_KEYS = 7
"""More are not read at a glance; wide screens have room for some more."""
MOST_KEYS_WIDE = 10
_WIDE_FROM = 120
_FIRST = ("app.start_node",)
"""Where it is offered nothing else can be done."""
_LAST = ("app.help", "app.quit")
_NOTICES = "app.notices"


class _Entry(NamedTuple):
    """One key with its words, and what a click on it does."""

    line: Line
    does: ActiveBinding


class KeyBar(LineView):
    """Shows the bindings that ask for it: of the focus and the screen, then those that work all over.

    Help and quit stand last, and stay where there is not room for all. `offers` tells of an action whether to
    name it: not one that could do nothing now. What needs the operator and is said nowhere else stands first,
    as a number. A click does what the key does that is clicked on, and opens the list that a toast is from.
    """

    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $panel; }
    """

    def __init__(self, desk: Desk, offers: Callable[[str], bool]) -> None:
        super().__init__()
        self._desk = desk
        self._offers = offers

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.redraw())

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the one line."""
        toasts = self._desk.toasts
        if toasts.shown is None:
            return [tuple(span for one in self._entries(width) for span in one.line)]
        return [toast_line(toasts.shown, toasts.others, key_of(self.screen, _NOTICES), width)]

    async def on_click(self, event: Click) -> None:
        """Do what stands under the mouse."""
        does = self._under(event.x)
        if does is not None:
            await self.app.run_action(does.binding.action, does.node)

    def _under(self, x: int) -> ActiveBinding | None:
        toasts = self._desk.toasts
        if toasts.shown is not None:
            is_from_list = bool(toasts.shown.cause or toasts.others)
            return active_of(self.screen, _NOTICES) if is_from_list else None
        entries = self._entries(self.size.width)
        ends = accumulate(width_of(one.line) for one in entries)
        return next((one.does for one, end in zip(entries, ends, strict=True) if x < end), None)

    def _entries(self, width: int) -> list[_Entry]:
        found = [*self._unsaid(), *(_entry(active) for active in self._worth_showing())]
        del found[(MOST_KEYS if width < _WIDE_FROM else MOST_KEYS_WIDE) - 2 : -2]
        while len(found) > 2 and sum(width_of(one.line) for one in found) > width:
            found.pop(-3)
        return found

    def _unsaid(self) -> list[_Entry]:
        count, does = self._desk.unsaid, active_of(self.screen, _NOTICES)
        if not count or does is None:
            return []
        words = "1 notice " if count == 1 else f"{count} notices "
        key = shown_key(does.binding.key)
        line = (Span(" ▲ ", "warn"), Span(f"{key} ", "accent strong"), Span(words, "warn"))
        return [_Entry(line, does)]

    def _worth_showing(self) -> list[ActiveBinding]:
        shown: dict[str, ActiveBinding] = {}
        for active in self.screen.active_bindings.values():
            if active.binding.show and active.enabled and self._offers(active.binding.action):
                shown.setdefault(active.binding.action, active)
        return sorted(shown.values(), key=_rank)


def _entry(active: ActiveBinding) -> _Entry:
    key, words = shown_key(active.binding.key), active.binding.description
    return _Entry((Span(f" {key} ", "accent strong"), Span(f"{words} ", "muted")), active)


def _rank(active: ActiveBinding) -> int:
    """Return where a binding stands: what is particular to this screen first."""
    binding_id = active.binding.id or ""
    if binding_id in _FIRST:
        return -1
    if binding_id in _LAST:
        return 2 + _LAST.index(binding_id)
    return 1 if binding_id.startswith(("app.", "place.")) else 0
