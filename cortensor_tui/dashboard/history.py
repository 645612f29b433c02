"""A window on a long list, newest first: which rows are held, and which page to ask for next.

The list is on the node. The window holds one stretch of it without holes, takes pages at either end and lets
go of what is far from the cursor. What happens meanwhile is merged in where it belongs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from cortensor_tui.domain.problems import Problem

Place = tuple[float, ...]
"""Where an item stands in the list's order; the first has the greatest, which is the newest at first."""
Item = TypeVar("Item")

PAGE_ROWS = 100
MOST_ROWS = 600


class Entry(NamedTuple, Generic[Item]):
    """An item in its place."""

    place: Place
    key: str
    item: Item


class Side(StrEnum):
    """The two directions a list can be read on."""

    OLDER = "older"
    NEWER = "newer"


class Ask(NamedTuple):
    """A page to ask for: next beyond a place, or from that end of the whole list where it is None.

    `number` tells an answer that is still wanted from one that is not. `wants_total` asks how many the whole
    list has.
    """

    side: Side
    beyond: Place | None
    number: int
    wants_total: bool = False


class Page(NamedTuple, Generic[Item]):
    """An answer, newest first. `reached` is where to ask on in the same direction, None at the end.

    `total` is how many the whole list has at least, and whether it may have more; where it was asked.
    """

    entries: tuple[Entry[Item], ...]
    reached: Place | None
    total: tuple[int, bool] | None = None


class Seen(NamedTuple, Generic[Item]):
    """An item as the node told of it just now, and whether it is of this list."""

    entry: Entry[Item]
    is_wanted: bool


class _Edge(NamedTuple):
    """One end of the window. Beyond `place`, which it includes, nothing is known; None is the list's end."""

    place: Place | None

    @property
    def is_end(self) -> bool:
        return self.place is None


_END = _Edge(None)
_STUCK = Problem(
    code="unexpected_reply",
    what="The node's list does not go on",
    why="it answered with the place that was asked from",
    remedy="Restart the node with the version installed now",
)


