"""The keys that a terminal can send, in Textual's names, for checking what people write down."""

from __future__ import annotations

import re
import string

from rich.cells import cell_len
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.binding import Binding
from textual.keys import KEY_NAME_REPLACEMENTS

_MODIFIERS = ("alt", "ctrl", "shift")
_NAMES = frozenset(
    [
        *("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete"),
        *("backspace", "enter", "escape", "tab", "space"),
        *(f"f{number}" for number in range(1, 25)),
    ]
)
_WRITTEN = string.punctuation.replace(",", "") + "¡¢£¤¥¦§¨«¬¯°±´¶·¸»¿×÷€"
"""A comma stands between keys, so it goes by its name."""
_PUNCTUATION_NAMES = {
    character: binding.key
    for character, binding in zip(
        _WRITTEN, Binding.make_bindings((character, "") for character in _WRITTEN), strict=True
    )
}
_PUNCTUATION = frozenset({*_PUNCTUATION_NAMES.values(), "comma"})
_SENT_AS_THEY_ARE = frozenset(
    key.value
    for keys in ANSI_SEQUENCES_KEYS.values()
    if isinstance(keys, tuple)
    for key in keys
    if not key.value.startswith("<")
)
_OTHER_NAMES = {
    " ": "space",
    ",": "comma",
    "back": "backspace",
    "del": "delete",
    "esc": "escape",
    "ins": "insert",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "pgup": "pageup",
    "return": "enter",
    **KEY_NAME_REPLACEMENTS,
}
_OTHER_MODIFIERS = {"c": "ctrl", "control": "ctrl", "m": "alt", "meta": "alt", "option": "alt", "s": "shift"}
_SENT_AS = {
    "ctrl+h": "backspace",
    "ctrl+i": "tab",
    "ctrl+left_square_bracket": "escape",
    "ctrl+m": "enter",
}
"""What terminals without a newer protocol send for these, which cannot be told from the key itself."""


def sendable(key: str) -> str | None:
    """Return a key in the name by which it comes ("?" is question_mark), None for what no terminal sends."""
    if key in _SENT_AS_THEY_ARE:
        return key
    found = _named(key)
    *modifiers, name = found.split("+")
    is_character = name in _PUNCTUATION or _is_letter(name)
    is_known = len(set(modifiers)) == len(modifiers) and set(modifiers) <= set(_MODIFIERS)
    if not is_known or not (name in _NAMES or (is_character and _comes_with(modifiers, name))):
        return None
    return None if found in _SENT_AS else found


def nearest(key: str) -> str:
    """Return the key that was probably meant by one that no terminal sends, nothing where none is near."""
    import difflib  # late: only a mistake needs it

    *modifiers, name = _parts(re.sub(r"^([CMS])-(?=.)", r"\1+", key))
    meant = [_OTHER_MODIFIERS.get(one.lower(), one.lower()) for one in modifiers]
    known = [difflib.get_close_matches(one, _MODIFIERS, n=1) for one in meant]
    if not all(known):
        return ""
    meant = list(dict.fromkeys(one[0] for one in known))
    if meant == ["shift"] and len(name) == 1:
        return sendable(name.upper()) or ""
    if len(name) > 1:
        low = name.lower()
        close = difflib.get_close_matches(low, [*sorted(_NAMES), *sorted(_PUNCTUATION)], n=1)
        name = _OTHER_NAMES.get(low) or "".join(close)
    wanted = "+".join((*meant, _OTHER_NAMES.get(name) or (name.lower() if meant else name)))
    return _SENT_AS.get(_named(wanted)) or sendable(wanted) or ""


def _named(key: str) -> str:
    """Return a key with its modifiers in the order in which they come, and a character by its name."""
    *modifiers, name = _parts(key)
    return "+".join((*sorted(modifiers), _PUNCTUATION_NAMES.get(name, name)))


def _parts(key: str) -> list[str]:
    """Split a key at its plus signs; the last may be the key itself."""
    if key == "+":
        return ["+"]
    if key.endswith("++"):
        return [*key[:-2].split("+"), "+"]
    return key.split("+")


def _is_letter(name: str) -> bool:
    """Tell whether this is one letter or digit of one column, of any alphabet."""
    return len(name) == 1 and name.isalnum() and cell_len(name) == 1


def _comes_with(modifiers: list[str], name: str) -> bool:
    """Tell whether a character comes with these: shift alone makes another of it, others the small letter."""
    return not modifiers or (modifiers != ["shift"] and name == name.lower())
