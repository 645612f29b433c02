"""Lines of a report at which the cursor stops, because they can be copied or opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cortensor_tui.dashboard.cells import Line

MOST_COPIED_CHARS = 65_536
"""What a terminal takes for its clipboard; who has more is told so."""


class Stop(NamedTuple):
    """A line with what stands behind it: `copy` whole, however much of it is shown; `opens` for enter."""

    line: Line
    name: str
    copy: str = ""
    opens: str = ""


ReportLine = Line | Stop


def stop_at(lines: Sequence[Line], name: str, copy: str = "", opens: str = "") -> list[ReportLine]:
    """Return the lines of one value, at the first of which the cursor stops where there is something."""
    if not lines or not (copy or opens):
        return list(lines)
    return [Stop(lines[0], name, copy, opens), *lines[1:]]
