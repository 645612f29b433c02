"""Keys as they are printed on a keyboard."""

from __future__ import annotations

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
    """Return a key as it is printed on a keyboard."""
    *modifiers, name = key.split("+")
    character = character_of(name)
    is_seen = character.isprintable() and not character.isspace()
    return "+".join((*modifiers, _NAMES.get(name) or (character if is_seen else "") or name))


def character_of(name: str) -> str:
    """Return what a key types, by Textual's name of it; nothing where it types nothing or is no key."""
    return key_to_character(REPLACED_KEYS.get(name, name)) or ""
