"""A figure over time that stays readable in two lines: its value now, the highest in sight, the time."""

from __future__ import annotations

from math import floor, log10
from typing import NamedTuple

from cortensor_tui.dashboard.cells import Line, Span, clip, pad, spread, width_of
from cortensor_tui.dashboard.format import UNKNOWN, duration
from cortensor_tui.dashboard.widgets.line_view import LineView

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ZERO = "_"
_LEAST_AXIS_CELLS = 3
_LEAST_LINES_FOR_TIME = 5
_LEAST_TOP = 0.01


class Series(NamedTuple):
    """One figure over time, oldest first, each value over `step_s` seconds; None where nothing was measured.

    `now` is what it is at this moment, in words and with its unit; `seen_s` how long before the last value
    that was measured, None where it was then. `ended_s` is how long ago the last value was, None where that
    is now. `nothing` stands where no value is.
    """

    name: str
    now: str
    values: tuple[float | None, ...]
    step_s: float
    ended_s: float | None = None
    nothing: str = "nothing measured yet"
    seen_s: float | None = None


class Chart(LineView):
    """Draws a series: a title, then bars beside the axis, in one look, so that they are cheap to send."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._series: Series | None = None

    def show(self, series: Series) -> None:
        """Replace what is drawn."""
        self._series = series
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the chart in so many cells."""
        return [] if self._series is None else chart_lines(self._series, width, height)


def chart_lines(series: Series, width: int, height: int) -> list[Line]:
    """Return a title and `height - 1` lines of bars; from five lines on, the last one tells the time."""
    has_time = height >= _LEAST_LINES_FOR_TIME
    rows = max(1, height - 1 - has_time)
    axis_cells = max(_LEAST_AXIS_CELLS, len(_short(_top(series.values))))
    columns = max(1, width - axis_cells - 3)
    shown = series.values[-columns:]
    top, span_s = _top(shown), len(shown) * series.step_s
    lines = [_title(series, span_s, width, has_span=not has_time)]
    if all(value is None for value in shown):
        return [*lines, clip((Span(f" {'':{axis_cells}} {series.nothing}", "muted"),), width)]
    for index, row in enumerate(_bars(shown, top, rows)):
        label = _short(top) if index == 0 else "0" if index == rows - 1 else ""
        lines.append((Span(f" {pad(label, axis_cells, is_right=True)}▕", "muted"), Span(row, "bar")))
    if has_time:
        began = f"{duration(span_s + (series.ended_s or 0.0))} ago"
        ended = "now" if series.ended_s is None else f"{duration(series.ended_s)} ago"
        ends = spread((Span(began, "muted"),), (Span(ended, "muted"),), min(columns, len(shown)))
        lines.append(clip((Span(" " * (axis_cells + 2)), *ends), width))
    return lines


def _top(values: tuple[float | None, ...]) -> float:
    return nice_top(max((value for value in values if value is not None), default=0.0))


def nice_top(highest: float) -> float:
    """Return the end of the axis: 1, 2 or 5 times a power of ten, so that it seldom moves."""
    if highest <= 0:
        return 1.0
    highest = max(highest, _LEAST_TOP)
    size = 10.0 ** floor(log10(highest))
    return next(step * size for step in (1, 2, 5, 10) if highest <= step * size * (1 + 1e-9))


def _title(series: Series, span_s: float, width: int, *, has_span: bool) -> Line:
    is_now = series.ended_s is None and series.seen_s is None
    aged = "" if series.seen_s is None else f" {duration(series.seen_s + (series.ended_s or 0.0))} ago"
    look = "strong" if is_now else "muted"
    left = (Span(f" {series.name} ", "muted"), Span(f"{series.now or UNKNOWN}{aged}", look))
    spans = (f"last {duration(span_s)} ", f"{duration(span_s)} ")
    for words in spans if series.ended_s is None else (f"{duration(series.ended_s)} ago ",):
        right = (Span(words, "muted"),)
        if has_span and width_of(left) + width_of(right) + 1 <= width:
            return spread(left, right, width)
    return clip(left, width)


def _bars(values: tuple[float | None, ...], top: float, rows: int) -> list[str]:
    """Return the rows of the bars, top first.

    What was not measured is blank, 0 is a thin line, anything more at least an eighth.
    """
    steps = [None if value is None else _steps(value, top, rows * 8) for value in values]
    return ["".join(_cell(step, row) for step in steps) for row in range(rows - 1, -1, -1)]


def _steps(value: float, top: float, most: int) -> int:
    return 0 if value <= 0 else max(1, min(most, round(value / top * most)))


def _cell(step: int | None, row: int) -> str:
    if step is None:
        return " "
    eighths = max(0, min(8, step - row * 8))
    return _ZERO if step == 0 and row == 0 else _EIGHTHS[eighths]


def _short(value: float) -> str:
    """Return an axis value in few cells."""
    if value >= 1000:
        return f"{value / 1000:g}k"
    return f"{value:g}"
