"""Small TOML files that people edit, read with the line of everything in them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from cortensor_tui.domain.inert import inert

MAX_FILE_BYTES = 64 * 1024
_TABLE = re.compile(r"\s*\[([^\[\]]+)\]")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_.-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"))*)\s*=""")


class TomlFileError(Exception):
    """A file that cannot be used; the text names file, line and reason."""


class TomlFile(msgspec.Struct, frozen=True):
    """What a file says. `lines` has the line, counted from 1, of each dotted key."""

    path: Path
    content: dict[str, Any]
    lines: dict[str, int]

    def fault(self, key: str, what: str) -> str:
        """Return a sentence about a key, opening with its place."""
        line = self.lines.get(key)
        place = self.path.name if line is None else f"{self.path.name}:{line}"
        return f"{place}: {inert(what, 300)}"

    def flat(self) -> dict[str, Any]:
        """Return all values by their dotted keys, tables dissolved."""
        return _flat(self.content, "")


def read_toml(path: Path) -> TomlFile:
    """Read a file. Raises `TomlFileError` where it cannot be read or is no TOML."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise TomlFileError(f"{path.name}: larger than {MAX_FILE_BYTES} bytes")
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise TomlFileError(f"{path.name}:{line}: not UTF-8") from error
    except OSError as error:
        raise TomlFileError(f"{path.name}: {error.strerror}") from error
    try:
        return TomlFile(path, tomllib.loads(text), _lines(text))
    except tomllib.TOMLDecodeError as error:
        raise TomlFileError(_syntax_fault(path.name, str(error), text)) from error


def _syntax_fault(name: str, said: str, text: str) -> str:
    """Return what the parser said with the line in front."""
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", said)
    if found is None:
        return f"{name}: {inert(said, 300)}"
    line = found[1] or str(text.count("\n") + 1)
    return f"{name}:{line}: {inert(said.replace(found[0], ''), 300)}"


def _lines(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = f"{_bare(header[1])}."
            found.setdefault(table[:-1], number)
        elif key := _KEY.match(line):
            found.setdefault(table + _bare(key[1]), number)
    return found


def _bare(key: str) -> str:
    return re.sub(r"""["'\s]""", "", key)


def _flat(content: dict[str, Any], lead: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in content.items():
        found |= _flat(value, f"{lead}{key}.") if isinstance(value, dict) else {f"{lead}{key}": value}
    return found
