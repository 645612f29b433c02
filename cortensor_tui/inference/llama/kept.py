"""What ended runs have read, for the next task of their session: it often begins with the same words.

It lies beside the context, as llama.cpp's copy of a sequence, and is put back in a millisecond where reading
it again would take a second. In the context it would slow down every token of those that go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from cortensor_tui.inference.llama.sequences import WORTH_TOKENS, in_common

State = Any
"""llama.cpp's copy of a sequence, opaque here."""

_SHARE_OF_FREE_MEMORY = 1 / 4


class Kept(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What one run had read and written; `size_bytes` is its state's."""

    session_id: int
    tokens: Sequence[int]
    size_bytes: int
    state: State


class KeptRuns:
    """Those of all sessions. The one unused for longest goes first, where more would be kept than may be.

    They never hold more tokens than the context, nor more than a quarter of the memory that is free.
    """

    def __init__(self, most_tokens: int, free_bytes: Callable[[], int]) -> None:
        self._most_tokens = most_tokens
        self._free_bytes = free_bytes
        self._kept: list[Kept] = []  # the one unused for longest first

    @property
    def all(self) -> tuple[Kept, ...]:
        """Return them, the one unused for longest first."""
        return tuple(self._kept)

    def keep(
        self, session_id: int, tokens: Sequence[int], size_bytes: int, copied: Callable[[], State]
    ) -> None:
        """Keep what a run holds, where it is worth it and there is room; `copied` is asked only then."""
        if WORTH_TOKENS <= len(tokens) <= self._most_tokens and self._make_room(len(tokens), size_bytes):
            kept = Kept(session_id=session_id, tokens=tokens, size_bytes=size_bytes, state=copied())
            self._kept.append(kept)

    def take(self, session_id: int, prompt: Sequence[int], more_than: int) -> tuple[Kept, int] | None:
        """Give up and return what begins most like a session's prompt, and how many tokens of it do.

        None where no more than so many are the same, or too few to be worth it.
        """
        found = [
            (in_common(kept.tokens, prompt), kept) for kept in self._kept if kept.session_id == session_id
        ]
        common, best = max(found, key=lambda pair: pair[0], default=(0, None))
        if best is None or common <= more_than or common < WORTH_TOKENS:
            return None
        self._kept.remove(best)
        return best, common

    def _make_room(self, tokens: int, size_bytes: int) -> bool:
        held_bytes = sum(kept.size_bytes for kept in self._kept)
        most_bytes = (self._free_bytes() + held_bytes) * _SHARE_OF_FREE_MEMORY
        if size_bytes > most_bytes:
            return False
        while self._kept and (
            self._tokens + tokens > self._most_tokens or held_bytes + size_bytes > most_bytes
        ):
            held_bytes -= self._kept.pop(0).size_bytes
        return True

    @property
    def _tokens(self) -> int:
        return sum(len(kept.tokens) for kept in self._kept)
