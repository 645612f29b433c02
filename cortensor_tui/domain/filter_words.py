"""The words of a filter, each with where it stands, so that a mistake can say where it is."""

from __future__ import annotations

import re
from typing import NamedTuple

from cortensor_tui.domain.problems import Problem, ProblemError

MAX_CHARS = 1_000
MAX_HASH_CHARS = 66
HASH = re.compile(r"0x[0-9a-f]{4,64}", re.IGNORECASE)
"""A hash, or so much of its beginning that little else begins so."""


class FilterError(ProblemError):
    """A filter that cannot be read; the mistake is `text[start:end]`."""

    def __init__(self, start: int, end: int, what: str, remedy: str) -> None:
        super().__init__(Problem(code="task_filter", what=f"{what}, at character {start + 1}", remedy=remedy))
        self.start = start
        self.end = end


class Word(NamedTuple):
    """One word with where it stands; `start` is after the sign of negation."""

    text: str
    start: int
    end: int
    is_negated: bool
    is_quoted: bool


def words_of(text: str, most: int) -> list[Word]:
    """Return the words of a filter, at most so many. Raises `FilterError`."""
    if len(text) > MAX_CHARS:
        raise FilterError(
            MAX_CHARS, len(text), "The filter is too long", f"Use at most {MAX_CHARS} characters"
        )
    words = _words(text)
    if len(words) > most:
        excess = words[most]
        raise FilterError(excess.start, excess.end, "The filter is too long", f"Use at most {most} words")
    return words


def listed(value: Word) -> list[tuple[str, int, int]]:
    """Return the parts of a list with comma, each with where it stands."""
    found = []
    at = value.start
    for part in value.text.split(","):
        found.append((part, at, at + len(part)))
        at += len(part) + 1
    return found


def _words(text: str) -> list[Word]:
    found: list[Word] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found.append(_word(text, at))
        at = found[-1].end
    return found


def _word(text: str, at: int) -> Word:
    is_negated = text[at] == "-"
    start = at + is_negated
    if text[start : start + 1] == '"':
        content, end = _quotation(text, start)
        return Word(content, start, end, is_negated, is_quoted=True)
    end = start
    while end < len(text) and not text[end].isspace():
        end += 1
    if end == start:
        raise FilterError(at, end, "- stands alone", "Put the word that must not match right behind it")
    if text[start] == "-":
        raise FilterError(at, end, "A word is negated twice", 'Take one - away, or quote the text: "-…"')
    return Word(text[start:end], start, end, is_negated, is_quoted=False)


def _quotation(text: str, start: int) -> tuple[str, int]:
    """Return the quoted text and where it ends; a backslash takes the meaning from what follows it."""
    pieces: list[str] = []
    at = start + 1
    while at < len(text) and text[at] != '"':
        at += text[at] == "\\" and at + 1 < len(text)
        pieces.append(text[at])
        at += 1
    if at >= len(text):
        raise FilterError(start, len(text), "The quotation does not end", 'Close it with "')
    at += 1
    if at < len(text) and not text[at].isspace():
        raise FilterError(at, at + 1, "A word begins right behind a quotation", "Put a space between them")
    if not pieces:
        raise FilterError(start, at, "The quotation is empty", "Write the text to look for into it")
    return "".join(pieces), at
