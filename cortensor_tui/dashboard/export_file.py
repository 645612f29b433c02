"""A list as a file that only its owner may read: CSV, or a JSON object a line."""

from __future__ import annotations

import csv
import json
import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from cortensor_tui.dashboard.present.export_rows import ExportRow, Value
from cortensor_tui.domain.inert import inert
from cortensor_tui.settings.private_folder import make_private_folder

_MOST_CELL_CHARS = 32_000  # what spreadsheets hold in a cell
_FORMULA_STARTS = ("=", "+", "-", "@")


class FileKind(StrEnum):
    """What is written; the value is the end of the file's name."""

    CSV = "csv"
    JSON_LINES = "jsonl"


class ExportFile:
    """A new file in a folder, mode 0600. It is there under its name when it is whole, else not at all."""

    def __init__(self, folder: Path, name: str, kind: FileKind, now: float) -> None:
        """Raises `OSError` where the folder or the file cannot be made."""
        make_private_folder(folder)
        moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        self.path = _unused(folder, f"{name}-{moment}", kind.value)
        self._kind = kind
        self._partial = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        handle = os.open(self._partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self._file = os.fdopen(handle, "w", encoding="utf-8", newline="")
        self._csv = csv.writer(self._file)
        self.count = 0

    def write(self, row: ExportRow) -> None:
        """Add a row; all rows have the same columns. Raises `OSError`."""
        if self._kind is FileKind.JSON_LINES:
            self._file.write(json.dumps(row) + "\n")  # in ASCII: control characters are escaped
        else:
            if self.count == 0:
                self._csv.writerow(row)
            self._csv.writerow([_cell(value) for value in row.values()])
        self.count += 1

    def __enter__(self) -> ExportFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
            if kind is None:
                self._partial.replace(self.path)
        finally:
            self._partial.unlink(missing_ok=True)


def _cell(value: Value) -> Value:
    """Return a value for a spreadsheet: foreign text inert, and never taken for a formula."""
    if isinstance(value, bool):
        return str(value).lower()  # as in JSON
    if not isinstance(value, str):
        return value
    shown = inert(value, _MOST_CELL_CHARS)
    return f"'{shown}" if shown.startswith(_FORMULA_STARTS) else shown


def _unused(folder: Path, stem: str, suffix: str) -> Path:
    path, number = folder / f"{stem}.{suffix}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.{suffix}"
    return path
