"""All keys, made from the bindings themselves."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Key
from textual.screen import Screen

from cortensor_tui.dashboard.cells import Line, Span, pad
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.text_lines import TextLines

_KEY_CELLS = 15
_NAMES = {
    "question_mark": "?",
    "colon": ":",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "escape": "esc",
    "down": "↓",
    "up": "↑",
}
_PANES = Binding("tab,shift+tab", "", "", tooltip="Other panes")


class HelpScreen(Panel[None]):
    """The keys of the screen below, of its lists and of the app. Any key closes it."""

    PANEL_TITLE = "Keys"
    PANEL_HINT = "any key closes"

    def __init__(self, below: Screen[Any]) -> None:
        super().__init__()
        groups = [
            ("Lists", _own(LineTable)),
            ("Here", [*_own(type(below)), _PANES]),
            ("Everywhere", _own(type(self.app))),
        ]
        self._groups = groups

    def compose_panel(self) -> ComposeResult:
        """Yield the table of keys."""
        yield TextLines(self._keys)

    def on_key(self, event: Key) -> None:
        """Close on any key."""
        event.stop()
        self.dismiss(None)

    def _keys(self, width: int) -> list[Line]:
        entries = [entry for group in reversed(self._groups) for entry in _entries(*group)]
        half = (len(entries) + 1) // 2
        column = width // 2
        lines: list[Line] = []
        for index in range(half):
            left = entries[index]
            right = entries[index + half] if index + half < len(entries) else ("", "", "plain")
            lines.append((*_cells(left, column), *_cells(right, width - column)))
        return lines


Entry = tuple[str, str, str]


def _entries(title: str, bindings: list[Binding]) -> list[Entry]:
    return [
        ("", title, "title"),
        *((shown_keys(one.key), one.tooltip or one.description, "plain") for one in bindings),
        ("", "", "plain"),
    ]


def _cells(entry: Entry, cells: int) -> Line:
    keys, text, role = entry
    if not keys:
        return (Span(pad(text, cells), role),)
    return (Span(pad(f" {keys}", _KEY_CELLS), "accent"), Span(pad(text, cells - _KEY_CELLS), role))


def _own(owner: type) -> list[Binding]:
    """Return the bindings of a class and of what it inherits from, its own first."""
    found = [one for kind in owner.__mro__ for one in vars(kind).get("BINDINGS", ())]
    return [one for one in found if isinstance(one, Binding) and one.tooltip]


def shown_keys(keys: str) -> str:
    """Return the keys of a binding as they are printed on a keyboard."""
    return " ".join(_NAMES.get(key, key) for key in keys.split(","))
