"""How sure a fact may look at its age: the one rule for header, title, dependencies, lists and charts.

A fact of the node's last word is as sure as it says while the node talks. What was looked at too long ago is
marked, and of a node that is silent or gone everything is the past: no mark of it says that all is well. So
is all that was read of a chain that does not answer, though the node talks: `of_chain` is the sight of that.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from cortensor_tui.dashboard.cells import Line, Span
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.format import duration
from cortensor_tui.domain.health import ChainHealth

ACCOUNT_FRESH_S = 50.0
"""Five times the interval at which the node reads balances."""
SPEED_FRESH_S = 60.0
"""A speed is told without its age for so long after it was measured."""
DIM_FROM_S = 30.0
"""What is so old is drawn dim."""

Look = tuple[str, str]
"""A mark and its role."""
OLD: Look = ("▲", "warn")
_SURE = ("good", "accent")
_PAST_MARK = "○"


class Sight(NamedTuple):
    """The moment at which facts are looked at, and how long ago they were told; None while they are now."""

    now: float
    silent_s: float | None = None

    @classmethod
    def of(cls, state: FeedState, now: float) -> Sight:
        """Return the sight of a state of the feed."""
        return cls(now, state.stale_s(now))

    @classmethod
    def of_chain_in(cls, state: FeedState, now: float) -> Sight:
        """Return the sight of what was read of the chain, in a state of the feed."""
        sight = cls.of(state, now)
        return sight if state.view is None else sight.of_chain(state.view.status.chain)

    def of_chain(self, chain: ChainHealth) -> Sight:
        """Return the sight of what was read of the chain, which is the past while that does not answer."""
        return self if chain.unread_since is None else Sight(self.now, self.now - chain.unread_since)

    def is_late(self, chain: ChainHealth) -> bool:
        """Tell whether a chain that answers has made no block for longer than it should take to."""
        if chain.head_alarm_s is None or self.of_chain(chain).is_past:
            return False
        return self.is_old(chain.head_seen_at, chain.head_alarm_s)

    @property
    def is_past(self) -> bool:
        """Tell whether what was said last is no longer known to be so."""
        return self.silent_s is not None

    @property
    def is_dim(self) -> bool:
        """Tell whether it is so long past that it is drawn dim."""
        return self.silent_s is not None and self.silent_s >= DIM_FROM_S

    @property
    def at(self) -> float:
        """Return the moment up to which anything is known: now, or when it was told last."""
        return self.now - (self.silent_s or 0.0)

    def is_old(self, seen_at: float | None, fresh_s: float) -> bool:
        """Tell whether a fact that is told now was looked at so long ago that it may no longer be so."""
        return seen_at is not None and self.at - seen_at >= fresh_s

    def look(self, look: Look, seen_at: float | None = None, fresh_s: float = inf) -> Look:
        """Return how a fact may look, seen at `seen_at` and sure for `fresh_s` seconds."""
        mark, role = look
        is_sure = any(name in _SURE for name in role.split())
        if self.is_past:
            return (_PAST_MARK if is_sure else mark, "muted")
        return OLD if is_sure and self.is_old(seen_at, fresh_s) else look

    def span(self, told: Span) -> Span:
        """Return a fact that begins with its mark."""
        mark, role = self.look((told.text[:1], told.role))
        return Span(mark + told.text[1:], role)

    def line(self, spans: Line) -> Line:
        """Return a line of facts in their own roles, or in none where they are past."""
        return tuple(Span(span.text, "muted") for span in spans) if self.is_past else spans


PRESENT = Sight(0.0)
"""The sight of who knows that the node talks, for facts without an age of their own."""


def as_it_was(sight: Sight) -> Line:
    """Return how old what is shown is, for a title; nothing while the node talks."""
    return () if sight.silent_s is None else (Span(f"as it was {duration(sight.silent_s)} ago", "warn"),)
