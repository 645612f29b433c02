"""The newest lines of the log, in memory: what is asked for each second needs no file."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import NamedTuple

from cortensor_tui.domain.logs import LogFilter, LogLine
from cortensor_tui.node.logs.lines import log_line

MOST_LINES = 2_000
MOST_BYTES = 4 * 1024 * 1024


class FilePlace(NamedTuple):
    """A place in one of the log's files: the file's inode, which it keeps when it is renamed, and bytes."""

    file: int
    offset: int


class Kept(NamedTuple):
    """One line with its number since the start; `place` is where the file had come to before it."""

    number: int
    line: LogLine
    place: FilePlace | None
    size: int


class Page(NamedTuple):
    """Wanted lines, oldest first; `left_out` are those that did not fit, all of them older."""

    lines: list[LogLine]
    left_out: int
    first: Kept | None
    """The oldest line that was looked at."""


class LogRing:
    """Bounded in lines and bytes. Any thread may add; numbers count from 1 and are never reused."""

    def __init__(self) -> None:
        self._kept: deque[Kept] = deque()
        self._bytes = 0
        self._newest = 0
        self._lock = Lock()

    @property
    def newest(self) -> int:
        """Return the number of the last line, 0 before the first."""
        return self._newest

    def add(self, raw: bytes, place: FilePlace | None = None) -> None:
        """Keep a line as it is in the file; the oldest make room."""
        line, size = log_line(raw, len(raw)), len(raw)
        with self._lock:
            self._newest += 1
            self._kept.append(Kept(self._newest, line, place, size))
            self._bytes += size
            while len(self._kept) > MOST_LINES or (self._bytes > MOST_BYTES and len(self._kept) > 1):
                self._bytes -= self._kept.popleft().size

    def page(self, wanted: LogFilter, *, after: int = 0, before: int | None = None, limit: int) -> Page:
        """Return the newest wanted lines whose numbers lie between two others."""
        with self._lock:
            kept = [
                one for one in self._kept if one.number > after and (before is None or one.number < before)
            ]
        found = [one for one in kept if wanted.wants(one.line)]
        shown = found[len(found) - limit :] if limit < len(found) else found
        has_rest = len(shown) < len(found)
        first = (shown[0] if shown else None) if has_rest else (kept[0] if kept else None)
        return Page([one.line for one in shown], len(found) - len(shown), first)
