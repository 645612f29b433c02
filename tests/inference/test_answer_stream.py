"""One answer, from tokens' bytes to events: what is told, when, and that not a byte is lost."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.inference import Finished, FinishReason, GenerationEvent, Prefilled, Token
from cortensor_tui.inference.llama.answer import AnswerStream, unmistakable

from .engines import finish_of, text_of

END = "<|im_end|>"


def events_of(
    pieces: list[bytes], limit_tokens: int = 1_000_000, stop_texts: tuple[str, ...] = ()
) -> list[GenerationEvent]:
    """Run an answer of these tokens, on a clock that moves one second at each look."""
    ticks = itertools.count()
    answer = AnswerStream(3, limit_tokens, stop_texts, clock=lambda: float(next(ticks)))
    answer.prefill_begins()
    events: list[GenerationEvent] = [answer.prefilled()]
    for piece in pieces:
        event = answer.token(piece)
        events += [] if event is None else [event]
        if answer.reason is not None:
            break
    return [*events, *answer.finish(answer.reason or FinishReason.STOP)]


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(at % (len(data) + 1) for at in cuts)})
    return [data[begin:end] for begin, end in itertools.pairwise(edges)]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
CUTS = st.lists(st.integers(0, 10_000))


@given(text=TEXTS, cuts=CUTS)
def test_the_texts_joined_are_the_answer_wherever_tokens_cut_its_characters(
    text: str, cuts: list[int]
) -> None:
    pieces = cut(text.encode(), cuts)
    events = events_of(pieces)
    assert text_of(events) == text
    assert finish_of(events).answer_tokens == len(pieces)
    assert all(event.text for event in events if isinstance(event, Token))


def test_a_mark_that_could_be_html_ends_no_answer() -> None:
    marks = ("<|im_end|>", "</s>", "<end_of_turn>", "<|eot_id|>", "<s>", " ", "[/INST]")
    assert unmistakable(marks) == ("<|im_end|>", "<end_of_turn>", "<|eot_id|>", "[/INST]")


@given(data=st.binary(), cuts=CUTS)
def test_bytes_that_are_no_text_are_marked_the_same_however_they_are_cut(
    data: bytes, cuts: list[int]
) -> None:
    assert text_of(events_of(cut(data, cuts))) == data.decode("utf-8", "replace")


@given(before=TEXTS.filter(lambda text: END not in text), after=TEXTS, cuts=CUTS)
def test_a_mark_that_ends_the_turn_ends_the_answer_wherever_tokens_cut_it(
    before: str, after: str, cuts: list[int]
) -> None:
    text = before + END + after
    events = events_of(cut(text.encode(), cuts), stop_texts=(END, "</s>"))
    expected, stop = min(
        ((text[: text.find(stop)], stop) for stop in (END, "</s>") if stop in text),
        key=lambda found: len(found[0]),
    )
    assert text_of(events) == expected, f"stopped by {stop}"
    assert finish_of(events).reason is FinishReason.STOP


@given(text=TEXTS.filter(lambda text: END not in text), cuts=CUTS, size=st.integers(0, len(END) - 1))
def test_half_a_mark_at_the_end_is_only_text(text: str, cuts: list[int], size: int) -> None:
    whole = text + END[:size]
    assert text_of(events_of(cut(whole.encode(), cuts), stop_texts=(END,))) == whole


@given(answer=st.integers(0, 20), limit=st.integers(1, 20))
def test_the_limit_ends_an_answer_and_the_models_own_end_is_told_apart(answer: int, limit: int) -> None:
    finished = finish_of(events_of([b"a"] * answer, limit))
    assert finished.answer_tokens == min(answer, limit)
    assert finished.reason is (FinishReason.LENGTH if answer >= limit else FinishReason.STOP)


def test_times_are_counted_from_the_start_with_prefill_and_decode_apart() -> None:
    # The clock is looked at for the start, before and after prefill, then once a token.
    first, *tokens, finished = events_of([b"a", b"b", b"c"])
    assert first == Prefilled(prompt_tokens=3, prefill_ms=1000)
    assert [token.at_ms for token in tokens if isinstance(token, Token)] == [3000, 4000, 5000]
    assert isinstance(finished, Finished)
    assert (finished.first_token_ms, finished.decode_ms) == (3000, 2000)
    assert finished.decode_tokens_per_s == 1.0
    assert finished.prefill_tokens_per_s == 3.0


def test_an_answer_without_a_token_has_no_first_one() -> None:
    finished = finish_of(events_of([]))
    assert (finished.reason, finished.first_token_ms, finished.decode_ms) == (FinishReason.STOP, None, 0)
    assert finished.decode_tokens_per_s is None


@pytest.mark.parametrize(("reused", "speed"), [(0, 3.0), (2, 1.0)])
def test_what_was_not_read_again_does_not_make_reading_look_faster(reused: int, speed: float) -> None:
    ticks = itertools.count()
    answer = AnswerStream(3, 1, clock=lambda: float(next(ticks)))
    answer.prefill_begins()
    answer.prefilled()
    *_, finished = answer.finish(FinishReason.STOP, reused_tokens=reused)
    assert isinstance(finished, Finished)
    assert finished.prefill_tokens_per_s == speed
