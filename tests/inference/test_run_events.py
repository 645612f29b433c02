"""One run, with a model of plain lists: what is told, when, and that not a byte is lost."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.inference import (
    Finished,
    FinishReason,
    GenerationEvent,
    Prefilled,
    SamplingParams,
    Token,
)
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.llama.run import run

from .engines import GREEDY, ask, finish_of, text_of


class ListModel:
    """A model whose prompt is so many tokens and whose answer is these pieces."""

    def __init__(self, pieces: list[bytes], prompt_tokens: int = 3, context_tokens: int = 1_000_000) -> None:
        self.context_tokens = context_tokens
        self._pieces = pieces
        self._prompt_tokens = prompt_tokens

    def tokenize(self, messages: tuple[tuple[str, str], ...]) -> list[int]:
        return list(range(self._prompt_tokens))

    def prefill(self, tokens: list[int], is_cancelled: Callable[[], bool]) -> bool:
        return not is_cancelled()

    def pieces(self, params: SamplingParams, seed: int) -> Iterator[bytes]:
        return iter(self._pieces)


def events_of(
    model: ListModel, max_tokens: int = 1_000_000, is_cancelled: Callable[[], bool] = lambda: False
) -> list[GenerationEvent]:
    params = msgspec.structs.replace(GREEDY, max_tokens=max_tokens)
    ticks = itertools.count()
    return list(run(model, ask("x", params), is_cancelled, clock=lambda: float(next(ticks))))


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(at % (len(data) + 1) for at in cuts)})
    return [data[begin:end] for begin, end in itertools.pairwise(edges)]


@given(text=st.text(st.characters(exclude_categories=["Cs"])), cuts=st.lists(st.integers(0, 10_000)))
def test_the_texts_joined_are_the_answer_wherever_tokens_cut_its_characters(
    text: str, cuts: list[int]
) -> None:
    pieces = cut(text.encode(), cuts)
    events = events_of(ListModel(pieces))
    assert text_of(events) == text
    assert finish_of(events).answer_tokens == len(pieces)
    assert all(event.text for event in events if isinstance(event, Token))


@given(data=st.binary(), cuts=st.lists(st.integers(0, 10_000)))
def test_bytes_that_are_no_text_are_marked_the_same_however_they_are_cut(
    data: bytes, cuts: list[int]
) -> None:
    assert text_of(events_of(ListModel(cut(data, cuts)))) == data.decode("utf-8", "replace")


@given(answer=st.integers(0, 20), limit=st.integers(1, 20))
def test_the_limit_ends_a_run_and_the_models_own_end_is_told_apart(answer: int, limit: int) -> None:
    finished = finish_of(events_of(ListModel([b"a"] * answer), limit))
    assert finished.answer_tokens == min(answer, limit)
    assert finished.reason is (FinishReason.LENGTH if answer >= limit else FinishReason.STOP)


@pytest.mark.parametrize(("prompt", "answer"), [(9, 1), (4, 6)])
def test_the_answer_gets_the_room_the_prompt_leaves(prompt: int, answer: int) -> None:
    model = ListModel([b"a"] * 50, prompt_tokens=prompt, context_tokens=10)
    assert finish_of(events_of(model)).answer_tokens == answer


def test_a_prompt_that_leaves_no_room_is_refused_with_both_numbers() -> None:
    with pytest.raises(ProblemError) as caught:
        events_of(ListModel([b"a"], prompt_tokens=10, context_tokens=10))
    assert caught.value.problem.code == "prompt_too_long"
    assert "10 tokens" in caught.value.problem.what
    assert "10 tokens" in caught.value.problem.why


def test_times_are_counted_from_the_start_with_prefill_and_decode_apart() -> None:
    # The clock moves one second at each look: start, before and after prefill, then once a token.
    first, *tokens, finished = events_of(ListModel([b"a", b"b", b"c"]))
    assert first == Prefilled(prompt_tokens=3, prefill_ms=1000)
    assert [token.at_ms for token in tokens if isinstance(token, Token)] == [3000, 4000, 5000]
    assert isinstance(finished, Finished)
    assert (finished.first_token_ms, finished.decode_ms) == (3000, 2000)
    assert finished.decode_tokens_per_s == 1.0
    assert finished.prefill_tokens_per_s == 3.0


def test_a_run_without_a_token_has_no_first_one() -> None:
    finished = finish_of(events_of(ListModel([])))
    assert (finished.reason, finished.first_token_ms, finished.decode_ms) == (FinishReason.STOP, None, 0)
    assert finished.decode_tokens_per_s is None


@pytest.mark.parametrize(("looks_before", "tokens"), [(0, 0), (1, 0), (2, 1), (4, 3)])
def test_cancel_is_seen_before_and_in_prefill_and_after_each_token(looks_before: int, tokens: int) -> None:
    looks = itertools.count()
    events = events_of(ListModel([b"a"] * 9), is_cancelled=lambda: next(looks) >= looks_before)
    assert (finish_of(events).reason, finish_of(events).answer_tokens) == (FinishReason.CANCELLED, tokens)
