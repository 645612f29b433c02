"""Times, amounts and tables as text: plain, aligned, readable without colour."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

from cortensor_tui.domain import quantities
from cortensor_tui.domain.quantities import duration

UNKNOWN = "-"
_ETHER_PLACES = 9  # to the gwei


def iso_time(at: float | None) -> str | None:
    """Return unix seconds as ISO 8601 in UTC, to the millisecond; None stays None."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def age(at: float | None, now: float | None = None) -> str:
    """Return how long ago something was: "12 s", "3 min", "5 h", "2 d"; "-" while unknown."""
    return UNKNOWN if at is None else duration((time.time() if now is None else now) - at)


def ether(wei: str | int | None) -> str:
    """Return an amount with its unit, cut (never rounded up) to nine places; "unknown" for None."""
    return "unknown" if wei is None else quantities.ether(int(wei), _ETHER_PLACES)


def cost(wei: str | int | None) -> str:
    """Return what something costs with its unit, rounded up to nine places; "unknown" for None."""
    return "unknown" if wei is None else quantities.cost(int(wei), _ETHER_PLACES)


def short_hash(value: str) -> str:
    """Return the ends of a hash or an address, for tables only."""
    return value if len(value) <= 14 else f"{value[:8]}…{value[-4:]}"


def cell_width(text: str) -> int:
    """Return how many columns a terminal gives to the text."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    marks = sum(unicodedata.combining(character) != 0 for character in text)
    return len(text) + wide - marks


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> str:
    """Return aligned columns under their headers; columns named in `right` are set to the right."""
    lines = [list(headers), *(list(row) for row in rows)]
    widths = [max(cell_width(line[column]) for line in lines) for column in range(len(headers))]
    to_right = [header in right for header in headers]
    return "\n".join(
        "  ".join(
            _padded(cell, width, at_right)
            for cell, width, at_right in zip(line, widths, to_right, strict=True)
        ).rstrip()
        for line in lines
    )


def labelled(pairs: Sequence[tuple[str, str]]) -> str:
    """Return "label  value" lines with the values under one another."""
    width = max(cell_width(label) for label, _ in pairs)
    return "\n".join(f"{_padded(label, width, False)}  {value}".rstrip() for label, value in pairs)


def _padded(text: str, width: int, at_right: bool) -> str:
    space = " " * (width - cell_width(text))
    return space + text if at_right else text + space
