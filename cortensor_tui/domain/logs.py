"""Lines of the node's log, and which of them someone wants to see."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cortensor_tui.domain.tasks import TaskKey


class LogLevel(StrEnum):
    """How much a line matters, the least first."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def place(self) -> int:
        """Return what levels are ordered by."""
        return list(LogLevel).index(self)


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `room` is the part of the program that wrote it, as `chain.endpoints.pool`.

    `at` is unix seconds, None where the line does not tell. All text may be foreign; long texts were cut
    when they were written, and say so.
    """

    at: float | None
    level: LogLevel
    room: str
    event: str
    task: TaskKey | None = None
    fields: tuple[tuple[str, str], ...] = ()


class LogFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Lines at least as grave as `level`, of one room or task, with all of the words in them.

    Words are of lower case; a room stands for those below it too.
    """

    level: LogLevel = LogLevel.DEBUG
    room: str = ""
    task: TaskKey | None = None
    words: tuple[str, ...] = ()

    @property
    def wants_all(self) -> bool:
        """Tell whether nothing is left out."""
        return self == LogFilter()

    def wants(self, line: LogLine) -> bool:
        """Tell whether a line is one of those."""
        if line.level.place < self.level.place:
            return False
        if self.task is not None and line.task != self.task:
            return False
        if self.room and not f"{line.room}.".startswith(f"{self.room}."):
            return False
        if not self.words:
            return True
        text = " ".join((line.event, *(f"{name}={value}" for name, value in line.fields))).lower()
        return all(word in text for word in self.words)
