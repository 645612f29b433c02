"""What a task asks on chain becomes what an engine can do, and every change is told."""

from __future__ import annotations

import math

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.inference import SamplingParams
from cortensor_tui.domain.tasks import TaskDecoration
from cortensor_tui.inference.params import (
    DEFAULT_MAX_TOKENS,
    asked_from_decoration,
    asked_from_llm_params,
    fit,
)

on_chain = st.integers(0, 2**256 - 1) | st.integers(0, 500)
any_asked = st.builds(
    SamplingParams,
    max_tokens=st.integers(-(2**60), 2**60),
    temperature=st.floats(),
    top_p=st.floats(),
    top_k=st.integers(-(2**60), 2**60),
    repeat_penalty=st.floats(),
    presence_penalty=st.floats(),
    frequency_penalty=st.floats(),
)
contexts = st.integers(1, 200_000)


def test_the_usual_seven_are_read_in_their_order_and_scale() -> None:
    asked = asked_from_llm_params([128, 70, 95, 40, 110, 20, 30])
    assert asked == SamplingParams(
        max_tokens=128,
        temperature=0.7,
        top_p=0.95,
        top_k=40,
        repeat_penalty=1.1,
        presence_penalty=0.2,
        frequency_penalty=0.3,
    )
    assert fit(asked, 2048) == (asked, ())


def test_the_queue_keeps_six_and_the_seventh_comes_from_elsewhere_or_is_neutral() -> None:
    decoration = TaskDecoration(
        prompt_type=1,
        prompt_template="",
        max_tokens=128,
        temperature=70,
        top_p=95,
        top_k=40,
        presence_penalty=20,
        frequency_penalty=30,
    )
    assert asked_from_decoration(decoration, 110) == asked_from_llm_params([128, 70, 95, 40, 110, 20, 30])
    assert asked_from_decoration(decoration).repeat_penalty == 1.0


@given(values=st.lists(on_chain, max_size=9))
def test_any_numbers_of_the_chain_are_read_and_survive_the_wire(values: list[int]) -> None:
    asked = asked_from_llm_params(values)
    assert msgspec.json.decode(msgspec.json.encode(asked), type=SamplingParams) == asked
    assert all(math.isfinite(getattr(asked, name)) for name in SamplingParams.__struct_fields__)


@given(asked=any_asked, context=contexts, prompt=st.none() | st.integers(0, 300_000))
def test_what_is_applied_is_within_what_llama_cpp_takes(
    asked: SamplingParams, context: int, prompt: int | None
) -> None:
    applied, _ = fit(asked, context, prompt)
    assert 1 <= applied.max_tokens <= max(1, context - (1 if prompt is None else prompt))
    assert 0 <= applied.temperature <= 2
    assert 0 < applied.top_p <= 1
    assert 0 <= applied.top_k < 2**31
    assert 0 < applied.repeat_penalty <= 10
    assert -2 <= applied.presence_penalty <= 2
    assert -2 <= applied.frequency_penalty <= 2


@given(asked=any_asked, context=contexts, prompt=st.none() | st.integers(0, 300_000))
def test_each_change_is_told_once_with_a_reason_and_nothing_else_is(
    asked: SamplingParams, context: int, prompt: int | None
) -> None:
    applied, clamps = fit(asked, context, prompt)
    changed = {
        name
        for name in SamplingParams.__struct_fields__
        if getattr(asked, name) != getattr(applied, name)  # NaN differs from everything, as it should
    }
    assert sorted(clamp.name for clamp in clamps) == sorted(changed)
    for clamp in clamps:
        assert clamp.reason
        assert clamp.applied == getattr(applied, clamp.name)
        assert math.isfinite(clamp.asked)


@given(asked=any_asked, context=contexts, prompt=st.none() | st.integers(0, 300_000))
def test_fitting_again_changes_nothing(asked: SamplingParams, context: int, prompt: int | None) -> None:
    applied, _ = fit(asked, context, prompt)
    assert fit(applied, context, prompt) == (applied, ())


def test_zero_means_not_said() -> None:
    applied, clamps = fit(asked_from_llm_params([0] * 7), 100_000)
    assert applied.max_tokens == DEFAULT_MAX_TOKENS
    assert (applied.temperature, applied.top_k) == (
        0,
        0,
    )  # greedy, and no limit: both are values of their own
    assert (applied.top_p, applied.repeat_penalty) == (1, 1)
    assert {clamp.name for clamp in clamps} == {"max_tokens", "top_p", "repeat_penalty"}


def test_the_reason_says_what_the_prompt_left() -> None:
    _, clamps = fit(asked_from_llm_params([4096, 70, 100, 40, 100, 0, 0]), 512, 500)
    assert [clamp.applied for clamp in clamps] == [12]
    assert "512" in clamps[0].reason
    assert "500" in clamps[0].reason
