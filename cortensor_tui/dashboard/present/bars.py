"""Bars for the seconds of a run, one look for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from cortensor_tui.dashboard.cells import Line, Span

_EIGHTHS = " ▁▂▃▄▅▆▇█"


def without_rests(values: Sequence[float], longest: int = 2) -> tuple[float, ...]:
    """Return the history with every rest cut to `longest` zeros: an idle node's chart stands still."""
    kept: list[float] = []
    for value in values:
        if value > 0 or any(kept[-longest:]) or len(kept) < longest:
            kept.append(value)
    return tuple(kept)


def bars(values: Sequence[float], width: int, height: int) -> list[Line]:
    """Return `height` lines of at most `width` bars; 0 is blank, anything more at least an eighth."""
    seen = [max(0.0, value) for value in without_rests(values)[-width:]] if width > 0 else []
    top = max(seen, default=0.0)
    if top <= 0:
        return [() for _ in range(height)]
    steps = [max(1, round(value / top * height * 8)) if value > 0 else 0 for value in seen]
    rows = []
    for row in range(height - 1, -1, -1):
        rows.append("".join(_EIGHTHS[max(0, min(8, step - row * 8))] for step in steps))
    return [(Span(" "), Span(row, "bar")) for row in rows]
