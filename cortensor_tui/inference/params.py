"""Sampling parameters: what a task asks on chain, and what the engine can do of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from cortensor_tui.domain.inference import Clamp, SamplingParams
from cortensor_tui.domain.tasks import TaskDecoration

DEFAULT_MAX_TOKENS = 512
"""Applied where a task asks for 0 tokens, that is, does not say."""

_SCALE = 100
_PARAM_COUNT = 7
_LARGEST = 2**53
"""What every JSON reader holds exactly; the chain's 256-bit numbers are cut to it."""

_MAX_TOP_K = 1_000_000  # no vocabulary is larger


def asked_from_llm_params(values: Sequence[int]) -> SamplingParams:
    """Read `llmParams` as `submit` takes them.

    In order: max tokens, temperature x100, top-p x100, top-k, repeat penalty x100, presence penalty,
    frequency penalty. The scale of the last two is not public (every known client sends 0); they are taken
    as x100 like the others. A missing value counts as 0, one too many is ignored.
    """
    given = [_bounded(value) for value in values[:_PARAM_COUNT]]
    given += [0] * (_PARAM_COUNT - len(given))
    max_tokens, temperature, top_p, top_k, repeat_penalty, presence_penalty, frequency_penalty = given
    return SamplingParams(
        max_tokens=max_tokens,
        temperature=temperature / _SCALE,
        top_p=top_p / _SCALE,
        top_k=top_k,
        repeat_penalty=repeat_penalty / _SCALE,
        presence_penalty=presence_penalty / _SCALE,
        frequency_penalty=frequency_penalty / _SCALE,
    )


def asked_from_decoration(decoration: TaskDecoration, repeat_penalty: int | None = None) -> SamplingParams:
    """Read the parameters as the queue stores them.

    It has no repeat penalty; where `llmParams` is known from elsewhere, pass its value, x100. None means
    no penalty.
    """
    return asked_from_llm_params(
        (
            decoration.max_tokens,
            decoration.temperature,
            decoration.top_p,
            decoration.top_k,
            _SCALE if repeat_penalty is None else repeat_penalty,
            decoration.presence_penalty,
            decoration.frequency_penalty,
        )
    )


def fit(
    asked: SamplingParams, context_tokens: int, prompt_tokens: int | None = None
) -> tuple[SamplingParams, tuple[Clamp, ...]]:
    """Return what an engine with this context can do of what was asked, and each value it changed.

    Before the prompt is counted, pass None for its tokens: one is left for it. A prompt that fills the
    context is not judged here, the engine refuses it. Fitting what was fitted changes nothing.
    """
    clamps: list[Clamp] = []

    def number(name: str, low: float, high: float, neutral: float, zero_means: str = "") -> float:
        value = float(getattr(asked, name))
        applied, reason = value, ""
        if math.isnan(value):
            applied, reason = neutral, "not a number"
        elif value == 0 and zero_means:
            applied, reason = neutral, f"0 stands for {zero_means}"
        elif not low <= value <= high:
            applied, reason = min(max(value, low), high), f"possible are {low:g} to {high:g}"
        if reason:
            clamps.append(Clamp(name=name, asked=_finite(value), applied=applied, reason=reason))
        return applied

    fitted = SamplingParams(
        max_tokens=_fit_max_tokens(asked.max_tokens, context_tokens, prompt_tokens, clamps),
        temperature=number("temperature", 0.0, 2.0, 0.0),
        top_p=number("top_p", 0.01, 1.0, 1.0, "off"),
        top_k=int(number("top_k", 0, _MAX_TOP_K, 0)),
        repeat_penalty=number("repeat_penalty", 0.01, 10.0, 1.0, "off"),
        presence_penalty=number("presence_penalty", -2.0, 2.0, 0.0),
        frequency_penalty=number("frequency_penalty", -2.0, 2.0, 0.0),
    )
    return fitted, tuple(clamps)


def with_clamps(
    applied: SamplingParams, known: tuple[Clamp, ...], more: tuple[Clamp, ...]
) -> tuple[SamplingParams, tuple[Clamp, ...]]:
    """Return what was applied, and each value changed, where the engine changed more."""
    if not more:
        return applied, known
    changed = {clamp.name: clamp for clamp in more}
    values = {
        name: type(getattr(applied, name))(changed[name].applied)
        for name in applied.__struct_fields__
        if name in changed
    }
    kept = tuple(clamp for clamp in known if clamp.name not in changed)
    return msgspec.structs.replace(applied, **values), (*kept, *more)


def _fit_max_tokens(asked: int, context_tokens: int, prompt_tokens: int | None, clamps: list[Clamp]) -> int:
    room = max(1, context_tokens - (1 if prompt_tokens is None else prompt_tokens))
    applied, reason = asked, ""
    if asked <= 0:
        applied, reason = DEFAULT_MAX_TOKENS, "0 stands for the node's default"
    if applied > room:
        beside = "" if prompt_tokens is None else f" beside the prompt's {prompt_tokens}"
        applied, reason = room, f"the context of {context_tokens} tokens has room for {room}{beside}"
    if reason:
        clamps.append(Clamp(name="max_tokens", asked=float(asked), applied=float(applied), reason=reason))
    return applied


def _bounded(value: int) -> int:
    return max(-_LARGEST, min(_LARGEST, value))


def _finite(value: float) -> float:
    return 0.0 if math.isnan(value) else max(-float(_LARGEST), min(float(_LARGEST), value))
