"""A window on a long list, newest first: which rows are held, and which page to ask for next.

The list is on the node. The window holds one stretch of it without holes, takes pages at either end and lets
go of what is far from the cursor. What happens meanwhile is merged in where it belongs.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Generic, NamedTuple

from cortensor_tui.dashboard.stretch import Entry, Item, Place, Stretch
from cortensor_tui.domain.problems import Problem

PAGE_ROWS = 100
MOST_ROWS = 600


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
        # The next page is asked for when what is seen is so close to the edge.
        self._margin_rows = page_rows // 2
        self._most_rows = max(most_rows, 3 * page_rows)
        self._held: Stretch[Item] = Stretch()
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
        return len(self._held)

    def __getitem__(self, index: int) -> Entry[Item]:
        """Return a row, the newest held first."""
        return self._held[index]

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
        return self._held.newer is not None

    @property
    def has_older(self) -> bool:
        """Tell whether the list may go on below the last row."""
        return self._held.older is not None

    def index_of(self, key: str) -> int | None:
        """Return where a row is, None where it is not held."""
        return self._held.index_of(key)

    # --- what to ask -----------------------------------------------------------------------------

    def restart(self, side: Side = Side.OLDER, at: Place | None = None) -> None:
        """Read anew: from the newest on to older ones or the other way, or what is older than a place.

        The rows held stay to be looked at until the first page is there.
        """
        self._start, self._start_at = side, at
        self._asked, self.problem = None, None

    def clear(self, at: Place | None = None) -> None:
        """Let go of all rows and read anew: another list is wanted, or the part of it below a place."""
        self._held = Stretch()
        self.total = None
        self._tail, self._is_makeshift = {}, False
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
        if self._held.older is not None and last + self._margin_rows >= len(self._held):
            return Side.OLDER, self._held.older
        if self._held.newer is not None and first < self._margin_rows:
            return Side.NEWER, self._held.newer
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
        if self._is_makeshift:
            self._hold_tail()
            return
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
        if self._start is not None and not self._held:
            self._is_makeshift = True
            self._hold_tail()

    def _hold_tail(self) -> None:
        self._held = Stretch()
        for seen in self._tail.values():
            self._merge(seen, 0)

    def _extend(self, ask: Ask, page: Page[Item], near: int) -> None:
        if not _goes_on(ask, page):  # or the same would be asked for ever
            self.problem = _STUCK
            return
        if ask.side is Side.OLDER:
            self._held.extend_older(page.entries, page.reached)
        else:
            near += self._held.extend_newer(page.entries, page.reached)
        self._held.trim(self._most_rows, near)

    def _begin(self, ask: Ask, page: Page[Item]) -> None:
        """Begin with a first page; above one that begins below a place, the list goes on with that place."""
        if ask.side is Side.NEWER:
            newer, older = page.reached, None
        else:
            newer = None if ask.beyond is None else (*ask.beyond[:-1], ask.beyond[-1] - 1)
            older = page.reached
        self._held.replace(page.entries, newer, older)
        self._is_makeshift = False
        self.total = page.total or self.total
        self._start = self._start_at = None

    def _merge(self, seen: Seen[Item], near: int) -> None:
        entry, is_wanted = seen
        rows_before = len(self._held)
        was_held = self._held.remove(entry.key)
        is_read = self._start is None or was_held or self._is_makeshift
        if is_wanted and is_read and self._held.covers(entry.place):
            self._held.insert(entry)
        if self.total is not None and self._start is None:
            self.total = (self.total[0] + len(self._held) - rows_before, self.total[1])
        self._held.trim(self._most_rows, near)


def _goes_on(ask: Ask, page: Page[Item]) -> bool:
    if page.reached is None or ask.beyond is None:
        return True
    return page.reached < ask.beyond if ask.side is Side.OLDER else page.reached > ask.beyond
