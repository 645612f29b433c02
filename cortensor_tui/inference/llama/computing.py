"""What serving asks of a loaded model: anything that computes batches will do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from cortensor_tui.domain.inference import SamplingParams
from cortensor_tui.inference.llama.batching import Chunk
from cortensor_tui.inference.llama.kept import State
from cortensor_tui.inference.llama.thread_choice import ThreadRange
from cortensor_tui.inference.prompts import Messages


class Sampler(Protocol):
    """What chooses the tokens of one run."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its stages, the first one first."""

    def choose(self, index: int) -> int:
        """Return the token after number `index` of the last batch, which has an outcome."""

    def close(self) -> None:
        """Free what it holds."""


class Model(Protocol):
    """What is needed of a loaded model."""

    @property
    def context_tokens(self) -> int:
        """Cells of its context: all runs together have no more."""

    @property
    def batch_tokens(self) -> int:
        """Tokens of prompt computed at once."""

    @property
    def slots(self) -> int:
        """Runs at once."""

    @property
    def can_reuse(self) -> bool:
        """Tell whether a sequence can be cut back to its beginning."""

    @property
    def end_texts(self) -> tuple[str, ...]:
        """Marks that end a turn, should the model spell one out."""

    @property
    def decode_threads(self) -> ThreadRange:
        """Threads for one token at a time; a reproducible run is computed with those settled on."""

    @property
    def prefill_threads(self) -> ThreadRange:
        """Threads for several tokens at once, likewise."""

    def use_threads(self, decode: int, prefill: int) -> None:
        """Compute one token with so many threads from now on, and several at once with so many."""

    def tokenize(self, messages: Messages) -> list[int]:
        """Return the prompt's tokens. Raises `ProblemError`."""

    def sampler(self, params: SamplingParams, seed: int) -> Sampler:
        """Return what chooses the tokens of one run."""

    def is_end(self, token: int) -> bool:
        """Tell whether a token ends the turn."""

    def piece(self, token: int) -> bytes:
        """Return a token's bytes."""

    def decode(self, chunks: Sequence[Chunk], is_aborted: Callable[[], bool]) -> bool:
        """Compute one batch; False when aborted, with no cells of it kept. Raises `ProblemError`."""

    def forget(self, sequence_id: int, position: int = 0) -> bool:
        """Drop what a sequence holds from a position on; False where only all of it could be dropped."""

    def share(self, source_id: int, target_id: int, tokens: int) -> None:
        """Let an empty sequence begin with the same cells as another."""

    def state_bytes(self, sequence_id: int) -> int:
        """Return the size of a copy of what a sequence holds."""

    def state(self, sequence_id: int) -> State | None:
        """Return a copy of what a sequence holds."""

    def restore(self, sequence_id: int, state: State) -> bool:
        """Fill an empty sequence with a copy; False where there is no room for it, and it is still empty."""

    def forget_all(self) -> None:
        """Empty every sequence, as in a context just made."""
