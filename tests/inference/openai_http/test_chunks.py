"""Whatever JSON a stream holds, it gives events, or words about the server."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.inference import GenerationEvent, Token
from cortensor_tui.inference.openai_http.answer import Answer
from cortensor_tui.inference.openai_http.faults import Fault, ServerError
from cortensor_tui.inference.openai_http.requests import request_for
from cortensor_tui.inference.openai_http.servers import ListedModel, plain_server
from tests.inference.engines import GREEDY, ask, text_of

NAMES = (
    *("choices", "delta", "content", "text", "finish_reason", "error", "message"),
    *("usage", "prompt_tokens", "timings", "prompt_n", "cache_n", "prompt_ms"),
    *("prompt_progress", "total", "processed"),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=15,
)
SERVER = plain_server(ListedModel(model_id="m", owner="", context_tokens=None))


def taken(answer: Answer, said: list[Any]) -> tuple[list[GenerationEvent], Fault | None]:
    """Return the events of a stream and what was wrong with it."""
    events: list[GenerationEvent] = []
    try:
        for value in said:
            events += answer.take(msgspec.json.encode(value))
    except ServerError as error:
        return events, error.fault
    return events, None


@given(said=st.lists(values, max_size=5))
def test_whatever_a_stream_says_is_taken_or_told(said: list[Any]) -> None:
    answer = Answer(GREEDY, request_for(ask("Hello"), SERVER), lambda: 0.0)
    _, fault = taken(answer, said)
    assert fault in (None, Fault.FAILED, Fault.GARBLED)
    finished = answer.finished()
    assert finished.answer_tokens >= 0
    assert finished.prompt_tokens is None or finished.prompt_tokens >= 0
    speed = finished.prefill_tokens_per_s
    assert speed is None or finished.prefill_ms > 0


@given(texts=st.lists(st.text(max_size=20), max_size=10))
def test_the_answer_is_the_texts_joined_byte_for_byte(texts: list[str]) -> None:
    answer = Answer(GREEDY, request_for(ask("Hello"), SERVER), lambda: 0.0)
    events, fault = taken(answer, [{"choices": [{"delta": {"content": text}}]} for text in texts])
    assert fault is None
    assert text_of(events) == "".join(texts)
    assert [event.count for event in events if isinstance(event, Token)] == list(range(1, len(events) + 1))
