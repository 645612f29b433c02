"""What a client asks of the node's log, and what the node answers."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.logs import LogFilter, LogLevel, LogLine
from cortensor_tui.domain.tasks import TaskKey


class LogCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where to read on towards the past, as an earlier answer gave it."""

    number: int = 0
    file: int = 0
    offset: int = 0


class GetLogs(msgspec.Struct, frozen=True, kw_only=True, tag="get_logs"):
    """The newest lines of the node's log that are wanted. Answered with `Logs`.

    `GetLogs(task=KEY)` gives the lines of one task. `after` is the `newest` of an earlier answer and leaves
    out everything up to it, for who follows the log; with a `limit` of 0 that only counts. `before` is the
    `earlier` of an earlier answer and reads on towards the past, also in the log's files. The node never
    tells of lines by itself: who follows asks again. Only the command socket answers.
    """

    task: TaskKey | None = None
    level: LogLevel = LogLevel.DEBUG
    room: str = ""
    words: tuple[str, ...] = ()
    after: int | None = None
    before: LogCursor | None = None
    limit: int = 200

    @property
    def filter(self) -> LogFilter:
        """Return which lines are wanted."""
        words = tuple(word.lower() for word in self.words)
        return LogFilter(level=self.level, room=self.room, task=self.task, words=words)


class Logs(msgspec.Struct, frozen=True, kw_only=True, tag="logs"):
    """Lines, oldest first.

    `newest` numbers the last line of the log, wanted or not. `left_out` counts wanted lines after `after`
    that `limit` left out. `earlier` leads to older lines and is None at the log's beginning; a page may be
    short or empty and still have it, since only so much is searched at once.
    """

    lines: tuple[LogLine, ...]
    newest: int
    left_out: int = 0
    earlier: LogCursor | None = None


LogRequest = GetLogs
LogReply = Logs
