"""What the node tells of the run going on, and of what it got through."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.inference import Finished
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.throughput import Span


class LiveInference(msgspec.Struct, frozen=True, kw_only=True):
    """The run going on, or the last one. `answer` is what has been streamed so far; `error` what ended it.

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
"""What moves the run going on."""


def run_after(live: LiveInference | None, change: RunChange) -> LiveInference | None:
    """Return the run as it stands after a change; one of another run alters nothing."""
    if isinstance(change, InferenceStarted):
        return change.live
    if live is None or change.key != live.key:
        return live
    if isinstance(change, InferenceFinished):
        return msgspec.structs.replace(live, finished=change.finished, error=change.error)
    return msgspec.structs.replace(
        live,
        answer=live.answer + change.text,
        token_count=change.token_count,
        prompt_tokens=change.prompt_tokens,
        first_token_ms=change.first_token_ms,
        tokens_per_s=change.tokens_per_s,
        token_at=change.token_at,
    )
