"""What the node tells of the runs going on, and of what it got through."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.inference import Finished
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.throughput import Span


class LiveInference(msgspec.Struct, frozen=True, kw_only=True):
    """A run going on, or one that is over. `answer` is what has been streamed so far; `error` what ended it.

    `started_at` is when the engine was given the prompt, `token_at` when its last token came, unix seconds.

    `is_hidden`: prompt and answer were left out, as the text of tokens will be, since the session is private.
    """

    key: TaskKey
    prompt: str
    answer: str
    token_count: int
    started_at: float
    prompt_tokens: int | None = None
    first_token_ms: float | None = None
    tokens_per_s: float | None = None
    finished: Finished | None = None
    error: str = ""
    is_hidden: bool = False
    token_at: float | None = None

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more comes of it."""
        return self.finished is not None or bool(self.error)


class InferenceStarted(msgspec.Struct, frozen=True, tag="inference_started"):
    live: LiveInference


class TokensStreamed(msgspec.Struct, frozen=True, kw_only=True, tag="tokens"):
    """Text that follows what was streamed before; several tokens travel together."""

    key: TaskKey
    text: str
    token_count: int
    prompt_tokens: int | None
    first_token_ms: float | None
    tokens_per_s: float | None
    token_at: float | None = None


class InferenceFinished(msgspec.Struct, frozen=True, kw_only=True, tag="inference_finished"):
    key: TaskKey
    finished: Finished | None
    error: str = ""


class RateSampled(msgspec.Struct, frozen=True, tag="rate"):
    """Decode speed over the last second, one point of the sparkline; 0 while idle."""

    tokens_per_s: float


class ThroughputChanged(msgspec.Struct, frozen=True, tag="throughput"):
    """Spans as they now stand, each in the place of the one before; see `Throughput.with_spans`."""

    spans: tuple[Span, ...]


LiveChange = InferenceStarted | TokensStreamed | InferenceFinished | RateSampled | ThroughputChanged
RunChange = InferenceStarted | TokensStreamed | InferenceFinished
"""What moves the runs going on."""

Runs = tuple[LiveInference, ...]
"""At most one that is over, the last to end, then those going on in the order of their starts."""


def runs_after(runs: Runs, change: RunChange) -> Runs:
    """Return the runs as they stand after a change; one of a run that does not go on alters nothing."""
    if isinstance(change, InferenceStarted):
        return (*(run for run in runs if run.key != change.live.key and not run.is_over), change.live)
    changed = next((run for run in runs if run.key == change.key and not run.is_over), None)
    if changed is None:
        return runs
    if isinstance(change, InferenceFinished):
        over = msgspec.structs.replace(changed, finished=change.finished, error=change.error)
        return (over, *(run for run in runs if run is not changed and not run.is_over))
    more = _with_tokens(changed, change)
    return tuple(more if run is changed else run for run in runs)


def newest_run(runs: Runs) -> LiveInference | None:
    """Return the run that began last of those going on, else the one that ended last."""
    return runs[-1] if runs else None


def _with_tokens(run: LiveInference, change: TokensStreamed) -> LiveInference:
    return msgspec.structs.replace(
        run,
        answer=run.answer + change.text,
        token_count=change.token_count,
        prompt_tokens=change.prompt_tokens,
        first_token_ms=change.first_token_ms,
        tokens_per_s=change.tokens_per_s,
        token_at=change.token_at,
    )
