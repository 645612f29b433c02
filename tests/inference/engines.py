"""What the tests ask of an engine, and how they read what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from cortensor_tui.domain.inference import (
    EngineHealth,
    EngineState,
    Finished,
    Generation,
    GenerationEvent,
    SamplingParams,
    Token,
)
from cortensor_tui.inference.llama.heartbeat import Patience
from cortensor_tui.inference.llama.process import LlamaProcess

GREEDY = SamplingParams(
    max_tokens=24,
    temperature=0.0,
    top_p=1.0,
    top_k=0,
    repeat_penalty=1.0,
    presence_penalty=0.0,
    frequency_penalty=0.0,
)


def ask(text: str, params: SamplingParams = GREEDY, seed: int = 7, role: str = "user") -> Generation:
    """Build a run of one message."""
    return Generation(messages=((role, text),), params=params, seed=seed)


class Watched:
    """An engine and every health it told."""

    def __init__(
        self,
        model_path: Path,
        context_tokens: int = 1024,
        patience: Patience | None = None,
        slots: int = 1,
        thread_file: Path | None = None,
        gpu_layers: int = 0,
    ) -> None:
        self.healths: list[EngineHealth] = []
        self._changed = asyncio.Condition()
        self.engine = LlamaProcess(
            model_path,
            context_tokens=context_tokens,
            slots=slots,
            thread_file=thread_file,
            gpu_layers=gpu_layers,
            on_health=self._on_health,
            patience=patience,
        )
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def states(self) -> list[EngineState]:
        """The states it went through, repeats left out."""
        states = [health.state for health in self.healths]
        return [state for index, state in enumerate(states) if index == 0 or states[index - 1] is not state]

    async def until(self, is_met: Callable[[EngineHealth], bool]) -> EngineHealth:
        """Wait until a health is told that meets a condition; bounded by the test's own time limit."""
        async with self._changed:
            await self._changed.wait_for(lambda: any(is_met(health) for health in self.healths))
        return next(health for health in self.healths if is_met(health))

    def _on_health(self, health: EngineHealth) -> None:
        self.healths.append(health)
        task = asyncio.get_running_loop().create_task(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


async def collect(events: AsyncIterator[GenerationEvent]) -> list[GenerationEvent]:
    """Read a run to its end."""
    return [event async for event in events]


def text_of(events: list[GenerationEvent]) -> str:
    """Return the answer."""
    return "".join(event.text for event in events if isinstance(event, Token))


def finish_of(events: list[GenerationEvent]) -> Finished:
    """Return the one `Finished`, which is last."""
    last = events[-1]
    assert isinstance(last, Finished)
    assert sum(isinstance(event, Finished) for event in events) == 1
    return last
