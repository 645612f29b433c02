"""A model of plain lists whose answer is its prompt, said again: what is mixed up shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cortensor_tui.domain.inference import SamplingParams
from cortensor_tui.inference.llama.batching import Chunk
from cortensor_tui.inference.llama.thread_choice import ThreadRange
from cortensor_tui.inference.problems import decode_failed

END = 0


class EchoModel:
    """Tokens are the prompt's characters. Its memory is checked as llama.cpp would: no gap, none twice."""

    def __init__(self, context_tokens: int = 64, batch_tokens: int = 16, slots: int = 3) -> None:
        self.context_tokens = context_tokens
        self.batch_tokens = batch_tokens
        self.slots = slots
        self.can_reuse = True
        self.can_restore = True
        self.can_cut = True
        self.decode_threads = ThreadRange(settled=2, least=1, most=2)
        self.prefill_threads = ThreadRange(settled=2, least=1, most=2)
        self.used_threads = (2, 2)
        self.end_texts: tuple[str, ...] = ()
        self.memory: dict[int, list[int]] = {number: [] for number in range(slots)}
        self.samplers = 0
        self.batches: list[list[Chunk]] = []
        self.failures: list[int] = []
        self.next_tokens: dict[int, int] = {}

    def use_threads(self, decode: int, prefill: int) -> None:
        assert 1 <= decode <= self.decode_threads.most
        assert 1 <= prefill <= self.prefill_threads.most
        self.used_threads = (decode, prefill)

    def tokenize(self, messages: tuple[tuple[str, str], ...]) -> list[int]:
        return [ord(character) for character in messages[0][1]]

    def sampler(self, params: SamplingParams, seed: int) -> EchoSampler:
        self.samplers += 1
        return EchoSampler(self)

    def is_end(self, token: int) -> bool:
        return token == END

    def piece(self, token: int) -> bytes:
        return chr(token).encode()

    def decode(self, chunks: Sequence[Chunk], is_aborted: Callable[[], bool]) -> bool:
        assert sum(len(chunk.tokens) for chunk in chunks) <= max(self.batch_tokens, self.slots)
        if is_aborted():
            if not self.can_reuse:  # a state has moved on, and nothing takes it back
                for chunk in chunks:
                    self.memory[chunk.sequence_id] += chunk.tokens
            return False
        if self.failures and self.failures.pop():
            raise decode_failed(-3)
        self.batches.append(list(chunks))
        self.next_tokens = {}
        index = -1
        for chunk in chunks:
            held = self.memory[chunk.sequence_id]
            assert chunk.position == len(held), "llama.cpp refuses a gap"
            held += chunk.tokens
            index += len(chunk.tokens)
            if chunk.has_outcome:
                self.next_tokens[index] = echo(held)
        assert self.cells <= self.context_tokens
        return True

    @property
    def cells(self) -> int:
        return sum(len(held) for held in self.memory.values())

    def forget(self, sequence_id: int, position: int = 0) -> bool:
        if 0 < position < len(self.memory[sequence_id]) and not (self.can_cut and self.can_reuse):
            return False
        del self.memory[sequence_id][position:]
        return True

    def share(self, source_id: int, target_id: int, tokens: int) -> None:
        assert self.memory[target_id] == []
        self.memory[target_id] = self.memory[source_id][:tokens]

    def state_bytes(self, sequence_id: int) -> int:
        return len(self.memory[sequence_id])

    def state(self, sequence_id: int) -> list[int]:
        return self.memory[sequence_id].copy()

    def restore(self, sequence_id: int, state: list[int]) -> bool:
        assert self.memory[sequence_id] == []
        if self.cells + len(state) > self.context_tokens or not self.can_restore:
            return False
        self.memory[sequence_id] = state.copy()
        return True

    def forget_all(self) -> None:
        self.memory = {number: [] for number in self.memory}


class EchoSampler:
    """Says what comes after the prompt's "?": the prompt again, then the end."""

    names = ("echo",)

    def __init__(self, model: EchoModel) -> None:
        self._model = model

    def choose(self, index: int) -> int:
        return self._model.next_tokens[index]

    def close(self) -> None:
        self._model.samplers -= 1


def echo(held: list[int]) -> int:
    """Return the character after these: of the prompt, which ends at "?", its next one again."""
    prompt = held[: held.index(ord("?")) + 1]
    said = len(held) - len(prompt)
    return prompt[said] if said < len(prompt) else END
