"""What a person sees on a terminal of 120x40, decoded by pyte from the bytes that a program writes."""

from __future__ import annotations

import re

import pyte

COLUMNS, ROWS = 120, 40
# pyte does not swallow these, and would draw them.
_UNKNOWN = re.compile(rb"\x1b\[[<>=][0-9;]*[A-Za-z]|\x1b\[\?[0-9;]*\$p|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*)?$")


class Decoded:
    """A screen of cells."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take what was written; a sequence cut in two waits for its other half."""
        data = self._rest + data
        cut = _UNFINISHED.search(data)
        self._rest = data[cut.start() :] if cut else b""
        self._stream.feed(_UNKNOWN.sub(b"", data[: cut.start()] if cut else data))

    @property
    def text(self) -> str:
        """Return the rows, without the blanks at their ends."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def inked_cells(self) -> int:
        """Return how many cells hold something other than a blank."""
        return sum(not char.isspace() for char in self.text)

    def rows_on(self, background: str) -> tuple[int, ...]:
        """Return the rows that have a cell on this background, six hex digits."""
        rows = (self._screen.buffer[y] for y in range(ROWS))
        return tuple(
            y for y, row in enumerate(rows) if any(row[x].bg == background for x in range(2, COLUMNS))
        )
