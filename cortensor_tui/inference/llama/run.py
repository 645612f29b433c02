"""One run in the engine process: prompt in, timed events out."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from cortensor_tui.domain.inference import (
    Finished,
    FinishReason,
    Generation,
    GenerationEvent,
    Prefilled,
    SamplingParams,
    Token,
)
from cortensor_tui.inference.problems import prompt_too_long

Clock = Callable[[], float]


class Model(Protocol):
    """What a run needs of a loaded model."""

    context_tokens: int

    def tokenize(self, messages: tuple[tuple[str, str], ...]) -> list[int]:
        """Return the prompt's tokens."""

    def prefill(self, tokens: list[int], is_cancelled: Callable[[], bool]) -> bool:
        """Read the prompt; False when cancelled."""

    def pieces(self, params: SamplingParams, seed: int) -> Iterator[bytes]:
        """Yield the answer's tokens as bytes."""


def run(
    model: Model, generation: Generation, is_cancelled: Callable[[], bool], clock: Clock = time.monotonic
) -> Iterator[GenerationEvent]:
    """Yield a run's events as they happen; the last is `Finished`.

    A token that ends in the middle of a character gives no event: its bytes come with the token that
    completes the character. Bytes that are no UTF-8 become U+FFFD, as the chain and the sockets carry
    text; so the texts joined are the answer. Raises `ProblemError`, "prompt_too_long" among others.
    """
    stopwatch = _Stopwatch(clock)
    prompt = model.tokenize(generation.messages)
    room = model.context_tokens - len(prompt)
    if room < 1:
        raise prompt_too_long(f"It takes {len(prompt)} tokens", model.context_tokens)
    prefill_began_ms = stopwatch.ms()
    if is_cancelled() or not model.prefill(prompt, is_cancelled):
        yield stopwatch.finished(FinishReason.CANCELLED, len(prompt), 0, 0.0)
        return
    prefill_ms = stopwatch.ms() - prefill_began_ms
    yield Prefilled(prompt_tokens=len(prompt), prefill_ms=prefill_ms)

    limit = max(1, min(generation.params.max_tokens, room))
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    count = 0
    reason = FinishReason.STOP
    for piece in model.pieces(generation.params, generation.seed):
        count += 1
        at_ms = stopwatch.token()
        if text := decoder.decode(piece):
            yield Token(text=text, count=count, at_ms=at_ms)
        if count >= limit:
            reason = FinishReason.LENGTH
            break
        if is_cancelled():
            reason = FinishReason.CANCELLED
            break
    if rest := decoder.decode(b"", final=True):
        yield Token(text=rest, count=count, at_ms=stopwatch.last_token_ms)
    yield stopwatch.finished(reason, len(prompt), count, prefill_ms)


class _Stopwatch:
    """Milliseconds since the start of a run, and when its first and last token came."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_s = clock()
        self._first_token_ms: float | None = None
        self.last_token_ms = 0.0

    def ms(self) -> float:
        return (self._clock() - self._began_s) * 1000

    def token(self) -> float:
        self.last_token_ms = self.ms()
        if self._first_token_ms is None:
            self._first_token_ms = self.last_token_ms
        return self.last_token_ms

    def finished(self, reason: FinishReason, prompt: int, answer: int, prefill_ms: float) -> Finished:
        first = self._first_token_ms
        return Finished(
            reason=reason,
            prompt_tokens=prompt,
            answer_tokens=answer,
            prefill_ms=prefill_ms,
            first_token_ms=first,
            decode_ms=0.0 if first is None else self.last_token_ms - first,
        )
