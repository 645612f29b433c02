"""One run asked of a server: the request, its stream, and the patience with a server that is busy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.inference import Generation, GenerationEvent
from cortensor_tui.inference.openai_http.answer import Answer, events_of
from cortensor_tui.inference.openai_http.exchange import Exchange
from cortensor_tui.inference.openai_http.faults import Fault, ServerError
from cortensor_tui.inference.openai_http.patience import Patience
from cortensor_tui.inference.openai_http.problems import is_too_long
from cortensor_tui.inference.openai_http.prompt_length import prompt_length
from cortensor_tui.inference.openai_http.requests import Request, request_for
from cortensor_tui.inference.openai_http.servers import Server


async def ask(
    exchange: Exchange, server: Server, generation: Generation, patience: Patience, clock: Clock
) -> AsyncGenerator[GenerationEvent, None]:
    """Yield a run's events, `Finished` last. Closing it drops the connection.

    A server that is busy is asked again until the run's deadline or its own; one that refuses the prompt
    together with the answer's limit is asked for what there is room for: nothing was begun then. Any other
    failure is the caller's: raises `ServerError`, and `ProblemError` "prompt_no_text".
    """
    pauses = Pauses(generation.deadline_at, patience, clock)
    is_fitted = False
    while True:
        request = request_for(generation, server)
        answer = Answer(generation.params, request, clock.monotonic)
        try:
            async with aclosing(_streamed(exchange, request, answer, patience)) as events:
                async for event in events:
                    yield event
        except ServerError as error:
            if answer.has_begun:
                raise
            if error.fault is Fault.BUSY and pauses.may_go_on(error.pause_s):
                await asyncio.sleep(pauses.next_s)
                continue
            if is_fitted or not is_too_long(error):
                raise
            shorter = await _fitted(exchange, server, generation, patience)
            if shorter is None:
                raise
            generation, is_fitted = shorter, True
            continue
        yield answer.finished()
        return


class Pauses:
    """Growing pauses before a busy server is asked again."""

    def __init__(self, deadline_at: float | None, patience: Patience, clock: Clock) -> None:
        self._deadline_at = deadline_at
        self._patience = patience
        self._clock = clock
        self._waited_s = 0.0
        self.next_s = patience.first_pause_s / 2

    def may_go_on(self, asked_s: float | None) -> bool:
        """Tell whether there is time for one more pause: as long as the server asked for, or a longer one."""
        self.next_s = min(2 * self.next_s, self._patience.longest_pause_s)
        if asked_s is not None:
            self.next_s = max(self.next_s, asked_s)
        self._waited_s += self.next_s
        is_too_late = self._deadline_at is not None and self._clock.now() + self.next_s > self._deadline_at
        return self._waited_s <= self._patience.busy_s and not is_too_late


async def _fitted(
    exchange: Exchange, server: Server, generation: Generation, patience: Patience
) -> Generation | None:
    """Return the run with the answer's limit that there is room for beside its prompt, None for no room."""
    length = await prompt_length(exchange, server, generation.messages, patience.answer_s)
    if length is None or server.context_tokens is None:
        return None
    room = server.context_tokens - length
    if not 1 <= room < generation.params.max_tokens:
        return None
    params = msgspec.structs.replace(generation.params, max_tokens=room)
    return msgspec.structs.replace(generation, params=params)


async def _streamed(
    exchange: Exchange, request: Request, answer: Answer, patience: Patience
) -> AsyncGenerator[GenerationEvent, None]:
    """Yield the events of one answer. A stream that brings nothing new for `stall_s` has failed."""
    stall_s = patience.stall_s
    async with (
        exchange.post(request.path, request.body, stall_s) as pieces,
        aclosing(events_of(answer, pieces, patience.counts_s)) as events,
    ):
        while True:
            try:
                async with asyncio.timeout(stall_s):
                    event = await anext(events)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise ServerError(Fault.SILENT, f"nothing came for {stall_s:g} s") from error
            yield event
