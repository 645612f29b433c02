"""The keys that move a cursor through lines, the same in every list."""

from __future__ import annotations

from textual.binding import Binding, BindingType


def cursor_keys(name: str, *, down: str, up: str, first: str, last: str) -> list[BindingType]:
    """Return the keys for `action_move`, `action_page` and `action_edge`; their ids begin with a name.

    `down`, `up`, `first` and `last` say in the help what these keys lead to.
    """
    keys = (
        ("down", "down,j", "move(1)", "Down", down),
        ("up", "up,k", "move(-1)", "Up", up),
        ("page_down", "pagedown,ctrl+d", "page(1)", "Page down", "Page down"),
        ("page_up", "pageup,ctrl+u", "page(-1)", "Page up", "Page up"),
        ("first", "home,g", "edge(-1)", "First", first),
        ("last", "end,G", "edge(1)", "Last", last),
    )
    return [
        Binding(pressed, action, title, show=False, id=f"{name}.{place}", tooltip=told)
        for place, pressed, action, title, told in keys
    ]
