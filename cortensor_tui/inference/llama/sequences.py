"""Which sequence of the context is whose, and what each holds.

A sequence is a row of llama.cpp's memory; each token in it takes one cell of the context. Only runs that go
on have one: every token is compared with all cells in use, so what ended runs left there would slow down
those that go on. It is kept elsewhere (kept.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

WORTH_TOKENS = 4
"""Fewer than these in common are read again. What opens a turn is about as long, and every prompt has it."""


class Shared(msgspec.Struct, frozen=True):
    """A sequence whose first `tokens` are those of a prompt."""

    sequence_id: int
    tokens: int


class _Held:
    """What is in one sequence; `session_id` None where it is shared with nobody."""

    def __init__(self, session_id: int | None) -> None:
        self.session_id = session_id
        self.tokens: list[int] = []


class Sequences:
    """The sequences of one context."""

    def __init__(self, count: int) -> None:
        self._free = list(range(count - 1, -1, -1))
        self._held: dict[int, _Held] = {}

    def begin(self, session_id: int | None) -> int:
        """Return an empty sequence for a run that was admitted."""
        number = self._free.pop()
        self._held[number] = _Held(session_id)
        return number

    def computed(self, number: int, tokens: Sequence[int]) -> None:
        """Take what is in a sequence now beside what was there."""
        self._held[number].tokens += tokens

    def tokens(self, number: int) -> list[int]:
        """Return what is in a sequence."""
        return self._held[number].tokens

    def end(self, number: int) -> None:
        """Take that a sequence is emptied: its run is over."""
        del self._held[number]
        self._free.append(number)

    def most_in_common(self, session_id: int, prompt: Sequence[int]) -> Shared | None:
        """Return the sequence of a session that begins most like a prompt; None where none is worth it."""
        found = [
            Shared(number, in_common(held.tokens, prompt))
            for number, held in self._held.items()
            if held.session_id == session_id
        ]
        best = max(found, key=lambda shared: shared.tokens, default=None)
        return best if best is not None and best.tokens >= WORTH_TOKENS else None


def in_common(tokens: Sequence[int], prompt: Sequence[int]) -> int:
    """Return how much of a prompt need not be read where these tokens are held.

    Its last token is always read, since the answer's first token comes out of that.
    """
    length = min(len(tokens), max(0, len(prompt) - 1))
    if tokens[:length] == prompt[:length]:
        return length
    return next(index for index in range(length) if tokens[index] != prompt[index])
