"""An engine that runs several prompts at once; a test says when each one ends, and when all of it dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from cortensor_tui.domain.inference import (
    EngineFacts,
    Finished,
    FinishReason,
    Generation,
    GenerationEvent,
    Prefilled,
    Token,
)
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.problems import engine_died
from tests.support.told_engine import READY


class SharedEngine:
    """Answers a prompt with itself. `begun` has every prompt that was run, `going_on` those that run now."""

    def __init__(self, slots: int = 4) -> None:
        self.health = msgspec.structs.replace(READY, facts=EngineFacts(slots=slots))
        self.begun: list[str] = []
        self.asked: list[Generation] = []
        self._runs: dict[str, asyncio.Future[None]] = {}

    @property
    def going_on(self) -> set[str]:
        """Return the prompts that are run now."""
        return set(self._runs)

    def end(self, prompt: str) -> None:
        """Let a run come to its end."""
        self._runs[prompt].set_result(None)

    def die(self) -> None:
        """End in the middle of every run."""
        for run in self._runs.values():
            run.set_exception(ProblemError(engine_died("it was killed by SIGKILL")))

    async def start(self) -> None:
        pass

    async def generate(self, generation: Generation) -> AsyncGenerator[GenerationEvent, None]:
        prompt = generation.messages[-1][1]
        self.begun.append(prompt)
        self.asked.append(generation)
        self._runs[prompt] = asyncio.get_running_loop().create_future()
        try:
            yield Prefilled(prompt_tokens=3, prefill_ms=1.0)
            await self._runs[prompt]
        finally:
            del self._runs[prompt]
        yield Token(text=prompt, count=1, at_ms=2.0)
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
