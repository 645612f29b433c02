"""Reads a filter of log lines as a person types it: `level:warning task:0/12 room:chain some words`."""

from __future__ import annotations

import re

from cortensor_tui.domain.logs import LogFilter, LogLevel
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.tasks import TaskKey

MAX_CHARS = 1_000
MAX_WORDS = 20
_WORD = re.compile(r'"(?P<quoted>[^"]*)"|\S+')
_TASK = re.compile(r"([0-9]{1,78})/([0-9]{1,78})")
_ROOM = re.compile(r"[A-Za-z0-9_.]{1,100}")
_FIELDS = ("level", "task", "room")


def parse_log_filter(text: str) -> LogFilter:
    """Return the filter that is written here; an empty text wants every line.

    Raises `ProblemError`, code "log_filter", which says where the mistake is.
    """
    if len(text) > MAX_CHARS:
        raise _mistake(MAX_CHARS, "The filter is too long", f"Use at most {MAX_CHARS} characters")
    level, task, room = LogLevel.DEBUG, None, ""
    words: list[str] = []
    for found in _WORD.finditer(text):
        name, has_colon, value = found[0].partition(":")
        if found["quoted"] is not None or not has_colon or name.lower() not in _FIELDS:
            words.append((found[0] if found["quoted"] is None else found["quoted"]).lower())
        elif name.lower() == "level":
            level = _level(value, found.start())
        elif name.lower() == "task":
            task = _task(value, found.start())
        else:
            room = _room(value, found.start())
        if len(words) > MAX_WORDS:
            raise _mistake(found.start(), "The filter is too long", f"Use at most {MAX_WORDS} words")
    return LogFilter(level=level, task=task, room=room, words=tuple(word for word in words if word))


def _level(value: str, at: int) -> LogLevel:
    levels = [level for level in LogLevel if value and level.startswith(value.lower())]
    if len(levels) != 1:
        raise _mistake(at, f"There is no level {value}", f"The levels are {', '.join(LogLevel)}")
    return levels[0]


def _task(value: str, at: int) -> TaskKey:
    match = _TASK.fullmatch(value)
    if match is None:
        raise _mistake(at, f"{value or 'Nothing'} is no task", "Write session and task, as in task:0/12")
    return TaskKey(int(match[1]), int(match[2]))


def _room(value: str, at: int) -> str:
    if _ROOM.fullmatch(value) is None:
        raise _mistake(at, f"{value or 'Nothing'} is no room", "Write it as in room:chain or room:chain.rpc")
    return value.strip(".")


def _mistake(at: int, what: str, remedy: str) -> ProblemError:
    return problem_error("log_filter", f"{what}, at character {at + 1}", "", remedy)
