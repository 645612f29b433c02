"""The keys that work now, in one line; a toast takes their place for a while."""

from __future__ import annotations

from collections.abc import Callable

from textual.binding import Binding

from cortensor_tui.dashboard.active_keys import key_of
from cortensor_tui.dashboard.cells import Line, Span, width_of
from cortensor_tui.dashboard.desk import Desk
from cortensor_tui.dashboard.key_names import shown_key
from cortensor_tui.dashboard.present.toast import toast_line
from cortensor_tui.dashboard.widgets.line_view import LineView

MOST_KEYS = 7
"""More are not read at a glance; wide screens have room for some more."""
MOST_KEYS_WIDE = 10
_WIDE_FROM = 120
_LAST = ("app.help", "app.quit")
_NOTICES = "app.notices"


class KeyBar(LineView):
    """Shows the bindings that ask for it: of the focus and the screen, then those that work all over.

    Help and quit stand last, and stay where there is not room for all. `offers` tells of an action whether to
    name it: not one that could do nothing now. What needs the operator and is said nowhere else stands first,
    as a number.
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
            return [self._keys(width)]
        return [toast_line(toasts.shown, toasts.others, key_of(self.screen, _NOTICES), width)]

    def _keys(self, width: int) -> Line:
        found = [*self._unsaid(), *(self._entry(binding) for binding in self._worth_showing())]
        del found[(MOST_KEYS if width < _WIDE_FROM else MOST_KEYS_WIDE) - 2 : -2]
        while len(found) > 2 and sum(width_of(one) for one in found) > width:
            found.pop(-3)
        return tuple(span for one in found for span in one)

    def _unsaid(self) -> list[Line]:
        count = self._desk.unsaid
        if not count:
            return []
        words = "1 notice " if count == 1 else f"{count} notices "
        key = key_of(self.screen, _NOTICES)
        return [(Span(" ▲ ", "warn"), Span(f"{key} ", "accent strong"), Span(words, "warn"))]

    def _worth_showing(self) -> list[Binding]:
        shown: dict[str, Binding] = {}
        for _, binding, is_enabled, _ in self.screen.active_bindings.values():
            if binding.show and is_enabled and self._offers(binding.action):
                shown.setdefault(binding.action, binding)
        return sorted(shown.values(), key=_rank)

    def _entry(self, binding: Binding) -> Line:
        key = shown_key(binding.key)
        return Span(f" {key} ", "accent strong"), Span(f"{binding.description} ", "muted")


def _rank(binding: Binding) -> int:
    """Return where a binding stands: what is particular to this screen first."""
    if binding.id in _LAST:
        return 2 + _LAST.index(binding.id)
    return 1 if (binding.id or "").startswith(("app.", "place.")) else 0
