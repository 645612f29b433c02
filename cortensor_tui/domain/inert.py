"""Text from strangers made safe to show: every character that could act on a terminal becomes a mark."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

MARK = "\N{REPLACEMENT CHARACTER}"
"""Stands for an invisible or forbidden character."""

ELLIPSIS = "…"
MAX_CHARS = 65_536
_MAX_COMBINING = 2  # what real scripts stack; more only serves to draw over other lines
_NEWLINE = "⏎"
_TAB = "⇥"
_CONTROL_PICTURES = 0x2400
_DELETE_PICTURE = "\u2421"
_LONGER_THAN_A_HASH = re.compile(r"([0-9a-fA-F]{64})[0-9a-fA-F]+")
# Ids of a raw block, of a tree, and of version 0, in base32 and base58; some may be cut.
_CONTENT_ID = re.compile(r"baf(?:krei|ybei)[a-z2-7]*|(?:Qm|zb2rh|zdj7W)[1-9A-HJ-NP-Za-km-z]{12,}")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

_UNSURE_RANGES = (
    (0x115F, 0x11FF),  # parts of Korean syllables that join what is before them, and fillers
    (0x3164, 0x3164),
    (0xFFA0, 0xFFA0),
    (0xD7B0, 0xD7FF),
    (0x2630, 0x2637),  # signs that Unicode 16 made wide
    (0x268A, 0x268F),
    (0x4DC0, 0x4DFF),
    (0x1D300, 0x1D376),
    (0x1F1E6, 0x1F1FF),  # halves of flags
    (0x1F3FB, 0x1F3FF),  # skin colors
)
UNSURE = frozenset(chr(code) for first, last in _UNSURE_RANGES for code in range(first, last + 1))
"""Characters of whose width terminals do not agree: one of them would shift the rest of its line."""


def inert(text: str, max_chars: int = MAX_CHARS) -> str:
    """Return one line of text that no terminal obeys, at most `max_chars` characters.

    Newlines, tabs and C0 controls become their visible signs (⏎ ⇥ ␛); C1 and bidi controls, zero-width
    characters, surrogates, unassigned code points and those of no certain width become U+FFFD. Variation
    selectors are left out, because terminals disagree on their width. Text that is already inert comes back
    unchanged.
    """
    cut = text[: max_chars + 1]
    if len(cut) <= max_chars and cut.isascii() and cut.isprintable():
        return cut
    shown = _marked(cut)
    if len(shown) <= max_chars and len(cut) <= max_chars:
        return shown
    return shown[: max(0, max_chars - 1)] + ELLIPSIS if max_chars > 0 else ""


def inert_lines(text: str, max_chars: int = MAX_CHARS) -> list[str]:
    """Return the text as inert lines, broken at LF and CRLF only; at most `max_chars` characters are read."""
    cut = text[:max_chars] + (ELLIPSIS if len(text) > max_chars else "")
    return [inert(line, max_chars + 1) for line in cut.replace("\r\n", "\n").split("\n")]


def inert_in_place(line: str) -> str:
    """Return a line that is being edited: an inert character for each of its own, tabs as they are."""
    if line.isascii() and line.isprintable():
        return line
    kept = "".join(MARK if _is_variation_selector(character) else character for character in line)
    return "\t".join(_marked(part) for part in kept.split("\t"))


def inert_named(text: str) -> str:
    """Return a line of text as `inert` does, what would be U+FFFD by its code point: ⟨U+202E⟩."""
    if text.isascii() and text.isprintable():
        return text
    return _marked(text, lambda character: f"⟨U+{ord(character):04X}⟩")


def without_long_hex(text: str) -> str:
    """Return the text with every run of hex digits cut to a hash's length: longer ones may hold a payload."""
    return _LONGER_THAN_A_HASH.sub(rf"\1{ELLIPSIS}", text)


def without_payload(text: str) -> str:
    """Return the text without what may be a payload, or lead to one: long hex digits and content ids."""
    return _CONTENT_ID.sub(ELLIPSIS, without_long_hex(text))


def _marked(text: str, mark: Callable[[str], str] = lambda _: MARK) -> str:
    """Return a text with a mark for each character that no terminal is to see."""
    pieces: list[str] = []
    combining = _MAX_COMBINING  # nothing to combine with yet
    for character in text:
        if " " <= character <= "~":
            combining = 0
            pieces.append(character)
            continue
        if _is_variation_selector(character):
            continue
        if unicodedata.category(character) in ("Mn", "Me", "Mc"):
            combining += 1
            pieces.append(character if combining <= _MAX_COMBINING else mark(character))
            continue
        combining = 0
        pieces.append(_visible(character) or mark(character))
    return "".join(pieces)


def _visible(character: str) -> str:
    """Return the character or the sign that stands for it, nothing where there is none."""
    if character == "\n":
        return _NEWLINE
    if character == "\t":
        return _TAB
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return _DELETE_PICTURE
    if character in UNSURE or unicodedata.category(character) in _HIDDEN_CATEGORIES:
        return ""
    return character


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
