"""Changing values in a settings file and nothing else: comments, order and other lines stay as they are."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from cortensor_tui.domain.problems import problem_error
from cortensor_tui.settings.env_file import env_line, parse_env

# What stands before the key, the key, and a comment or line end after the value.
_HEAD = re.compile(r"\A\s*(?:export[ \t]+)?(?=[^\s=])")
_TAIL = re.compile(r"([ \t]+#[^\r\n]*)?(\r\n|\n|\r)?\Z")


def with_values(text: str, changes: Mapping[str, str], path: Path) -> str:
    """Return the file's text with these values, "" for empty; a key that is new goes to the end.

    Every line of a changed key is changed. Raises `ProblemError` "settings_not_changed" when the result
    would not read back as meant.
    """
    parts, missing = [], dict(changes)
    for binding in parse_stream(io.StringIO(text, newline="")):
        if binding.error or binding.key is None or binding.key not in changes:
            parts.append(binding.original.string)
        else:
            parts.append(_with_value(binding, binding.key, changes[binding.key]))
            missing.pop(binding.key, None)
    if missing and parts and not parts[-1].endswith(("\n", "\r")):
        parts.append("\n")
    parts += [env_line(key, value) for key, value in missing.items()]
    changed = "".join(parts)
    _check(text, changed, changes, path)
    return changed


def _with_value(binding: Binding, key: str, value: str) -> str:
    original = binding.original.string
    head, tail = _HEAD.match(original), _TAIL.search(original)
    comment, line_end = (tail[1] or "", tail[2] or "") if tail else ("", "")
    assignment = env_line(key, value).rstrip("\n") if value else f"{key}="
    return f"{head[0] if head else ''}{assignment}{comment}{line_end}"


def _check(before: str, after: str, changes: Mapping[str, str], path: Path) -> None:
    old = {key: entry.value for key, entry in parse_env(before, path).entries.items()}
    new = {key: entry.value for key, entry in parse_env(after, path).entries.items()}
    if new != {**old, **changes}:
        raise problem_error(
            "settings_not_changed",
            f"{path} was left as it is",
            "a line of it cannot be changed without changing another",
            f"Edit it by hand: {', '.join(f'{key}={value}' for key, value in changes.items())}",
        )
