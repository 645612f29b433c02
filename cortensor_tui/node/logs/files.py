"""The log's files read backwards: the newest is at the path, older ones have numbers behind their name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cortensor_tui.domain.logs import LogFilter, LogLine
from cortensor_tui.node.logs.lines import MOST_LINE_BYTES, log_line
from cortensor_tui.node.logs.ring import FilePlace

MOST_SEARCHED_BYTES = 4 * 1024 * 1024
"""Of one request; who wants more asks again."""
_BLOCK_BYTES = 128 * 1024


class FilePage(NamedTuple):
    """Wanted lines, newest first, and where to read on; None at the beginning of the oldest file."""

    lines: list[LogLine]
    next: FilePlace | None


class _Found(NamedTuple):
    start: int
    raw: bytes
    size: int


def read_back(path: Path, place: FilePlace, wanted: LogFilter, limit: int) -> FilePage:
    """Return up to `limit` wanted lines that stand before a place. A file that is gone has none."""
    lines: list[LogLine] = []
    searched = 0
    for file in _from(path, place):
        offset = place.offset if file == place.file else None
        try:
            handle = _open(path, file)
        except FileNotFoundError:
            continue
        with handle:
            for found in _lines_before(handle, offset):
                searched += found.size + 1
                line = log_line(found.raw, found.size)
                if wanted.wants(line):
                    lines.append(line)
                if len(lines) >= limit or searched >= MOST_SEARCHED_BYTES:
                    return FilePage(lines, _further(path, FilePlace(file, found.start)))
    return FilePage(lines, None)


def _further(path: Path, place: FilePlace) -> FilePlace | None:
    """Return the place unless there is nothing before it."""
    return place if place.offset > 0 or len(list(_from(path, place))) > 1 else None


def _files(path: Path) -> dict[int, Path]:
    """Return the log's files by inode, the newest first."""
    found: dict[int, Path] = {}
    for number in range(100):
        one = path if number == 0 else path.with_name(f"{path.name}.{number}")
        try:
            found.setdefault(one.stat().st_ino, one)
        except FileNotFoundError:
            if number:
                break
    return found


def _from(path: Path, place: FilePlace) -> Iterator[int]:
    """Yield the files from the place's own towards the past."""
    files = list(_files(path))
    yield from files[files.index(place.file) :] if place.file in files else ()


def _open(path: Path, file: int) -> BinaryIO:
    handle = _files(path).get(file, path).open("rb")
    if os.fstat(handle.fileno()).st_ino != file:  # renamed in between
        handle.close()
        raise FileNotFoundError(path)
    return handle


def _lines_before(handle: BinaryIO, offset: int | None) -> Iterator[_Found]:
    """Yield the lines before an offset (the file's end if None), the last one first.

    Of a line that is longer than a line may be, only the start is held.
    """
    end = handle.seek(0, os.SEEK_END)
    position = end if offset is None else min(offset, end)
    tail, lost = b"", 0  # the start of the line that reaches into the block before, and what was let go of it
    while position > 0:
        step = min(_BLOCK_BYTES, position)
        position -= step
        handle.seek(position)
        *others, last = (handle.read(step) + tail).split(b"\n")
        pieces = [*others, last]
        start = position + sum(len(piece) + 1 for piece in others)
        for index in range(len(pieces) - 1, 0, -1):
            size = len(pieces[index]) + (lost if index == len(pieces) - 1 else 0)
            if size:
                yield _Found(start, pieces[index][: MOST_LINE_BYTES + 1], size)
            start -= len(pieces[index - 1]) + 1
        tail, lost = _shortened(pieces[0], lost if len(pieces) == 1 else 0)
    if tail:
        yield _Found(0, tail, len(tail) + lost)


def _shortened(tail: bytes, lost: int) -> tuple[bytes, int]:
    kept = tail[: MOST_LINE_BYTES + 1]
    return kept, lost + len(tail) - len(kept)
