"""Which sequence of the context holds what: those of running tasks, and those kept for their session.

A sequence is a row of llama.cpp's memory; each token in it takes one cell of the context. One whose run is
over is kept, for the next task of that session often begins with the same system prompt: what is the same
need not be read again. It goes when its cells or its place are needed, the one unused for longest first.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

WORTH_TOKENS = 16
"""Fewer than these in common are read again: it costs next to nothing."""


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run goes, and what is done to the memory before, in this order.

    Each of `dropped` is emptied. With `copied_from` the first `reused_tokens` of that sequence are shared
    with this one; without, they are in this one already, and what follows them is dropped.
    """

    sequence_id: int
    reused_tokens: int = 0
    copied_from: int | None = None
    dropped: tuple[int, ...] = ()


class _Held:
    """What is in one sequence. `reserved_cells` is None once its run is over."""

    def __init__(self, session_id: int | None, tokens: list[int], reserved_cells: int) -> None:
        self.session_id = session_id
        self.tokens = tokens
        self.reserved_cells: int | None = reserved_cells
        self.used = 0

    @property
    def cells(self) -> int:
        return len(self.tokens) if self.reserved_cells is None else self.reserved_cells


class Sequences:
    """The sequences of one context. A cell that two share is counted twice: never too few."""

    def __init__(self, count: int, cells: int) -> None:
        self._cells = cells
        self._free = list(range(count - 1, -1, -1))
        self._held: dict[int, _Held] = {}
        self._uses = 0

    @property
    def kept(self) -> tuple[int, ...]:
        """Return those whose run is over, the one unused for longest first."""
        ids = (number for number, held in self._held.items() if held.reserved_cells is None)
        return tuple(sorted(ids, key=lambda number: self._held[number].used))

    def place(self, prompt: Sequence[int], cells: int, session_id: int | None) -> Placement:
        """Return a place for a run that was admitted with so many cells."""
        source, common = self._most_in_common(prompt, session_id)
        is_taken_over = source is not None and self._held[source].reserved_cells is None
        dropped: list[int] = []
        if source is not None and is_taken_over:
            del self._held[source]
            number = source
        else:
            if not self._free:
                self._drop(self.kept[0], dropped)
            number = self._free.pop()
        kept = list(self.kept)
        while kept and sum(held.cells for held in self._held.values()) + cells > self._cells:
            self._drop(kept.pop(0), dropped)
        held = self._held[number] = _Held(session_id, list(prompt[:common]), cells)
        self._use(held)
        return Placement(
            sequence_id=number,
            reused_tokens=common,
            copied_from=None if is_taken_over else source,
            dropped=tuple(dropped),
        )

    def computed(self, number: int, tokens: Sequence[int]) -> None:
        """Take what is in a sequence now beside what was there."""
        self._held[number].tokens += tokens

    def forgot(self, number: int) -> None:
        """Take that a sequence holds nothing, after all."""
        self._held[number].tokens = []

    def end(self, number: int, *, is_kept: bool) -> bool:
        """Take that a sequence's run is over; tell whether it is kept, and not to be emptied."""
        held = self._held[number]
        if is_kept and held.session_id is not None and len(held.tokens) >= WORTH_TOKENS:
            held.reserved_cells = None
            self._use(held)
            return True
        del self._held[number]
        self._free.append(number)
        return False

    def drop_kept(self) -> tuple[int, ...]:
        """Give up all that are kept, and return them."""
        dropped: list[int] = []
        for number in self.kept:
            self._drop(number, dropped)
        return tuple(dropped)

    def _drop(self, number: int, dropped: list[int]) -> None:
        del self._held[number]
        self._free.append(number)
        dropped.append(number)

    def _use(self, held: _Held) -> None:
        self._uses += 1
        held.used = self._uses

    def _most_in_common(self, prompt: Sequence[int], session_id: int | None) -> tuple[int | None, int]:
        """Return the sequence of that session that begins most like the prompt, and how much of it."""
        best: int | None = None
        most = WORTH_TOKENS - 1
        for number, held in self._held.items() if session_id is not None else ():
            if held.session_id == session_id:
                # The last token of a prompt is always read, since its outcome is the answer's first token.
                common = common_prefix(held.tokens, prompt[: len(prompt) - 1])
                if common > most:
                    best, most = number, common
        return best, most if best is not None else 0


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens two prompts begin with in common."""
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return length
    return next(index for index in range(length) if one[index] != other[index])
