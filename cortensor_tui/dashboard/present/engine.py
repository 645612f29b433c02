"""The engine in words: its sizes, how far it is loaded, and what has happened to it."""

from __future__ import annotations

import re

from cortensor_tui.dashboard.cells import Line, Span, line
from cortensor_tui.dashboard.format import age, calm_age, mebibytes, number
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.inference import EngineHealth

_RESTART_TOLD_S = 3600.0
_ASIDE = re.compile("[,;]")
_MOST_CAUSE_CHARS = 160


def engine_sizes(engine: EngineHealth) -> list[str]:
    """Return what is known of its context and its memory."""
    context = [] if engine.context_tokens is None else [f"context {number(engine.context_tokens)}"]
    return context + ([] if engine.rss_bytes is None else [mebibytes(engine.rss_bytes)])


def progress(fraction: float, cells: int = 10) -> Line:
    """Return how far it is loaded, as a number, rounded down, and as a bar."""
    done = max(0, min(cells, int(fraction * cells)))
    return line((f"{int(100 * fraction)}%", "warn"), (f" {'━' * done}{'╌' * (cells - done)}", "warn"))


def restarts_of(engine: EngineHealth) -> str:
    """Return how often it was started again, or found again where others start it."""
    if not engine.is_ours:
        return f"lost {engine.restarts} time{'s' if engine.restarts != 1 else ''}"
    return f"{engine.restarts} restart{'s' if engine.restarts != 1 else ''}"


def engine_news(engine: EngineHealth, sight: Sight) -> Line:
    """Return that it is silent, or for an hour that it was started again: how often, and why it had ended."""
    if engine.silent_since is not None:
        silent = f"no answer for {age(engine.silent_since, sight.at)}"
        then = "is started again by itself" if engine.is_ours else "counts as lost until it is back"
        return line((silent, "warn"), (f"; if that lasts it {then}", "muted"))
    is_told = engine.died_at is not None and not sight.is_old(engine.died_at, _RESTART_TOLD_S)
    if not is_told or engine.error:  # which says the same while it is not back
        return ()
    often = f"{engine.restarts} times, last " if engine.restarts > 1 else ""
    what = "restarted" if engine.is_ours else "was lost"
    told = Span(f"{what} {often}{calm_age(engine.died_at, sight.now)}", "warn")
    return (told, Span(f" ({_cause_of_death(engine)})", "muted"))


def _cause_of_death(engine: EngineHealth) -> str:
    """Return how it ended last, in short: "killed by SIGKILL". Its details have it whole."""
    whole = inert(engine.death, _MOST_CAUSE_CHARS).removeprefix("it was ").removeprefix("it ")
    return _ASIDE.split(whole, maxsplit=1)[0]
