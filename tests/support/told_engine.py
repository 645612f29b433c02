"""An engine that answers as a test tells it to, and what a miner needs beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from cortensor_tui.domain.inference import (
    EngineHealth,
    EngineState,
    Finished,
    FinishReason,
    Generation,
    GenerationEvent,
    Prefilled,
    Token,
)
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.problems import engine_died
from cortensor_tui.miner.answering import InferenceFeed, PromptSettings

READY = EngineHealth(state=EngineState.READY, engine="told", model="told", context_tokens=4096)
PROMPTS = PromptSettings(default_system_prompt="", raw_prompt="verbatim", seed=1)
UNHEARD = InferenceFeed(
    on_start=lambda key, prompt: None, on_event=lambda key, event: None, on_stop=lambda key, problem: None
)


class ToldEngine:
    """An engine whose answer is the prompt, said back `times` over once `may_answer` is set.

    Its first runs end as `deaths` says. `runs` counts those begun, `going_on` those not over.
    """

    def __init__(self) -> None:
        self.health = READY
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.runs = 0
        self.going_on = 0
        self.times = 1
        self.deaths: list[str] = []

    async def start(self) -> None:
        pass

    async def generate(self, generation: Generation) -> AsyncGenerator[GenerationEvent, None]:
        self.runs += 1
        if self.runs <= len(self.deaths):
            raise ProblemError(engine_died(self.deaths[self.runs - 1]))
        self.going_on += 1
        try:
            yield Prefilled(prompt_tokens=3, prefill_ms=1.0)
            await self.may_answer.wait()
        finally:
            self.going_on -= 1
        text = f"You said: {generation.messages[-1][1]}" * self.times
        yield Token(text=text, count=1, at_ms=2.0)
        yield Finished(
            reason=FinishReason.STOP,
            prompt_tokens=3,
            answer_tokens=1,
            prefill_ms=1.0,
            first_token_ms=2.0,
            decode_ms=1.0,
        )

    async def cancel(self) -> None:
        pass

    async def stop(self) -> None:
        pass