class Window(Generic[Item]):
    """One stretch of the list. `problem` is why a page could not be had; nothing is asked until `retry`.

    `total` is how many rows the whole list has, as it was told last, and what came and went in sight since.
    """

    def __init__(self, page_rows: int = PAGE_ROWS, most_rows: int = MOST_ROWS) -> None:
        self._margin_rows = (
            page_rows // 2
        )  # the next page is asked for when what is seen is so close to the edge
        self._most_rows = max(most_rows, 3 * page_rows)
        self._entries: list[Entry[Item]] = []
        self._places: dict[str, Place] = {}
        self._newer = _END
        self._older = _END
        self._start: Side | None = Side.OLDER
        self._start_at: Place | None = None
        self._asked: Ask | None = None
        self._tail: dict[str, Seen[Item]] = {}
        self._number = 0
        self._is_makeshift = False
        self.problem: Problem | None = None
        self.total: tuple[int, bool] | None = None

    def __len__(self) -> int:
        """Return how many rows are held."""
        return len(self._entries)

    def __getitem__(self, index: int) -> Entry[Item]:
        """Return a row, the newest held first."""
        return self._entries[index]

    @property
    def is_loading(self) -> bool:
        """Tell whether nothing has been read yet of what is wanted now."""
        return self._start is not None

    @property
    def is_makeshift(self) -> bool:
        """Tell whether the rows are only what the node told of lately, because no page could be had."""
        return self._is_makeshift

    @property
    def has_newer(self) -> bool:
        """Tell whether the list may go on above the first row."""
        return not self._newer.is_end

    @property
    def has_older(self) -> bool:
        """Tell whether the list may go on below the last row."""
        return not self._older.is_end

    def index_of(self, key: str) -> int | None:
        """Return where a row is, None where it is not held."""
        place = self._places.get(key)
        return None if place is None else self._index_for(place)

    # --- what to ask -----------------------------------------------------------------------------

    def restart(self, side: Side = Side.OLDER, at: Place | None = None) -> None:
        """Read anew: from the newest on to older ones or the other way, or what is older than a place.

        The rows held stay to be looked at until the first page is there.
        """
        self._start, self._start_at = side, at
        self._asked, self.problem = None, None

    def clear(self, at: Place | None = None) -> None:
        """Let go of all rows and read anew: another list is wanted, or the part of it below a place."""
        self._hold([])
        self.total = None
        self._tail, self._is_makeshift = {}, False
        self._newer = self._older = _END
        self.restart(at=at)

    def retry(self) -> None:
        """Ask again after a problem."""
        self.problem = None

    def wanted(self, first: int, last: int) -> Ask | None:
        """Return what to ask while these rows are in sight, None where nothing is, or while a page is due."""
        if self._asked is not None or self.problem is not None:
            return None
        found = self._next(first, last)
        if found is not None:
            self._number += 1
            self._asked = Ask(*found, self._number, wants_total=self._start is not None)
            return self._asked
        return None

    def _next(self, first: int, last: int) -> tuple[Side, Place | None] | None:
        if self._start is not None:
            return self._start, self._start_at
        if self._older.place is not None and last + self._margin_rows >= len(self._entries):
            return Side.OLDER, self._older.place
        if self._newer.place is not None and first < self._margin_rows:
            return Side.NEWER, self._newer.place
        return None

    # --- what came -------------------------------------------------------------------------------

    def take(self, ask: Ask, page: Page[Item], near: int = 0) -> bool:
        """Take a page, and let go of rows at the end that is farther from the row `near`.

        Returns whether it was still wanted.
        """
        if ask != self._asked:
            return False
        self._asked = None
        if self._start is not None:
            self._begin(ask, page)
        else:
            self._extend(ask, page, near)
        for seen in self._tail.values():  # the page may have been read before these happened
            self._merge(seen, near)
        return True

    def see(self, tail: Iterable[Seen[Item]], near: int = 0) -> None:
        """Take the newest items as they are now: new, changed, moved, or no longer of this list.

        Between two calls no more may happen than a tail holds. What lies beyond the window comes with its
        page.
        """
        before, self._tail = self._tail, {seen.entry.key: seen for seen in tail}
        for key, seen in self._tail.items():
            known = before.get(key)
            if known is None or known.entry.item is not seen.entry.item or known.is_wanted != seen.is_wanted:
                self._merge(seen, near)

    def fail(self, ask: Ask, problem: Problem) -> None:
        """Keep what is there and say why there is no more.

        Before anything was read, what the node told of lately is shown: it may have holes, but is known.
        """
        if ask != self._asked:
            return
        self._asked, self.problem = None, problem
        if self._start is not None and not self._entries:
            self._is_makeshift = True
            self._newer = self._older = _END
            for seen in self._tail.values():
                self._merge(seen, 0)

    def _extend(self, ask: Ask, page: Page[Item], near: int) -> None:
        if not _goes_on(ask, page):  # or the same would be asked for ever
            self.problem = _STUCK
            return
        fresh = [entry for entry in page.entries if entry.key not in self._places]  # what is held is newer
        edge = _Edge(page.reached)
        if ask.side is Side.OLDER:
            self._hold([*self._entries, *fresh])
            self._older = edge
        else:
            self._hold([*fresh, *self._entries])
            self._newer = edge
            near += len(fresh)
        self._trim(near)

    def _begin(self, ask: Ask, page: Page[Item]) -> None:
        """Begin with a first page; above one that begins below a place, the list goes on with that place."""
        self._hold(page.entries)
        self._is_makeshift = False
        self.total = page.total or self.total
        reached = _Edge(page.reached)
        if ask.side is Side.NEWER:
            self._older, self._newer = _END, reached
        else:
            above = _END if ask.beyond is None else _Edge((*ask.beyond[:-1], ask.beyond[-1] - 1))
            self._older, self._newer = reached, above
        self._start = self._start_at = None

    def _merge(self, seen: Seen[Item], near: int) -> None:
        entry, is_wanted = seen
        rows_before = len(self._entries)
        known = self.index_of(entry.key)
        if known is not None:
            del self._entries[known], self._places[entry.key]
        is_read = self._start is None or known is not None or self._is_makeshift
        if is_wanted and is_read and self._covers(entry.place):
            self._entries.insert(self._index_for(entry.place), entry)
            self._places[entry.key] = entry.place
        if self.total is not None and self._start is None:
            self.total = (self.total[0] + len(self._entries) - rows_before, self.total[1])
        self._trim(near)

    def _covers(self, place: Place) -> bool:
        is_above = self._older.place is None or place >= self._older.place
        return is_above and (self._newer.place is None or place <= self._newer.place)

    def _index_for(self, place: Place) -> int:
        return bisect_left(self._entries, tuple(-part for part in place), key=_descending)

    def _trim(self, near: int) -> None:
        excess = len(self._entries) - self._most_rows
        if excess <= 0:
            return
        if near < len(self._entries) / 2:
            self._hold(self._entries[:-excess])
            self._older = _Edge(self._entries[-1].place)
        else:
            self._hold(self._entries[excess:])
            self._newer = _Edge(self._entries[0].place)

    def _hold(self, entries: Iterable[Entry[Item]]) -> None:
        self._entries = list(entries)
        self._places = {entry.key: entry.place for entry in self._entries}


def _goes_on(ask: Ask, page: Page[Item]) -> bool:
    if page.reached is None or ask.beyond is None:
        return True
    return page.reached < ask.beyond if ask.side is Side.OLDER else page.reached > ask.beyond


def _descending(entry: Entry[Item]) -> Place:
    return tuple(-part for part in entry.place)
