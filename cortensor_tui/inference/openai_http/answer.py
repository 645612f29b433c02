"""One run's stream of events: chunks in, timed events of the generation out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Final

from cortensor_tui.domain.inference import (
    Finished,
    FinishReason,
    GenerationEvent,
    Prefilled,
    SamplingParams,
    Token,
)
from cortensor_tui.inference.openai_http.chunks import DONE, Chunk, read_chunk
from cortensor_tui.inference.openai_http.faults import Fault, ServerError
from cortensor_tui.inference.openai_http.requests import Request
from cortensor_tui.inference.openai_http.server_sent_events import EventReader

_MOST_TOKEN_BYTES: Final = 1024  # no vocabulary has a longer one
_SPARE_BYTES: Final = 64 * 1024


class Answer:
    """What has come of one answer. `monotonic` gives seconds.

    Counts and prefill time are the server's own where it tells them; a piece counts as one token until then.
    """

    def __init__(self, params: SamplingParams, request: Request, monotonic: Callable[[], float]) -> None:
        self._request = request
        self._most_bytes = params.max_tokens * _MOST_TOKEN_BYTES + _SPARE_BYTES
        self._monotonic = monotonic
        self._began_s = monotonic()
        self._told = Chunk()
        self._bytes = 0
        self._pieces = 0
        self._first_token_ms: float | None = None
        self._last_token_ms = 0.0
        self._is_prefill_told = False
        self.is_over = False

    @property
    def has_begun(self) -> bool:
        """Tell whether any of its text has come."""
        return self._pieces > 0

    def take(self, data: bytes) -> Iterator[GenerationEvent]:
        """Take an event's data. Raises `ServerError` where it is an error, nonsense, or too much."""
        if data.strip() == DONE:
            return  # and no answer is whole without a reason why it ended
        chunk = read_chunk(data)
        self._told = merged(self._told, chunk)
        if self._told.finish_reason:
            self.is_over = True  # what follows only counts
        if chunk.is_prompt_read or chunk.text:
            yield from self._prefilled()
        if chunk.text:
            yield self._token(chunk.text)

    def finished(self) -> Finished:
        """Return how the run ended, as the server says."""
        told, first_ms = self._told, self._first_token_ms
        measured_ms = 0.0 if first_ms is None else self._last_token_ms - first_ms
        return Finished(
            reason=_reason(told.finish_reason),
            prompt_tokens=told.prompt_tokens,
            answer_tokens=self._pieces if told.answer_tokens is None else told.answer_tokens,
            prefill_ms=told.prefill_ms or 0.0,
            first_token_ms=first_ms,
            decode_ms=measured_ms if told.decode_ms is None else told.decode_ms,
            reused_tokens=told.reused_tokens,
            sampler_chain=self._request.sampler_chain,
            clamps=self._request.clamps,
        )

    def _prefilled(self) -> Iterator[Prefilled]:
        """Tell once that the prompt was read, where the server says how long it is."""
        told = self._told
        if self._is_prefill_told or told.prompt_tokens is None:
            return
        self._is_prefill_told = True
        yield Prefilled(prompt_tokens=told.prompt_tokens, prefill_ms=told.prefill_ms or 0.0)

    def _token(self, text: str) -> Token:
        self._bytes += len(text.encode())
        if self._bytes > self._most_bytes:
            raise ServerError(Fault.GARBLED, "it sent far more than the tokens it was asked for")
        self._pieces += 1
        self._last_token_ms = (self._monotonic() - self._began_s) * 1000
        if self._first_token_ms is None:
            self._first_token_ms = self._last_token_ms
        return Token(text=text, count=self._pieces, at_ms=self._last_token_ms)


async def events_of(
    answer: Answer, pieces: AsyncIterator[bytes], counts_s: float
) -> AsyncGenerator[GenerationEvent, None]:
    """Yield an answer's events from the bytes of its stream; what ends it is left to `Answer.finished`.

    Raises `ServerError`: "broken off" where the stream ends before the answer does, whatever it says then:
    llama-cpp-python's server sends "[DONE]" alone to a run that it breaks off for another one's sake. A
    server that keeps the stream open after the answer is waited for `counts_s` and no longer.
    """
    reader = EventReader()
    is_done = False
    while not is_done:
        try:
            async with asyncio.timeout(counts_s if answer.is_over else None):
                piece = await anext(pieces, None)
        except TimeoutError:
            return
        is_done = piece is None
        for data in reader.close() if piece is None else reader.feed(piece):
            for event in answer.take(data):
                yield event
            is_done = is_done or data.strip() == DONE
    if not answer.is_over:
        raise ServerError(Fault.BROKEN_OFF, "it ended the stream before the answer was whole")


def merged(before: Chunk, now: Chunk) -> Chunk:
    """Return what both chunks tell, the later one where both do; the texts are not kept."""
    told = {name: getattr(before, name) for name in Chunk.__struct_fields__}
    told |= {name: value for name in told if (value := getattr(now, name)) not in (None, "")}
    return Chunk(**{**told, "text": ""})


def _reason(finish_reason: str) -> FinishReason:
    return FinishReason.LENGTH if finish_reason == "length" else FinishReason.STOP
