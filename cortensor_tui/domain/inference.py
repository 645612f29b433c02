"""What a task asks of the model, what it gets, and what came out."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cortensor_tui.domain.models import ModelFile
from cortensor_tui.domain.problems import Problem


class SamplingParams(msgspec.Struct, frozen=True, kw_only=True):
    """Sampling in natural units (temperature 0.7, not 70), asked or applied."""

    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    repeat_penalty: float
    presence_penalty: float
    frequency_penalty: float


def greedy(max_tokens: int) -> SamplingParams:
    """Return how the likeliest token is taken each time, and nothing drawn or penalised."""
    return SamplingParams(
        max_tokens=max_tokens,
        temperature=0.0,
        top_p=1.0,
        top_k=0,
        repeat_penalty=1.0,
        presence_penalty=0.0,
        frequency_penalty=0.0,
    )


class Clamp(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter that was asked outside what the engine can do, and what it became."""

    name: str
    asked: float
    applied: float
    reason: str


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """One run to be done by an engine. `messages` are (role, text); raw text has the one role "raw".

    Of runs that wait, the one with the earliest `deadline_at` (unix seconds) goes first; one without counts
    as due in a while. `session_id` names whose earlier prompts this run may reuse, None nobody's. A run that
    `is_reproducible` has the engine to itself and reuses nothing, so that its answer is always the same.
    """

    messages: tuple[tuple[str, str], ...]
    params: SamplingParams
    seed: int
    deadline_at: float | None = None
    session_id: int | None = None
    is_reproducible: bool = False


class Admitted(msgspec.Struct, frozen=True, kw_only=True, tag="admitted"):
    """The engine has room for the run and works on it from now on; until then it waited inside."""


class Token(msgspec.Struct, frozen=True, kw_only=True, tag="token"):
    """A streamed piece of answer. `at_ms` counts from when the run was asked; `count` is tokens so far."""

    text: str
    count: int
    at_ms: float


class Prefilled(msgspec.Struct, frozen=True, kw_only=True, tag="prefilled"):
    """The prompt has been read."""

    prompt_tokens: int
    prefill_ms: float


class FinishReason(StrEnum):
    """Why a run ended."""

    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """The run is over. Times in ms; the answer is the streamed texts joined, byte for byte.

    Of the prompt, `reused_tokens` were known from an earlier run and not read again. `slots_busy` is how
    many runs there were at once, this one included, when there were most. `sampler_chain` names the stages
    that chose each token, the first one first; empty where the engine does not tell. `clamps` are parameters
    that the engine could not be told. `prompt_tokens` and `reused_tokens` are None where it does not say, and
    `prefill_ms` is 0 there.
    """

    reason: FinishReason
    prompt_tokens: int | None
    answer_tokens: int
    prefill_ms: float
    first_token_ms: float | None
    decode_ms: float
    reused_tokens: int | None = 0
    slots_busy: int = 1
    sampler_chain: tuple[str, ...] = ()
    clamps: tuple[Clamp, ...] = ()

    @property
    def prefill_tokens_per_s(self) -> float | None:
        """Return the speed at which the prompt was read, None where nothing was measured."""
        if self.prompt_tokens is None or self.prefill_ms <= 0:
            return None
        return (self.prompt_tokens - (self.reused_tokens or 0)) / self.prefill_ms * 1000

    @property
    def decode_tokens_per_s(self) -> float | None:
        """Return the decode speed over the tokens after the first, None below two tokens."""
        return (self.answer_tokens - 1) / self.decode_ms * 1000 if self.decode_ms > 0 else None


GenerationEvent = Admitted | Prefilled | Token | Finished


class EngineState(StrEnum):
    """Life of an engine."""

    STARTING = "starting"
    LOADING = "loading"
    READY = "ready"
    BUSY = "busy"
    FAILED = "failed"
    STOPPED = "stopped"


class LostRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that gave no answer since its engine went away, at `at` in unix seconds."""

    at: float
    why: str


class EngineFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer depends on beside its prompt, as the engine tells it: None or "" where it does not.

    `slots` is how many runs it takes at once, `kv_type` the number type of what it keeps of a prompt,
    `template_sha256` the digest of its chat template's text, in hex. `gpu_layers`
    is how many of its layers a GPU computes, its output counted as one.
    """

    build: str = ""
    context_tokens: int | None = None
    batch_tokens: int | None = None
    decode_threads: int | None = None
    prefill_threads: int | None = None
    slots: int | None = None
    flash_attention: bool | None = None
    kv_type: str = ""
    template_sha256: str = ""
    gpu_layers: int | None = None


class SelfTest(msgspec.Struct, frozen=True, kw_only=True):
    """How a short prompt went right after the model was loaded, at `at` in unix seconds.

    Figures are None where nothing was measured; `problem` is what is wrong, None where the model answered.
    """

    at: float
    answer_tokens: int | None = None
    first_token_ms: float | None = None
    prefill_tokens_per_s: float | None = None
    decode_tokens_per_s: float | None = None
    problem: Problem | None = None


class EngineHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the engine now. `load_progress` runs from 0 to 1, `runs` counts those worked on.

    `silent_since` is when an engine that works or waits was heard of last, unix seconds, None while it
    answers. `died_at` and `death` are when and how its process ended last unasked; they stay when it is back.
    `model_file` is what is loaded, None where the engine does not tell. One that is not ours is a server that
    others start: it is lost and found again, where ours dies and is restarted. `self_test` is None until
    it was made, and of a server. `warning` is what the engine runs without though it was asked for,
    `context_warning` that its context is smaller than was asked for. `loading_for` is the session on whose
    wish the model is being changed. `failure` is what `error` says, in its parts, while the engine is down.
    `step` is what a start is at before there is a model to load: an image that is pulled, say.
    """

    state: EngineState
    engine: str
    model: str
    context_tokens: int | None = None
    load_progress: float | None = None
    step: str = ""
    restarts: int = 0
    rss_bytes: int | None = None
    error: str = ""
    silent_since: float | None = None
    died_at: float | None = None
    death: str = ""
    runs: int = 0
    facts: EngineFacts | None = None
    model_file: ModelFile | None = None
    self_test: SelfTest | None = None
    is_ours: bool = True
    warning: Problem | None = None
    loading_for: int | None = None
    context_warning: Problem | None = None
    failure: Problem | None = None

    @property
    def is_down(self) -> bool:
        """Tell whether it failed and nothing has come of starting it again yet."""
        is_tried = self.state is EngineState.STARTING and self.load_progress is None
        return self.state is EngineState.FAILED or (is_tried and self.failure is not None)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Return everything that is otherwise than it was asked for."""
        return tuple(one for one in (self.warning, self.context_warning) if one is not None)

    @property
    def busy_words(self) -> str:
        """Return how many runs go on, of how many that it takes at once; "" for none."""
        if self.runs == 0:
            return ""
        if self.facts is not None and self.facts.slots is not None:
            busy = min(self.runs, self.facts.slots)
            waiting = f", {self.runs - busy} waiting" if self.runs > busy else ""
            return f"{busy} of {self.facts.slots} slots busy{waiting}"
        return f"{self.runs} run{'s' if self.runs > 1 else ''}"
