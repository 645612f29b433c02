"""What the node got done over time, as series for charts: decode and prefill speed, and tasks an hour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import NamedTuple

from cortensor_tui.dashboard.format import UNKNOWN, number, rate
from cortensor_tui.dashboard.present.freshness import SPEED_FRESH_S
from cortensor_tui.dashboard.present.inference import ended_at, tokens_per_s
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


class Speed(NamedTuple):
    """A speed, and until when it was measured, unix seconds."""

    tokens_per_s: float
    measured_at: float


def throughput(view: NodeView, now: float, length_s: int = MINUTE_S) -> tuple[Series, Series, Series]:
    """Return decode, prefill and tasks an hour, one value for each span of so many seconds."""
    spans, minutes = view.throughput.series(length_s, now), view.throughput.series(MINUTE_S, now)
    decode, prefill = tuple(map(_DECODE, spans)), tuple(map(_PREFILL, spans))
    decode_of_run, prefill_of_run = _of_run(view, now)
    decode, prefill = _with_first(decode, decode_of_run), _with_first(prefill, prefill_of_run)
    decode_now = decode_of_run if view.going_on else None
    if decode_now is None:
        decode_now = _newest(minutes, spans, _DECODE) or decode_of_run
    prefill_now = _newest(minutes, spans, _PREFILL) or prefill_of_run
    hourly = _hourly(view, spans, minutes)
    speeds = (
        _speed("decode", decode_now, decode, length_s, now),
        _speed("prefill", prefill_now, prefill, length_s, now),
    )
    if view.status.is_watching:
        speeds = (speeds[0]._replace(nothing=NOT_ON_CHAIN), speeds[1]._replace(nothing=NOT_ON_CHAIN))
    return *speeds, Series("tasks", _an_hour(hourly[-1]), hourly, length_s)


def _speed(
    name: str, speed: Speed | None, values: tuple[float | None, ...], length_s: int, now: float
) -> Series:
    """Return a series of speeds, with the age of the newest where that was a while ago."""
    if speed is None:
        return Series(name, UNKNOWN, values, length_s)
    age_s = now - speed.measured_at
    told = rate(speed.tokens_per_s)
    return Series(name, told, values, length_s, seen_s=age_s if age_s >= SPEED_FRESH_S else None)


def _of_run(view: NodeView, now: float) -> tuple[Speed | None, Speed | None]:
    """Return how fast the runs going on decode together, or how fast the last one did and read its prompt.

    None as long as that is not told.
    """
    live = view.live
    if live is None:
        return None, None
    if live.finished is None:
        return _speed_at(tokens_per_s(view.going_on or (live,)), now), None
    at = ended_at(live, live.finished)
    return (
        _speed_at(live.finished.decode_tokens_per_s, at),
        _speed_at(live.finished.prefill_tokens_per_s, at),
    )


def _speed_at(tokens_per_s: float | None, at: float) -> Speed | None:
    return None if tokens_per_s is None else Speed(tokens_per_s, at)


def _with_first(values: tuple[float | None, ...], of_run: Speed | None) -> tuple[float | None, ...]:
    """Return the values; before any was counted, which is when a task has ended, with the last run's."""
    if of_run is None or any(value is not None for value in values):
        return values
    return (*values[:-1], of_run.tokens_per_s)


def _newest(minutes: Sequence[Span], spans: Sequence[Span], figure: Figure) -> Speed | None:
    """Return the newest value, of the last minute that has one, else of the last span that is drawn."""
    found = (
        _speed_at(figure(span), span.began_at + span.length_s)
        for span in (*reversed(minutes), *reversed(spans))
    )
    return next((speed for speed in found if speed is not None), None)


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
