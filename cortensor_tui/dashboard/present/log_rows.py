"""A line of the node's log as one row, as a text to copy, and in full."""

from __future__ import annotations

from datetime import datetime

from cortensor_tui.dashboard.cells import Line, Span, pad
from cortensor_tui.dashboard.format import UNKNOWN, clock, exact_moment
from cortensor_tui.dashboard.present.details import Detail, Details
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.logs import LogLevel, LogLine

LOOKS = {
    LogLevel.DEBUG: ("○", "muted"),
    LogLevel.INFO: ("●", "muted"),
    LogLevel.WARNING: ("▲", "warn"),
    LogLevel.ERROR: ("✖", "bad"),
}
WIDE = 100
_MAX_EVENT_CHARS = 300
_MAX_NAME_CHARS = 40
_MAX_VALUE_CHARS = 200
_MAX_SHOWN_FIELDS = 12


def log_row(one: LogLine, now: float, width: int) -> Line:
    """Return the row: when, how grave, from which room, about which task, and what."""
    mark, role = LOOKS[one.level]
    level = f"{mark} {pad(one.level, 7)}" if width >= WIDE else mark
    room_cells = 22 if width >= 140 else 9
    room = one.room if width >= 140 else one.room.partition(".")[0]
    task = "" if one.task is None else str(one.task)
    return (
        Span(f" {_when(one.at, now, is_exact=width >= WIDE)}  ", "muted"),
        Span(f"{level}  ", role),
        Span(f"{pad(inert(room, 60), room_cells)}  ", "muted"),
        Span(f"{pad(task, 7)}  "),
        Span(inert(one.event, _MAX_EVENT_CHARS), "plain" if role == "muted" else role),
        *fields_of(one),
    )


def fields_of(one: LogLine) -> list[Span]:
    """Return the line's fields, each with its name."""
    spans: list[Span] = []
    for name, value in one.fields[:_MAX_SHOWN_FIELDS]:
        spans.append(Span(f"  {inert(name, _MAX_NAME_CHARS)}=", "muted"))
        spans.append(Span(inert(value, _MAX_VALUE_CHARS)))
    return spans


def _when(at: float | None, now: float, *, is_exact: bool) -> str:
    """Return the time of day, with milliseconds where there is room; for other days the day."""
    cells = 12 if is_exact else 8
    if at is None:
        return pad(UNKNOWN, cells)
    then, today = datetime.fromtimestamp(at), datetime.fromtimestamp(now)
    if then.date() != today.date():
        return pad(f"{then:%b %d} {then:%H:%M}" if is_exact else f"{then:%b %d}", cells)
    return f"{then:%H:%M:%S}.{then.microsecond // 1000:03d}" if is_exact else clock(at)


def log_text(one: LogLine) -> str:
    """Return the whole line as a text in one line, for the clipboard and for other programs."""
    parts = [exact_moment(one.at), one.level.value, one.room, one.event]
    parts += [f"task={one.task}"] if one.task is not None else []
    parts += [f"{name}={value}" for name, value in one.fields]
    return inert(" ".join(part for part in parts if part))


def log_details(one: LogLine) -> Details:
    """Return everything the line says."""
    return [
        Detail("event", one.event, "strong"),
        Detail("level", f"{LOOKS[one.level][0]} {one.level}", LOOKS[one.level][1]),
        Detail("time", exact_moment(one.at)),
        Detail("room", one.room or UNKNOWN),
        *([Detail("task", str(one.task))] if one.task is not None else []),
        *(Detail(inert(name, _MAX_NAME_CHARS), value) for name, value in one.fields),
    ]
