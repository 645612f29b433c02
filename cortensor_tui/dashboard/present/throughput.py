"""What the node got done over time, as series for charts: decode and prefill speed, and tasks an hour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter

from cortensor_tui.dashboard.format import number, rate
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.chart import Series
from cortensor_tui.domain.throughput import HOUR_S, MINUTE_S, TEN_MINUTES_S, Span

Figure = Callable[[Span], float | None]
_DECODE: Figure = attrgetter("decode_tokens_per_s")
_PREFILL: Figure = attrgetter("prefill_tokens_per_s")
_AVERAGED_SPANS = {MINUTE_S: 10, TEN_MINUTES_S: 6, HOUR_S: 1}
"""Tasks an hour are counted over so many spans, since few tasks make a jagged line."""
LENGTHS_S = (MINUTE_S, TEN_MINUTES_S, HOUR_S)
"""What one bar may stand for; the node keeps an hour, a day and a week of them."""


def throughput(view: NodeView, now: float, length_s: int = MINUTE_S) -> tuple[Series, Series, Series]:
    """Return decode, prefill and tasks an hour, one value for each span of so many seconds."""
    spans, minutes = view.throughput.series(length_s, now), view.throughput.series(MINUTE_S, now)
    decode, prefill = tuple(map(_DECODE, spans)), tuple(map(_PREFILL, spans))
    live = view.live
    is_running = live is not None and live.finished is None and not view.live_error
    decode_now = live.tokens_per_s if live is not None and is_running else None
    if decode_now is None:
        decode_now = _newest(minutes, spans, _DECODE)
    return (
        Series("decode", rate(decode_now), decode, length_s),
        Series("prefill", rate(_newest(minutes, spans, _PREFILL)), prefill, length_s),
        Series("tasks", _last_hour(minutes), _hourly(view, spans), length_s),
    )


def _newest(minutes: Sequence[Span], spans: Sequence[Span], figure: Figure) -> float | None:
    """Return the newest value, of the last minute that has one, else of the last span that is drawn."""
    values = (figure(span) for span in (*reversed(minutes), *reversed(spans)))
    return next((value for value in values if value is not None), None)


def _last_hour(minutes: Sequence[Span]) -> str:
    """Return how many tasks were answered in the last hour."""
    return f"{number(sum(span.answered for span in minutes))} an hour"


def _hourly(view: NodeView, spans: Sequence[Span]) -> tuple[float | None, ...]:
    """Return tasks an hour, each over some spans; before the first task it tells nothing."""
    known = [span.began_at for span in spans if span.answered or span.missed]
    began_at = min([*known, int(view.status.started_at)])
    length_s = spans[0].length_s
    count = _AVERAGED_SPANS[length_s]
    found: list[float | None] = []
    for place, span in enumerate(spans):
        answered = sum(one.answered for one in spans[max(0, place - count + 1) : place + 1])
        is_known = span.began_at + length_s > began_at
        found.append(answered * HOUR_S / (count * length_s) if is_known else None)
    return tuple(found)
