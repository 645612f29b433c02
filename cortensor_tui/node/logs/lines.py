"""From a line of the log's file to what is told of it; a line that is no log line is told as it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from cortensor_tui.domain.logs import LogLevel, LogLine
from cortensor_tui.domain.tasks import TaskKey

MOST_LINE_BYTES = 64 * 1024
MOST_FIELDS = 40
_PACKAGE = "cortensor_tui."
_LEVELS = {
    "debug": LogLevel.DEBUG,
    "info": LogLevel.INFO,
    "warning": LogLevel.WARNING,
    "error": LogLevel.ERROR,
    "critical": LogLevel.ERROR,
}
_TOLD_APART = frozenset({"timestamp", "level", "logger", "event", "task"})
_decoder = msgspec.json.Decoder(dict[str, Any])


def log_line(raw: bytes, size: int) -> LogLine:
    """Return a line. `size` is how many bytes it has in the file, of which `raw` are the first ones."""
    if size > MOST_LINE_BYTES:
        start = raw[:MOST_LINE_BYTES].decode("utf-8", "replace")
        return _plain(f"{start}… (a line of {size:,} bytes)")
    try:
        told = _decoder.decode(raw)
    except (msgspec.DecodeError, ValueError):  # written by something else, or when the disk was full
        return _plain(raw.decode("utf-8", "replace"))
    task, task_field = _task(told.get("task"))
    others = [(name, _text(value)) for name, value in told.items() if name not in _TOLD_APART]
    return LogLine(
        at=_time(told.get("timestamp")),
        level=_LEVELS.get(_text(told.get("level", "")).lower(), LogLevel.INFO),
        room=_text(told.get("logger", "")).removeprefix(_PACKAGE),
        event=_text(told.get("event", "")),
        task=task,
        fields=(*task_field, *others[:MOST_FIELDS]),
    )


def _plain(text: str) -> LogLine:
    return LogLine(at=None, level=LogLevel.INFO, room="", event=text)


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _time(value: object) -> float | None:
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _task(value: object) -> tuple[TaskKey | None, tuple[tuple[str, str], ...]]:
    """Return the task that a line is about, or the field itself where it names none."""
    if value is None:
        return None, ()
    text = _text(value)
    session, has_both, task = text.partition("/")
    if has_both and session.isascii() and task.isascii() and session.isdigit() and task.isdigit():
        return TaskKey(int(session[:78]), int(task[:78])), ()
    return None, (("task", text),)
