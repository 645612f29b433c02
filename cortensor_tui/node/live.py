"""The runs going on: tokens are counted as they come and told four times a second."""

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
FLUSH_S = 0.25


class LiveRuns:
    """Gathers the runs' events. `keep_flushing` is to run beside it, `sample` is called once a second."""

    def __init__(self, hub: Hub, clock: Clock = SYSTEM_CLOCK) -> None:
        self._hub = hub
        self._clock = clock
        self._runs: dict[TaskKey, _Run] = {}
        self._has_pending = asyncio.Event()
        self._token_count = 0  # of all runs, since the last sample
        self._last_rate = 0.0

    def start(self, key: TaskKey, prompt: str) -> None:
        """Begin a task's run with its prompt."""
        self._runs[key] = _Run(key)
        live = LiveInference(
            key=key,
            prompt=prompt[:SHOWN_PROMPT_CHARS],
            answer="",
            token_count=0,
            started_at=self._clock.now(),
        )
        self._hub.publish(InferenceStarted(live))

    def event(self, key: TaskKey, event: GenerationEvent) -> None:
        """Take one event of a task's run."""
        run = self._runs[key]
        before = run.count
        run.take(event, self._clock.now())
        self._token_count += run.count - before
        if isinstance(event, Token):
            self._has_pending.set()

    def stop(self, key: TaskKey, error: str) -> None:
        """End a task's run: what is pending of it goes out first."""
        run = self._runs.pop(key)
        self._tell(run)
        self._hub.publish(InferenceFinished(key=key, finished=run.finished, error=error))

    async def keep_flushing(self) -> None:
        """Tell tokens as they come, at most four times a second, until cancelled."""
        while True:
            await self._has_pending.wait()
            self.flush()
            await asyncio.sleep(FLUSH_S)

    def flush(self) -> None:
        """Tell the tokens that came since the last flush."""
        self._has_pending.clear()
        for run in self._runs.values():
            self._tell(run)

    def sample(self) -> None:
        """Add one second to the curve of rates; a quiet node adds one zero and then nothing."""
        rate, self._token_count = float(self._token_count), 0
        if rate or self._last_rate:
            self._hub.publish(RateSampled(rate))
        self._last_rate = rate

    def _tell(self, run: _Run) -> None:
        if (tokens := run.streamed()) is not None:
            self._hub.publish(tokens)


class _Run:
    """One run: what it has given, and what of it is still to be told."""

    def __init__(self, key: TaskKey) -> None:
        self._key = key
        self._pending: list[str] = []
        self._prefilled: Prefilled | None = None
        self._first: Token | None = None
        self._last: Token | None = None
        self._token_at: float | None = None
        self.finished: Finished | None = None

    @property
    def count(self) -> int:
        return self._last.count if self._last else 0

    def take(self, event: GenerationEvent, now: float) -> None:
        """Take one event of it that came now, unix seconds."""
        if isinstance(event, Token):
            self._pending.append(event.text)
            self._first = self._first or event
            self._last, self._token_at = event, now
        elif isinstance(event, Prefilled):
            self._prefilled = event
        elif isinstance(event, Finished):
            self.finished = event

    def streamed(self) -> TokensStreamed | None:
        """Return what came since this was asked last, None where nothing did."""
        if not self._pending:
            return None
        text, self._pending = "".join(self._pending), []
        return TokensStreamed(
            key=self._key,
            text=text,
            token_count=self.count,
            prompt_tokens=self._prefilled.prompt_tokens if self._prefilled else None,
            first_token_ms=self._first.at_ms if self._first else None,
            tokens_per_s=self._rate(),
            token_at=self._token_at,
        )

    def _rate(self) -> float | None:
        if self._first is None or self._last is None or self._last.at_ms <= self._first.at_ms:
            return None
        return (self._last.count - self._first.count) / (self._last.at_ms - self._first.at_ms) * 1000
