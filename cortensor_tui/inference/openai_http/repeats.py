"""Whether a server's words give away a part of a prompt, as it stands or escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PIECE_CHARS = 16
_STEP_CHARS = 8
_LEAST_PLAIN_CHARS = 8  # fewer letters say nothing
_BYTES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
_UNIT = re.compile(r"\\u([0-9a-fA-F]{4})")
_SIGN = re.compile(r"\\[abfnrtv]")


class Traces:
    """What a text is recognised by: pieces of it, and of its letters alone.

    Servers quote what they refuse as JSON or as Python does (`\\u041c`, `\\n`, `\\"`, `\\xd0`), which changes
    all but the letters. A part of 24 characters, or of 24 letters, is always found.
    """

    def __init__(self, text: str) -> None:
        self._short, self._pieces = _short_and_pieces(text.strip())
        plain = "".join(filter(str.isalnum, text))
        self._plain_short, self._plain_pieces = _short_and_pieces(plain)
        if len(self._plain_short) < _LEAST_PLAIN_CHARS:
            self._plain_short = ""

    def are_in(self, words: Words) -> bool:
        """Tell whether the words hold a part of the text."""
        return (
            bool(self._short and self._short in words.text)
            or bool(self._plain_short and self._plain_short in words.plain)
            or not self._pieces.isdisjoint(words.pieces)
            or not self._plain_pieces.isdisjoint(words.plain_pieces)
        )


class Words:
    """A server's words, made ready to be compared with many texts."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain = _letters(text)
        self.pieces = _all_pieces(self.text)
        self.plain_pieces = _all_pieces(self.plain)


def repeats(words: str, texts: Iterable[str]) -> bool:
    """Tell whether a server's words hold a part of a text that is long enough to give something away."""
    found = Words(words)
    return any(Traces(text).are_in(found) for text in texts)


def _short_and_pieces(text: str) -> tuple[str, frozenset[str]]:
    """Return a text that is too short for pieces, or pieces of one that is not, eight characters apart."""
    if len(text) < _PIECE_CHARS:
        return text, frozenset()
    last = len(text) - _PIECE_CHARS
    starts = [*range(0, last, _STEP_CHARS), last]
    return "", frozenset(text[start : start + _PIECE_CHARS] for start in starts)


def _all_pieces(text: str) -> frozenset[str]:
    return frozenset(text[start : start + _PIECE_CHARS] for start in range(len(text) - _PIECE_CHARS + 1))


def _letters(words: str) -> str:
    """Return the letters and digits of words, those that are written as escapes among them."""
    words = words.replace("\\\\", "\\")  # quoted twice, as JSON within JSON is
    words = _BYTES.sub(
        lambda found: bytes.fromhex(found[0].replace("\\x", "")).decode("utf-8", "replace"), words
    )
    words = _UNIT.sub(lambda found: chr(int(found[1], 16)), words)
    return "".join(filter(str.isalnum, _SIGN.sub("", words)))
