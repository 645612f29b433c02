"""The run going on: tokens are counted as they come and told ten times a second."""

from __future__ import annotations

import asyncio

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inference import Finished, GenerationEvent, Prefilled, Token
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.hub import Hub
from cortensor_tui.node.live_messages import (
    InferenceFinished,
    InferenceStarted,
    LiveInference,
    RateSampled,
    TokensStreamed,
)

SHOWN_PROMPT_CHARS = 4_000
FLUSH_S = 0.1


class LiveRun:
    """Gathers one run's events. `keep_flushing` is to run beside it, `sample` is called once a second."""

    def __init__(self, hub: Hub, clock: Clock = SYSTEM_CLOCK) -> None:
        self._hub = hub
        self._clock = clock
        self._key: TaskKey | None = None
        self._pending: list[str] = []
        self._has_pending = asyncio.Event()
        self._count = 0
        self._sampled_count = 0
        self._last_rate = 0.0
        self._prefilled: Prefilled | None = None
        self._first: Token | None = None
        self._last: Token | None = None
        self._token_at: float | None = None
        self._finished: Finished | None = None

    def start(self, key: TaskKey, prompt: str) -> None:
        """Begin with a task's prompt."""
        self._key, self._pending, self._count, self._sampled_count = key, [], 0, 0
        self._prefilled = self._first = self._last = self._token_at = self._finished = None
        live = LiveInference(
            key=key,
            prompt=prompt[:SHOWN_PROMPT_CHARS],
            answer="",
            token_count=0,
            started_at=self._clock.now(),
        )
        self._hub.publish(InferenceStarted(live))

    def event(self, _: TaskKey, event: GenerationEvent) -> None:
        """Take one event of the run."""
        if isinstance(event, Token):
            self._pending.append(event.text)
            self._has_pending.set()
            self._count = event.count
            self._first = self._first or event
            self._last, self._token_at = event, self._clock.now()
        elif isinstance(event, Prefilled):
            self._prefilled = event
        else:
            self._finished = event

    def stop(self, key: TaskKey, error: str) -> None:
        """End the run: what is pending goes out first."""
        self.flush()
        self._hub.publish(InferenceFinished(key=key, finished=self._finished, error=error))
        self._key = None

    async def keep_flushing(self) -> None:
        """Tell tokens as they come, at most ten times a second, until cancelled."""
        while True:
            await self._has_pending.wait()
            self.flush()
            await asyncio.sleep(FLUSH_S)

    def flush(self) -> None:
        """Tell the tokens that came since the last flush."""
        self._has_pending.clear()
        if self._key is None or not self._pending:
            return
        text, self._pending = "".join(self._pending), []
        self._hub.publish(
            TokensStreamed(
                key=self._key,
                text=text,
                token_count=self._count,
                prompt_tokens=self._prefilled.prompt_tokens if self._prefilled else None,
                first_token_ms=self._first.at_ms if self._first else None,
                tokens_per_s=self._rate(),
                token_at=self._token_at,
            )
        )

    def sample(self) -> None:
        """Add one second to the curve of rates; a quiet node adds one zero and then nothing."""
        rate = float(max(0, self._count - self._sampled_count))
        self._sampled_count = self._count
        if rate or self._last_rate:
            self._hub.publish(RateSampled(rate))
        self._last_rate = rate

    def _rate(self) -> float | None:
        if self._first is None or self._last is None or self._last.at_ms <= self._first.at_ms:
            return None
        return (self._last.count - self._first.count) / (self._last.at_ms - self._first.at_ms) * 1000
