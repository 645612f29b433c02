"""Keys as they are printed on a keyboard."""

from __future__ import annotations

from unicodedata import category

from rich.cells import cell_len
from textual.keys import REPLACED_KEYS, key_to_character

KEYS_FILE_NAME = "keys.toml"

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
    """Return a key as it is printed on a keyboard; never a picture, though some have names as keys have."""
    *modifiers, name = key.split("+")
    return "+".join((*modifiers, _NAMES.get(name) or _character_of(name) or name))


def _character_of(name: str) -> str:
    """Return the letter or sign that a key types, by Textual's name of it; nothing for all other names."""
    found = key_to_character(REPLACED_KEYS.get(name, name)) or ""
    is_sign = found.isprintable() and not found.isspace() and cell_len(found) == 1
    return found if is_sign and category(found) != "So" else ""
