"""The keys that work now, in one line."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Line, Span, width_of
from cortensor_tui.dashboard.widgets.line_view import LineView


class KeyBar(LineView):
    """Shows the screen's bindings that ask for it, in their order, as many as fit."""

    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $panel; }
    """

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.redraw())

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the one line; help and quit come first in importance, last in place."""
        found: list[Line] = []
        seen: set[str] = set()
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and enabled and binding.action not in seen:
                seen.add(binding.action)
                key = self.app.get_key_display(binding)
                found.append((Span(f" {key} ", "accent strong"), Span(f"{binding.description} ", "muted")))
        while found and sum(width_of(one) for one in found) > width:
            found.pop(max(0, len(found) - 3))
        return [tuple(span for one in found for span in one)]
