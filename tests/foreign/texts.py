"""The corpus, and more of its kind from hypothesis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from hypothesis import strategies as st

_WRITTEN = json.loads((Path(__file__).parent / "corpus.json").read_text(encoding="ascii"))


def _text(written: str | dict[str, str | int]) -> str:
    if isinstance(written, str):
        return written
    return str(written["repeat"]) * int(written["times"])


CORPUS: Final[dict[str, str]] = {name: _text(written) for name, written in _WRITTEN.items()}
SHORT: Final = tuple(text for text in CORPUS.values() if len(text) < 1000)
LONG: Final = tuple(text for text in CORPUS.values() if len(text) >= 1000)

_ANY_CHARACTER = st.characters(exclude_categories=[])
_PIECES = st.one_of(
    st.sampled_from(SHORT),
    st.text(_ANY_CHARACTER, max_size=20),
    st.text("\x1b\x9b\x9d\x90\x07[];?0123456789mHJKclhP\\", max_size=20),
)
FOREIGN = st.lists(_PIECES, min_size=1, max_size=6).map("".join)
"""Pieces of the corpus, of any characters and of half-written sequences, in any order."""


def sendable(text: str) -> str:
    """Return the text as JSON in UTF-8 can carry it: lone surrogates cannot be sent."""
    return text.encode("utf-8", "replace").decode("utf-8")
