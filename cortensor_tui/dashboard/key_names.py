"""Keys as they are printed on a keyboard."""

from __future__ import annotations

from textual.keys import key_to_character

_NAMES = {
    "pagedown": "pgdn",
    "pageup": "pgup",
    "escape": "esc",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
}


def shown_key(key: str) -> str:
    """Return a key as it is printed on a keyboard."""
    *modifiers, name = key.split("+")
    character = key_to_character(name) or ""
    is_seen = character.isprintable() and not character.isspace()
    return "+".join((*modifiers, _NAMES.get(name) or (character if is_seen else "") or name))
