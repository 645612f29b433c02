"""What the node got done over time, as series for charts: decode and prefill speed, and tasks an hour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter

from cortensor_tui.dashboard.format import UNKNOWN, number, rate
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.chart import Series
from cortensor_tui.domain.throughput import HOUR_S, MINUTE_S, TEN_MINUTES_S, Span

Figure = Callable[[Span], float | None]
_DECODE: Figure = attrgetter("decode_tokens_per_s")
_PREFILL: Figure = attrgetter("prefill_tokens_per_s")
_AVERAGED_SPANS = {MINUTE_S: 10, TEN_MINUTES_S: 6, HOUR_S: 1}
"""Tasks an hour are counted over so many spans, since few tasks make a jagged line."""
NOT_ON_CHAIN = "not on the chain"
"""Why there is no speed of a node that is watched: it alone measures it."""
LENGTHS_S = (MINUTE_S, TEN_MINUTES_S, HOUR_S)
"""What one bar may stand for; the node keeps an hour, a day and a week of them."""


def throughput(view: NodeView, now: float, length_s: int = MINUTE_S) -> tuple[Series, Series, Series]:
    """Return decode, prefill and tasks an hour, one value for each span of so many seconds."""
    spans, minutes = view.throughput.series(length_s, now), view.throughput.series(MINUTE_S, now)
    decode, prefill = tuple(map(_DECODE, spans)), tuple(map(_PREFILL, spans))
    decode_of_run, prefill_of_run = _of_run(view)
    decode, prefill = _with_first(decode, decode_of_run), _with_first(prefill, prefill_of_run)
    live = view.live
    is_running = live is not None and live.finished is None and not live.error
    decode_now = decode_of_run if is_running else None
    if decode_now is None:
        decode_now = _newest(minutes, spans, _DECODE) or decode_of_run
    hourly = _hourly(view, spans, minutes)
    speeds = (
        Series("decode", rate(decode_now), decode, length_s),
        Series("prefill", rate(_newest(minutes, spans, _PREFILL) or prefill_of_run), prefill, length_s),
    )
    if view.status.is_watching:
        speeds = (speeds[0]._replace(nothing=NOT_ON_CHAIN), speeds[1]._replace(nothing=NOT_ON_CHAIN))
    return *speeds, Series("tasks", _an_hour(hourly[-1]), hourly, length_s)


def _of_run(view: NodeView) -> tuple[float | None, float | None]:
    """Return how fast the last run decodes and read its prompt, None as long as that is not told."""
    live = view.live
    if live is None:
        return None, None
    if live.finished is None:
        return live.tokens_per_s, None
    return live.finished.decode_tokens_per_s, live.finished.prefill_tokens_per_s


def _with_first(values: tuple[float | None, ...], of_run: float | None) -> tuple[float | None, ...]:
    """Return the values; before any was counted, which is when a task has ended, with the last run's."""
    is_first = all(value is None for value in values)
    return (*values[:-1], of_run) if is_first else values


def _newest(minutes: Sequence[Span], spans: Sequence[Span], figure: Figure) -> float | None:
    """Return the newest value, of the last minute that has one, else of the last span that is drawn."""
    values = (figure(span) for span in (*reversed(minutes), *reversed(spans)))
    return next((value for value in values if value is not None), None)


def _an_hour(tasks: float | None) -> str:
    return UNKNOWN if tasks is None else f"{number(round(tasks))} an hour"


def _hourly(view: NodeView, spans: Sequence[Span], minutes: Sequence[Span]) -> tuple[float | None, ...]:
    """Return tasks an hour, each over some spans; before the first task it tells nothing.

    Of hours, the last is the 60 minutes until now: the one that has just begun would always look quiet.
    """
    if view.status.answered_tasks is None:
        return (None,) * len(spans)
    known = [span.began_at for span in spans if span.answered or span.missed]
    began_at = min([*known, int(view.status.started_at)])
    length_s = spans[0].length_s
    count = _AVERAGED_SPANS[length_s]
    found: list[float | None] = []
    for place, span in enumerate(spans):
        answered = sum(one.answered for one in spans[max(0, place - count + 1) : place + 1])
        is_known = span.began_at + length_s > began_at
        found.append(answered * HOUR_S / (count * length_s) if is_known else None)
    if length_s == HOUR_S and found[-1] is not None:
        found[-1] = float(sum(one.answered for one in minutes))
    return tuple(found)
