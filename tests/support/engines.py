"""Engines that answer as a test tells them to, and what a miner needs beside one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from cortensor_tui.domain.inference import (
    Admitted,
    EngineFacts,
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


class ScriptedEngine:
    """An engine that reads each prompt in 1 ms, and says in one token what `_answer` returns."""

    def __init__(self, health: EngineHealth = READY) -> None:
        self.health = health

    async def start(self) -> None:
        pass

    async def generate(self, generation: Generation) -> AsyncGenerator[GenerationEvent, None]:
        self._begin(generation)
        try:
            if self._has_room(generation):
                yield Admitted()
                yield Prefilled(prompt_tokens=3, prefill_ms=1.0)
            text = await self._answer(generation)
        finally:
            self._end(generation)
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

    def _begin(self, generation: Generation) -> None:
        """Take note of a run, or refuse it with `ProblemError`."""

    def _has_room(self, generation: Generation) -> bool:
        """Tell whether a run is worked on at once."""
        return True

    async def _answer(self, generation: Generation) -> str:
        return generation.messages[-1][1]

    def _end(self, generation: Generation) -> None:
        """Take note that a run computes no more."""


class ToldEngine(ScriptedEngine):
    """An engine whose answer is the prompt, said back `times` over once `may_answer` is set.

    Its first runs end as `deaths` says. `runs` counts those begun, `going_on` those not over.
    """

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.runs = 0
        self.going_on = 0
        self.times = 1
        self.deaths: list[str] = []

    def _begin(self, generation: Generation) -> None:
        self.runs += 1
        self.going_on += 1

    async def _answer(self, generation: Generation) -> str:
        if self.runs <= len(self.deaths):
            raise ProblemError(engine_died(self.deaths[self.runs - 1]))
        await self.may_answer.wait()
        return f"You said: {generation.messages[-1][1]}" * self.times

    def _end(self, generation: Generation) -> None:
        self.going_on -= 1


class SharedEngine(ScriptedEngine):
    """An engine that answers several prompts at once, each with itself when the test ends its run.

    `begun` has every prompt that was run, `going_on` those that run now; those `without_room` wait inside.
    """

    def __init__(self, slots: int = 4) -> None:
        super().__init__(msgspec.structs.replace(READY, facts=EngineFacts(slots=slots)))
        self.begun: list[str] = []
        self.asked: list[Generation] = []
        self.without_room: set[str] = set()
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

    def _begin(self, generation: Generation) -> None:
        prompt = generation.messages[-1][1]
        self.begun.append(prompt)
        self.asked.append(generation)
        self._runs[prompt] = asyncio.get_running_loop().create_future()

    def _has_room(self, generation: Generation) -> bool:
        return generation.messages[-1][1] not in self.without_room

    async def _answer(self, generation: Generation) -> str:
        prompt = generation.messages[-1][1]
        await self._runs[prompt]
        return prompt

    def _end(self, generation: Generation) -> None:
        del self._runs[generation.messages[-1][1]]
