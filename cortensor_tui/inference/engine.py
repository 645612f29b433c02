"""What the miner may ask of an engine, whichever it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Protocol

from cortensor_tui.domain.inference import EngineHealth, Generation, GenerationEvent

HealthListener = Callable[[EngineHealth], None]

_UNSAID_DEADLINE_S = 300.0


def due_at(deadline_at: float | None, now: float) -> float:
    """Return when a run counts as due, unix seconds: one without a deadline waits its turn, not for ever."""
    return now + _UNSAID_DEADLINE_S if deadline_at is None else deadline_at


class Engine(Protocol):
    """One model that answers prompts, several at once where it can.

    Whoever builds an engine gives it a `HealthListener`, which is called from the event loop each time
    `health` has changed.
    """

    @property
    def health(self) -> EngineHealth:
        """What is known of the engine now."""

    async def start(self) -> None:
        """Return when the engine is ready. Raises `ProblemError` when it cannot be; may be called again."""

    def generate(self, generation: Generation) -> AsyncGenerator[GenerationEvent, None]:
        """Run one prompt: `Admitted`, `Prefilled`, `Token`s, then `Finished`; the answer is the texts joined.

        A run that is cancelled gives `Finished` at once, also where it was not admitted.

        May be called several times at once: what the engine has no room for now waits inside it, the run
        with the earliest deadline first, and none waits for ever. Closing the iterator cancels that run
        alone, also while it waits. Raises `ProblemError`:
        "prompt_too_long" where not one token of answer would ever fit, "prompt_empty" where the model's
        tokeniser makes nothing of it, "engine_died" when the engine ended
        in the middle (it restarts by itself, so the run may be asked again), "engine_failed" when it has
        given up, "engine_stopped" when it is not started, "chat_template_missing" or
        "chat_template_failed" when the model cannot take chat messages, "engine_refused" or "engine_busy"
        where a server would not take this run, or none in time.
        """

    async def cancel(self) -> None:
        """End all runs; the iterator of each gives a `Finished` with reason "cancelled"."""

    async def stop(self) -> None:
        """End the engine and free what it holds. Safe to call twice."""
