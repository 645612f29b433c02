"""Reading and writing .env files: which keys stand on which lines, and what is odd about the file."""

from __future__ import annotations

import io
import os
import re
import stat
from pathlib import Path

import msgspec
from dotenv.parser import Binding, parse_stream

from cortensor_tui.settings.model import SettingNote, SettingProblem

MAX_FILE_BYTES = 1024 * 1024
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_OPENED_QUOTE = re.compile(r"\s*(?:export\s+)?([^=#\s]+)\s*=\s*[\"']")
_HEX_KEY = re.compile(r"(?:0x)?[0-9a-fA-F]{40,}")


class Entry(msgspec.Struct, frozen=True):
    """One `KEY=value`, with the line its key stands on. `value` is None where there was no `=`."""

    value: str | None
    line: int


class EnvFile(msgspec.Struct, frozen=True, kw_only=True):
    """The last entry of each key, in the order of the file, and what was met on the way."""

    entries: dict[str, Entry]
    problems: tuple[SettingProblem, ...] = ()
    notes: tuple[SettingNote, ...] = ()
    is_open_to_others: bool = False


def read_env_file(path: Path) -> EnvFile:
    """Read a settings file. A file that cannot be read gives no entries and one problem."""
    try:
        raw, mode = _read_bytes(path)
        text = raw.decode("utf-8")
    except FileNotFoundError:
        return _unreadable(
            path, "there is no such file", f"Copy .env.example of cortensor-tui to {path} and fill it in"
        )
    except IsADirectoryError:
        return _unreadable(path, "it is a folder, not a file", "Name the settings file inside it")
    except PermissionError:
        return _unreadable(
            path, "this user may not read it", f"Run: chmod u+r {path}, as the user who owns it"
        )
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _unreadable(path, "it is not text in UTF-8", "Save it as UTF-8", line)
    except _NotAFileError as error:
        return _unreadable(path, str(error), "Name a plain file of settings")
    except OSError as error:
        return _unreadable(path, f"reading it failed: {error.strerror}", "Check the path and the disk")
    file = parse_env(text, path)
    return msgspec.structs.replace(file, is_open_to_others=bool(mode & 0o077))


def parse_env(text: str, path: Path) -> EnvFile:
    """Parse the text of a settings file as python-dotenv does; nothing is expanded."""
    entries: dict[str, Entry] = {}
    problems: list[SettingProblem] = []
    notes: list[SettingNote] = []
    for binding in parse_stream(io.StringIO(text, newline="")):
        line = _line_of(binding)
        if binding.error:
            problems.append(_not_a_setting(path, line, binding))
        elif binding.key is None:
            continue
        elif binding.value is None and not _KEY.fullmatch(binding.key):
            notes.append(SettingNote(line=line, text="this line is no KEY=value and is ignored"))
        else:
            if (before := entries.pop(binding.key, None)) is not None:
                notes.append(_duplicate(binding.key, before.line, line))
            entries[binding.key] = Entry(binding.value, line)
    return EnvFile(entries=entries, problems=tuple(problems), notes=tuple(notes))


def printable_key(key: str) -> str | None:
    """Return the key if it looks like a name; None for what may be a secret pasted into the file."""
    return key if _KEY.fullmatch(key) and not _HEX_KEY.fullmatch(key) else None


def env_line(key: str, value: str) -> str:
    """Return `KEY='value'` and a line feed, quoted so that reading it gives the value back."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{key}='{escaped}'\n"


class _NotAFileError(Exception):
    """The path names a device, a pipe, a socket or something too big."""


def _read_bytes(path: Path) -> tuple[bytes, int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not hold us up
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError
        if not stat.S_ISREG(found.st_mode):
            raise _NotAFileError("it is no plain file")
        raw = stream.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        raise _NotAFileError("it is bigger than 1 MiB, so it is hardly a settings file")
    return raw, stat.S_IMODE(found.st_mode)


def _unreadable(path: Path, what: str, remedy: str, line: int | None = None) -> EnvFile:
    problem = SettingProblem(
        path=str(path), line=line, key=None, what=f"the settings cannot be read: {what}", remedy=remedy
    )
    return EnvFile(entries={}, problems=(problem,))


def _line_of(binding: Binding) -> int:
    """Return the line of the key itself: the parser counts the blank lines before it to the binding."""
    text = binding.original.string
    blank = text[: len(text) - len(text.lstrip())]
    return binding.original.line + len(re.findall(r"\r\n|\n|\r", blank))


def _not_a_setting(path: Path, line: int, binding: Binding) -> SettingProblem:
    opening = _OPENED_QUOTE.match(binding.original.string)
    key = printable_key(opening[1]) if opening else None
    return SettingProblem(
        path=str(path),
        line=line,
        key=key,
        what="opens a quote and does not close it" if key else "this line cannot be read",
        accepted="KEY=value, the value in quotes if it has a # or spaces around it",
    )


def _duplicate(key: str, first: int, last: int) -> SettingNote:
    name = printable_key(key) or "a key"
    return SettingNote(
        key=printable_key(key), line=last, text=f"{name} is set again: this line counts, not line {first}"
    )
