"""What is told before a chain answers: the past of the one that was served last, and how old that is."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Span
from cortensor_tui.dashboard.format import age
from cortensor_tui.domain.networks import ServedChain


def past_words(past: ServedChain, now: float) -> str:
    """Return whose past it is and how old at `now`, unix seconds."""
    read = "" if past.read_at is None else f", {age(past.read_at, now)} old"
    return f"past of chain {past.chain_id}{read}"


def past_remark(past: ServedChain | None, now: float) -> Span | None:
    """Return whose past a list shows, None where a chain has answered."""
    return None if past is None else Span(past_words(past, now), "warn")
