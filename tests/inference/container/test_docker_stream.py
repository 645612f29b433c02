"""A container's log comes out as it was written, however it was cut; a pull's lines add up."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.inference.container.docker_stream import LogFrames, LogLines, PullProgress

CUTS = st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=50)


def framed(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """Cut the data in pieces of these sizes, again from the first size until nothing is left."""
    pieces = []
    while data:
        for size in sizes:
            pieces.append(data[:size])
            data = data[size:]
    return [piece for piece in pieces if piece]


@given(st.lists(st.tuples(st.integers(1, 2), st.binary(max_size=60)), max_size=20), CUTS)
def test_frames_give_back_what_was_written(written: list[tuple[int, bytes]], sizes: list[int]) -> None:
    wire = b"".join(framed(stream, data) for stream, data in written)
    frames = LogFrames()

    read = b"".join(piece for chunk in cut(wire, sizes) for piece in frames.feed(chunk))

    assert read == b"".join(data for _, data in written)


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1), CUTS)
def test_the_log_of_a_terminal_has_no_frames_and_comes_as_it_is(text: str, sizes: list[int]) -> None:
    frames = LogFrames()

    read = b"".join(piece for chunk in cut(text.encode(), sizes) for piece in frames.feed(chunk))

    assert read == text.encode()


@given(st.lists(st.binary(max_size=200), max_size=20), CUTS)
def test_lines_are_inert_and_bounded_whatever_is_in_them(pieces: list[bytes], sizes: list[int]) -> None:
    lines = LogLines()

    told = [line for chunk in cut(b"\n".join(pieces) + b"\n", sizes) for line in lines.feed(chunk)]

    assert all(line.isprintable() and 0 < len(line) <= 500 for line in told)


def test_a_line_without_an_end_is_told_in_parts_and_not_kept_whole() -> None:
    lines = LogLines()

    told = [line for _ in range(100) for line in lines.feed(b"x" * 1000)]

    assert len(told) == 100_000 // 4096
    assert all(len(line) == 500 for line in told)


def test_lines_with_escape_sequences_show_them() -> None:
    assert list(LogLines().feed(b"\x1b[31mred\r\n\n  \nnext")) == ["␛[31mred"]


def line(**told: object) -> bytes:
    return json.dumps(told).encode()


def test_a_pull_adds_up_its_layers() -> None:
    pull = PullProgress()
    assert pull.fraction is None

    pull.take(line(status="Pulling from library/x", id="latest"))
    pull.take(line(status="Downloading", id="a", progressDetail={"current": 10, "total": 100}))
    pull.take(line(status="Downloading", id="b", progressDetail={"current": 0, "total": 100}))
    assert pull.fraction == 0.05
    pull.take(line(status="Download complete", id="a", progressDetail={}))
    assert pull.fraction == 0.5
    pull.take(line(status="Extracting", id="a", progressDetail={"current": 1, "total": 100}))
    assert pull.fraction == 0.5


def test_a_failed_pull_says_why() -> None:
    pull = PullProgress()

    pull.take(line(errorDetail={"message": "no\x1bspace"}, error="no\x1bspace"))

    assert pull.error == "no␛space"


@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=10) | st.floats(allow_nan=False),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["id", "status", "error", "progressDetail", "current", "total"]), inner
                )
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_no_line_of_a_pull_is_too_odd(told: bytes) -> None:
    pull = PullProgress()

    pull.take(told)

    assert pull.fraction is None or 0 <= pull.fraction <= 1
    assert pull.error.isprintable()
