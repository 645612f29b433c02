"""Rows of a long list that follow one another without holes, and how far the list is known at either end."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

Place = tuple[float, ...]
"""Where an item stands in the list's order; the first has the greatest, which is the newest at first."""
Item = TypeVar("Item")


class Entry(NamedTuple, Generic[Item]):
    """An item in its place."""

    place: Place
    key: str
    item: Item


class Stretch(Generic[Item]):
    """Entries, newest first. Beyond the places `newer` and `older`, which it includes, nothing is known.

    None there is the list's end: nothing is left to be known.
    """

    def __init__(self) -> None:
        self.newer: Place | None = None
        self.older: Place | None = None
        self._entries: list[Entry[Item]] = []
        self._places: dict[str, Place] = {}

    def __len__(self) -> int:
        """Return how many entries are held."""
        return len(self._entries)

    def __getitem__(self, index: int) -> Entry[Item]:
        """Return an entry, the newest held first."""
        return self._entries[index]

    def index_of(self, key: str) -> int | None:
        """Return where an entry is, None where it is not held."""
        place = self._places.get(key)
        return None if place is None else self._index_for(place)

    def covers(self, place: Place) -> bool:
        """Tell whether what stands at a place would be held, if it were in the list."""
        is_above = self.older is None or place >= self.older
        return is_above and (self.newer is None or place <= self.newer)

    def replace(self, entries: Iterable[Entry[Item]], newer: Place | None, older: Place | None) -> None:
        """Hold other entries, known up to these places."""
        self._hold(entries)
        self.newer, self.older = newer, older

    def extend_older(self, entries: Sequence[Entry[Item]], reached: Place | None) -> None:
        """Add what follows the last entry, up to a place; of what is held already, that stays."""
        self._hold([*self._entries, *self._unknown(entries)])
        self.older = reached

    def extend_newer(self, entries: Sequence[Entry[Item]], reached: Place | None) -> int:
        """Add what stands before the first entry, as `extend_older` does; return how many came."""
        fresh = self._unknown(entries)
        self._hold([*fresh, *self._entries])
        self.newer = reached
        return len(fresh)

    def remove(self, key: str) -> bool:
        """Let go of one entry; return whether it was held."""
        index = self.index_of(key)
        if index is None:
            return False
        del self._entries[index], self._places[key]
        return True

    def insert(self, entry: Entry[Item]) -> None:
        """Put one entry where it belongs."""
        self._entries.insert(self._index_for(entry.place), entry)
        self._places[entry.key] = entry.place

    def trim(self, most: int, near: int) -> None:
        """Keep so many entries, letting go at the end that is farther from the row `near`."""
        excess = len(self._entries) - most
        if excess <= 0:
            return
        if near < len(self._entries) / 2:
            self._hold(self._entries[:-excess])
            self.older = self._entries[-1].place
        else:
            self._hold(self._entries[excess:])
            self.newer = self._entries[0].place

    def _unknown(self, entries: Sequence[Entry[Item]]) -> list[Entry[Item]]:
        return [entry for entry in entries if entry.key not in self._places]

    def _index_for(self, place: Place) -> int:
        return bisect_left(self._entries, tuple(-part for part in place), key=_descending)

    def _hold(self, entries: Iterable[Entry[Item]]) -> None:
        self._entries = list(entries)
        self._places = {entry.key: entry.place for entry in self._entries}


def _descending(entry: Entry[Item]) -> Place:
    return tuple(-part for part in entry.place)
