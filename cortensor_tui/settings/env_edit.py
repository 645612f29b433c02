"""Changing values in a settings file and nothing else: comments, order and other lines stay as they are."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from dotenv.parser import Binding, parse_stream

from cortensor_tui.domain.problems import problem_error
from cortensor_tui.settings.env_file import env_line, parse_env

# What stands before the key, the key, and a comment or line end after the value.
_HEAD = re.compile(r"\A\s*(?:export[ \t]+)?(?=[^\s=])")
_TAIL = re.compile(r"([ \t]+#[^\r\n]*)?(\r\n|\n|\r)?\Z")
_SET = re.compile(r"[^\s=]+([ \t]*=[ \t]*)(['\"]?)")
_BARE = re.compile(r"[A-Za-z0-9_./:,@%+*~?&=-]+")  # reads back as it stands, without quotes


class EnvLine(msgspec.Struct, frozen=True, kw_only=True):
    """One `KEY=value` as it stands in a file, without its line end; a value in quotes may span lines."""

    number: int
    text: str


def with_values(text: str, changes: Mapping[str, str], path: Path) -> str:
    """Return the file's text with these values, "" for empty, each written with the quotes it had.

    Every line of a changed key is changed. A key that is new goes below its commented line, `# KEY=`, or else
    to the end. Raises `ProblemError` "settings_not_changed" when the result would not read back as meant.
    """
    bindings, missing = _bindings(text), dict(changes)
    parts = []
    for binding in bindings:
        if binding.error or binding.key is None or binding.key not in changes:
            parts.append(binding.original.string)
        else:
            parts.append(_with_value(binding, binding.key, changes[binding.key]))
            missing.pop(binding.key, None)
    for key, value in missing.items():
        _add(parts, _place_of(key, bindings), env_line(key, value))
    changed = "".join(parts)
    _check(text, changed, changes, path)
    return changed


def without_value(text: str, key: str, path: Path) -> str:
    """Return the file's text without a key's lines. Raises as `with_values` does."""
    kept = [binding.original.string for binding in _bindings(text) if binding.error or binding.key != key]
    changed = "".join(kept)
    _check(text, changed, {key: None}, path)
    return changed


def line_of(text: str, key: str) -> EnvLine | None:
    """Return the line of a key that counts, which is the last; None where the file does not have it."""
    found = None
    for binding in _bindings(text):
        if binding.key == key and not binding.error:
            original = binding.original.string
            shown = original.lstrip("\r\n \t")
            before = original[: len(original) - len(shown)]
            number = binding.original.line + len(re.findall(r"\r\n|\n|\r", before))
            found = EnvLine(number=number, text=shown.rstrip("\r\n"))
    return found


def _bindings(text: str) -> list[Binding]:
    return list(parse_stream(io.StringIO(text, newline="")))


def _place_of(key: str, bindings: Sequence[Binding]) -> int | None:
    """Return after which of the bindings the file has the key commented out; None for nowhere."""
    commented = re.compile(rf"\s*#[ \t]*(?:export[ \t]+)?{re.escape(key)}[ \t]*=")
    for index, binding in enumerate(bindings):
        if binding.key is None and not binding.error and commented.match(binding.original.string):
            return index
    return None


def _add(parts: list[str], place: int | None, line: str) -> None:
    """Put a line after a part, at the end for None."""
    at = len(parts) - 1 if place is None else place
    if at < 0:
        parts.append(line)
    else:
        parts[at] += line if parts[at].endswith(("\n", "\r")) else f"\n{line}"


def _with_value(binding: Binding, key: str, value: str) -> str:
    original = binding.original.string
    head, tail = _HEAD.match(original), _TAIL.search(original)
    comment, line_end = (tail[1] or "", tail[2] or "") if tail else ("", "")
    before = head[0] if head else ""
    was_set = _SET.match(original, len(before))
    equals, quote = (was_set[1], was_set[2]) if was_set else ("=", "'")
    assignment = f"{key}{equals}{_quoted(value, quote)}" if value else f"{key}="
    return f"{before}{assignment}{comment}{line_end}"


def _quoted(value: str, quote: str) -> str:
    """Return the value in the quotes it had, or in quotes where it cannot be without."""
    if not quote and _BARE.fullmatch(value):
        return value
    mark = quote or "'"
    escaped = value.replace("\\", "\\\\").replace(mark, f"\\{mark}")
    return f"{mark}{escaped}{mark}"


def _check(before: str, after: str, changes: Mapping[str, str | None], path: Path) -> None:
    old = {key: entry.value for key, entry in parse_env(before, path).entries.items()}
    new = {key: entry.value for key, entry in parse_env(after, path).entries.items()}
    gone = {key for key, value in changes.items() if value is None}
    meant = {key: value for key, value in {**old, **changes}.items() if key not in gone}
    if new != meant:
        wanted = ", ".join(f"{key}={_tellable(value or '')}" for key, value in changes.items())
        raise problem_error(
            "settings_not_changed",
            f"{path} was left as it is",
            "a line of it cannot be changed without changing another",
            f"Edit it by hand: {wanted}",
        )


def _tellable(value: str) -> str:
    """An endpoint may hold a token, which no error repeats."""
    return "…" if "://" in value else value
