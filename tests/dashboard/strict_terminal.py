"""A terminal that obeys only what a dashboard may say, and complains of everything else."""

from __future__ import annotations

import base64
import re
import unicodedata

_SEQUENCE = re.compile(
    r"\x1b\[(?P<row>\d*);?(?P<column>\d*)H"
    r"|\x1b\[[\d;:]*m"
    r"|\x1b\[\?(?:25|2026|1000|1002|1003|1004|1006|1015|1016|1049|2004|2048|7)[hl]"
    r"|\x1b\]22;[a-z-]+(?:\x07|\x1b\\)"  # the pointer's shape
    r"|\x1b\](?P<osc>0|2|52);(?P<told>[^\x00-\x1f\x7f-\x9f]*)(?:\x07|\x1b\\)"
)
_FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class StrictTerminal:
    """Keeps a screen of cells. `titles` and `clipboard` are what it was asked to take."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.rows = [[" "] * width for _ in range(height)]
        self.titles: list[str] = []
        self.clipboard: list[str] = []
        self._row = self._column = 0

    @property
    def lines(self) -> list[str]:
        """Return the screen; the second cell of a wide character is empty."""
        return ["".join(row) for row in self.rows]

    def feed(self, told: str) -> None:
        """Obey; raises `AssertionError` at what may not be said, and where text leaves its row."""
        if told == "\x07":
            return  # the program's own bell
        at = 0
        while at < len(told):
            sequence = _SEQUENCE.match(told, at)
            if sequence is not None:
                self._obey(sequence)
                at = sequence.end()
            elif told[at] == "\n":
                self._row, self._column, at = self._row + 1, 0, at + 1
            else:
                self._draw(told[at], told[at : at + 40])
                at += 1

    def _obey(self, sequence: re.Match[str]) -> None:
        if sequence["osc"] == "52":
            payload = sequence["told"].partition(";")[2]
            self.clipboard.append(base64.b64decode(payload).decode("utf-8"))
        elif sequence["osc"]:
            self.titles.append(sequence["told"])
        elif sequence[0].endswith("H"):
            self._row = int(sequence["row"] or 1) - 1
            self._column = int(sequence["column"] or 1) - 1

    def _draw(self, character: str, near: str) -> None:
        category = unicodedata.category(character)
        assert category not in _FORBIDDEN, f"{character!r} was drawn, in {near!r}"
        if category in ("Mn", "Me", "Mc"):
            assert self._column > 0, f"{character!r} combines with nothing, in {near!r}"
            before = self._column - 1
            while before and not self.rows[self._row][before]:
                before -= 1
            self.rows[self._row][before] += character
            return
        cells = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        assert self._row < self.height, f"row {self._row} was drawn, in {near!r}"
        assert self._column + cells <= self.width, f"row {self._row} is left, in {near!r}"
        self.rows[self._row][self._column] = character
        if cells == 2:
            self.rows[self._row][self._column + 1] = ""
        self._column += cells
