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
_WORTH_SHARE = 1 / 16  # a whole copy is put back for the part that is known: beyond this that is slower


class Kept(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What one run had read and written; `size_bytes` is its state's."""

    session_id: int
    tokens: Sequence[int]
    size_bytes: int
    state: State


class KeptRuns:
    """Those of all sessions. The one unused for longest goes first, where more would be kept than may be.

    They never hold more tokens than the context. When one is kept, they hold no more than a quarter of the
    memory that is free then.
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
        self, session_id: int, tokens: Sequence[int], size_bytes: int, copied: Callable[[], State | None]
    ) -> None:
        """Keep what a run holds, where it is worth it and there is room.

        `copied` is asked only then, and returns None where there is no memory for a copy. What began the run
        is in it, and goes before anything else does.
        """
        self._kept.sort(key=lambda one: not _begins(one, session_id, tokens))
        is_worth_it = WORTH_TOKENS <= len(tokens) <= self._most_tokens
        if not (is_worth_it and self._make_room(len(tokens), size_bytes)):
            return
        state = copied()
        if state is None:
            return
        self._kept = [one for one in self._kept if not _begins(one, session_id, tokens)]
        self._kept.append(Kept(session_id=session_id, tokens=tokens, size_bytes=size_bytes, state=state))

    def find(self, session_id: int, prompt: Sequence[int], more_than: int) -> tuple[Kept, int] | None:
        """Return what begins most like a session's prompt, and how many tokens of it do; that counts as use.

        None where no more than so many are the same, or too few to be worth it.
        """
        found = [
            (in_common(kept.tokens, prompt), kept) for kept in self._kept if kept.session_id == session_id
        ]
        common, best = max(found, key=lambda pair: pair[0], default=(0, None))
        if best is None or common <= more_than:
            return None
        if common < max(WORTH_TOKENS, len(best.tokens) * _WORTH_SHARE):
            return None
        self._kept.remove(best)
        self._kept.append(best)
        return best, common

    def _make_room(self, tokens: int, size_bytes: int) -> bool:
        most_bytes = (self._free_bytes() + self._held_bytes) * _SHARE_OF_FREE_MEMORY
        while self._kept and self._held_bytes > most_bytes:
            self._kept.pop(0)  # there is less memory than when it was kept
        if size_bytes > most_bytes:
            return False
        while self._kept and (
            self._held_tokens + tokens > self._most_tokens or self._held_bytes + size_bytes > most_bytes
        ):
            self._kept.pop(0)
        return True

    @property
    def _held_bytes(self) -> int:
        return sum(kept.size_bytes for kept in self._kept)

    @property
    def _held_tokens(self) -> int:
        return sum(len(kept.tokens) for kept in self._kept)


def _begins(kept: Kept, session_id: int, tokens: Sequence[int]) -> bool:
    return kept.session_id == session_id and kept.tokens == tokens[: len(kept.tokens)]
