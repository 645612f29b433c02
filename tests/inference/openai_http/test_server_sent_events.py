"""Server-Sent Events: the same however the bytes are cut, whatever ends a line, and never without bounds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.inference.openai_http.faults import Fault, ServerError
from cortensor_tui.inference.openai_http.server_sent_events import MAX_EVENT_BYTES, EventReader

texts = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1, max_size=20)


def read(pieces: Sequence[bytes]) -> list[bytes]:
    reader = EventReader()
    found = [data for piece in pieces for data in reader.feed(piece)]
    return found + list(reader.close())


@given(data=st.data(), events=st.lists(texts, max_size=6), line_end=st.sampled_from([b"\n", b"\r\n"]))
def test_events_are_the_same_however_their_bytes_are_cut(
    data: st.DataObject, events: list[str], line_end: bytes
) -> None:
    whole = b"".join(b": ping" + line_end + b"data: " + one.encode() + 2 * line_end for one in events)
    places = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    cuts = [0, *places, len(whole)]
    pieces = [whole[start:end] for start, end in itertools.pairwise(cuts)]
    assert read(pieces) == [one.encode() for one in events]


def test_other_fields_and_comments_are_no_data() -> None:
    assert read([b": ping\n\nevent: message\nid: 7\nretry: 5\ndata: one\n\n"]) == [b"one"]


def test_data_over_several_lines_is_one_event() -> None:
    assert read([b"data: {\ndata: }\n\n"]) == [b"{\n}"]


def test_an_event_without_the_line_that_ends_it_counts_when_the_stream_is_over() -> None:
    assert read([b"data: one\n\ndata: two"]) == [b"one", b"two"]


@pytest.mark.parametrize(
    "piece", [b"data: " + b"x" * 65_536, b"data: x\n" * 8_192], ids=["one line", "lines without end"]
)
def test_an_event_beyond_all_measure_is_given_up(piece: bytes) -> None:
    with pytest.raises(ServerError) as caught:
        read([piece] * (2 + MAX_EVENT_BYTES // 8_192))
    assert caught.value.fault is Fault.GARBLED
