"""Who gets which place in the next batch, and who may begin: decided from plain numbers.

Continuous batching. The runs that decode get one token each in every batch, so that none of them waits for
another; what is left of the batch goes to prompts, the earliest deadline first.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

_STEP_S = 0.2  # each prompt holds up those who decode for no longer, about; its end half as long again
_LEAST_CHUNK_TOKENS = 32  # in smaller batches a token of prompt costs half as much again
_KNOWN_WEIGHT = 0.7  # of the speed known so far, against the one just seen


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A run that has not begun. `cells` is what it needs of the context: its prompt and its answer's limit.

    `order` only grows from run to run. One that `is_alone` begins when no other is there, and ends before
    another begins.
    """

    order: int
    deadline_at: float
    cells: int
    is_alone: bool = False


class Going(msgspec.Struct, frozen=True, kw_only=True):
    """A run that has begun; it decodes once nothing of its prompt is left."""

    order: int
    deadline_at: float
    cells: int
    prompt_tokens_left: int
    is_alone: bool = False


class Chunk(msgspec.Struct, frozen=True):
    """Tokens that follow each other in one sequence; `has_outcome` where the token after them is wanted."""

    sequence_id: int
    position: int
    tokens: Sequence[int]
    has_outcome: bool


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to share out: runs at once, and cells of the context."""

    slots: int
    cells: int


def admitted(waiting: Sequence[Waiting], going: Sequence[Going], room: Room) -> list[Waiting]:
    """Return who begins now, the earliest deadline first.

    Nobody passes one who came before in that order: a large run gets its place when those before it have
    ended, and is not kept waiting for ever by small ones that always find room.
    """
    taken: list[Waiting] = []
    slots = room.slots - len(going)
    cells = room.cells - sum(run.cells for run in going)
    is_shut = any(run.is_alone for run in going)
    for run in sorted(waiting, key=_urgency):
        is_held_up = run.is_alone and slots < room.slots
        if is_shut or is_held_up or slots < 1 or run.cells > cells:
            break
        taken.append(run)
        slots -= 1
        cells -= run.cells
        is_shut = run.is_alone
    return taken


def next_batch(going: Sequence[Going], batch_tokens: int, chunk_tokens: int) -> list[tuple[int, int]]:
    """Return (order, tokens) for each run that is in the next batch, those that decode first.

    Prompts get the whole batch while nobody decodes, and otherwise `chunk_tokens` for each that is waited
    for, the most urgent first: a long one alone is read in small steps, some short ones in one. Where half as
    much again is all there is, it is read at once: a small batch of its own would take longer. They get at
    least one token, so that none waits for ever beside a batch full of others.
    """
    shares = [(run.order, 1) for run in going if run.prompt_tokens_left == 0]
    prompts = sorted((run for run in going if run.prompt_tokens_left > 0), key=_urgency)
    most = chunk_tokens * len(prompts)
    wanted = sum(run.prompt_tokens_left for run in prompts)
    if wanted <= most + most // 2:
        most = wanted
    left = max(1, min(most, batch_tokens - len(shares))) if shares else batch_tokens
    for run in prompts:
        tokens = min(left, run.prompt_tokens_left)
        if tokens == 0:
            break
        shares.append((run.order, tokens))
        left -= tokens
    return shares


class Pace:
    """How many tokens of prompt make a batch that takes about a fifth of a second here."""

    def __init__(self) -> None:
        self._tokens_per_s: float | None = None

    def saw(self, tokens: int, took_s: float) -> None:
        """Take how long a batch took; one of a few tokens says little about prompts."""
        if tokens < _LEAST_CHUNK_TOKENS or took_s <= 0:
            return
        seen = tokens / took_s
        known = self._tokens_per_s
        self._tokens_per_s = seen if known is None else known * _KNOWN_WEIGHT + seen * (1 - _KNOWN_WEIGHT)

    @property
    def chunk_tokens(self) -> int:
        """Return the tokens of a chunk, few until something was seen."""
        return max(_LEAST_CHUNK_TOKENS, int((self._tokens_per_s or 0.0) * _STEP_S))


def _urgency(run: Waiting | Going) -> tuple[float, int]:
    return run.deadline_at, run.order
