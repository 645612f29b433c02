"""The keys of the screen at hand, made from the bindings themselves."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.dom import DOMNode
from textual.events import Key
from textual.screen import Screen

from cortensor_tui.dashboard.cells import Line
from cortensor_tui.dashboard.key_names import KEYS_FILE_NAME
from cortensor_tui.dashboard.places import place_of_binding
from cortensor_tui.dashboard.present.key_table import OWN, KeyEntry, key_lines
from cortensor_tui.dashboard.screens.base import Panel, Watching
from cortensor_tui.dashboard.widgets.text_lines import TextLines

HERE, LIST, PLACES, EVERYWHERE = "Here", "In what has the focus", "Places", "Everywhere"
GROUPS = (HERE, LIST, PLACES, EVERYWHERE)
_COLUMN_CELLS = 34
"""Columns narrower than this break most words."""
_MOST_COLUMNS = 3
_OTHER_ROWS = 3
"""The verdict and the border."""
_SCROLLS = {"down": 1, "j": 1, "pagedown": 10, "up": -1, "k": -1, "pageup": -10}


class HelpScreen(Panel[None]):
    """The keys that work on the screen below, where the focus is now. Any key closes it.

    Where they do not fit, those that move down or up scroll first.
    """

    DEFAULT_CSS = """
    HelpScreen > #panel { max-width: 124; }
    """
    PANEL_TITLE = "Keys"
    PANEL_HINT = "any key closes"

    def __init__(self, below: Screen[Any], own: Container[str] = ()) -> None:
        super().__init__()
        self._entries = key_entries(below, own)

    def compose_panel(self) -> ComposeResult:
        """Yield the table of keys."""
        yield TextLines(self._keys)

    def on_mount(self) -> None:
        """Say what the keys do here."""
        self.call_after_refresh(self._say_hint)

    def on_resize(self) -> None:
        """What does not fit may be more, or less."""
        self.call_after_refresh(self._say_hint)

    def on_key(self, event: Key) -> None:
        """Close on any key, but for those that scroll what does not fit."""
        event.stop()
        panel = self.query_one("#panel")
        if panel.max_scroll_y and event.key in _SCROLLS:
            panel.scroll_relative(y=_SCROLLS[event.key], animate=False)
        else:
            self.dismiss(None)

    def _say_hint(self) -> None:
        panel = self.query_one("#panel")
        own = f"{OWN} yours, from {KEYS_FILE_NAME}   " if any(entry.is_own for entry in self._entries) else ""
        scrolls = "j/k scroll   any other key closes" if panel.max_scroll_y else self.PANEL_HINT
        panel.border_subtitle = f"{own}{scrolls}"

    def _keys(self, width: int) -> list[Line]:
        columns = max(1, min(_MOST_COLUMNS, width // _COLUMN_CELLS))
        lines = key_lines(GROUPS, self._entries, columns, width)
        if len(lines) <= self.app.size.height - _OTHER_ROWS:
            return lines
        return key_lines(GROUPS, self._entries, columns, width, is_dense=True, joined=(PLACES,))


def key_entries(screen: Screen[Any], own: Container[str] = ()) -> list[KeyEntry]:
    """Return what the keys of a screen do, each thing once with all its keys.

    `own` are the ids of those that the user has changed.
    """
    keys: dict[str, list[str]] = {}
    found: dict[str, tuple[DOMNode, Binding]] = {}
    for key, (node, binding, _, _) in screen.active_bindings.items():
        if binding.id and _works_on(screen, binding):
            keys.setdefault(binding.action, []).append(key)
            found.setdefault(binding.action, (node, binding))
    entries = [
        KeyEntry(_group(node, binding), tuple(keys[action]), _words(binding), binding.id in own)
        for action, (node, binding) in found.items()
    ]
    return [*entries, KeyEntry(EVERYWHERE, ("tab",), "Next pane")]


def _works_on(screen: Screen[Any], binding: Binding) -> bool:
    """Tell whether a key could do something, as the line of keys does. Places are all named."""
    is_place = place_of_binding(binding.id) is not None
    return is_place or not isinstance(screen, Watching) or screen.offers(binding.action)


def _words(binding: Binding) -> str:
    place = place_of_binding(binding.id)
    return place.title if place is not None else binding.tooltip or binding.description


def _group(node: DOMNode, binding: Binding) -> str:
    if place_of_binding(binding.id) is not None:
        return PLACES
    if isinstance(node, App) or (binding.id or "").startswith("app."):
        return EVERYWHERE
    return HERE if isinstance(node, Screen) else LIST
