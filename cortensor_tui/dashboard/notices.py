"""The list of what needed the operator, and which of it is new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from cortensor_tui.dashboard.present.notices import Notice

MAX_KEPT = 50
QUIET_S = 60.0
"""A cause that comes and goes is told again only after so long."""


class Kept(msgspec.Struct, frozen=True):
    """A notice in the list. `until` is None while its cause lasts."""

    notice: Notice
    since: float
    until: float | None = None


class Told(msgspec.Struct, frozen=True):
    """What changed: what is new enough to be told, and whose causes have gone."""

    fresh: tuple[Notice, ...] = ()
    gone: frozenset[str] = frozenset()


def in_order(kept: Iterable[Kept]) -> tuple[Kept, ...]:
    """Return a list newest first; what lasts stands before what is over."""
    return tuple(sorted(kept, key=lambda one: (one.until is not None, -one.since)))


class NoticeList:
    """Takes what needs the operator at each moment. What stood already at the first moment is new only with
    `tells_first`; what happened before it is not new, however late it comes.
    """

    def __init__(self, *, tells_first: bool = False) -> None:
        self._kept: dict[str, Kept] = {}
        self._told_at: dict[str, float] = {}
        self._began_at: float | None = None
        self._last = frozenset[str]() if tells_first else None  # the causes of the moment before

    @property
    def kept(self) -> tuple[Kept, ...]:
        """Return the list, newest first; what lasts stands before what is over."""
        return in_order(self._kept.values())

    def lasting_beside(self, cause: str = "") -> int:
        """Return how many things need the operator now, that of one cause left out."""
        return sum(1 for one in self._kept.values() if one.until is None and one.notice.cause != cause)

    def add(self, notice: Notice, now: float) -> None:
        """Put an event into the list that nobody need be told of any more."""
        self._kept[notice.cause] = Kept(notice, now, now)
        self._forget()

    def take(self, standing: Sequence[Notice], now: float) -> Told:
        """Bring the list up to date and return what is new and what is over."""
        if self._began_at is None:
            self._began_at = now
        causes = frozenset(notice.cause for notice in standing)
        before = self._last if self._last is not None else causes
        newer = [one for one in standing if one.at is None or one.at >= self._began_at]
        fresh = [notice for notice in newer if notice.cause not in before]
        worth = [one for one in fresh if now - self._told_at.get(one.cause, -QUIET_S) >= QUIET_S]
        self._told_at |= {one.cause: now for one in worth}
        gone = self._end(causes, now)
        for notice in standing:
            self._keep(notice, now)
        self._last = causes
        self._forget()
        return Told(tuple(worth), gone)

    def _end(self, causes: frozenset[str], now: float) -> frozenset[str]:
        lasting = {cause for cause, one in self._kept.items() if one.until is None}
        gone = frozenset(lasting - causes)
        for cause in gone:
            self._kept[cause] = msgspec.structs.replace(self._kept[cause], until=now)
        return gone

    def _keep(self, notice: Notice, now: float) -> None:
        known = self._kept.get(notice.cause)
        if known is not None and known.until is None:
            self._kept[notice.cause] = msgspec.structs.replace(known, notice=notice)
        elif not notice.is_event:
            self._kept[notice.cause] = Kept(notice, now)
        elif self._last is None or notice.cause not in self._last:
            at = now if notice.at is None else notice.at
            self._kept[notice.cause] = Kept(notice, at, at)

    def _forget(self) -> None:
        over = sorted((one.since, cause) for cause, one in self._kept.items() if one.until is not None)
        for _, cause in over[: max(0, len(self._kept) - MAX_KEPT)]:
            del self._kept[cause]
        self._told_at = {cause: at for cause, at in self._told_at.items() if cause in self._kept}
