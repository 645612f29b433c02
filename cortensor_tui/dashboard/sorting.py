"""How a long list is sorted: one of its orders, one way round, and the words and the column for it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

Order = TypeVar("Order", bound=StrEnum)


class Sorting(NamedTuple, Generic[Order]):
    """An order by which a list can be read. `words` say what stands first, `reversed_words` the other way.

    `is_rising`: what has the least number comes first, as one wants it at first. `is_falling_shown` is what
    the header's arrow says of the values in the column then.
    """

    order: Order
    column: str
    words: str
    reversed_words: str
    is_rising: bool = False
    is_falling_shown: bool = True


class Sorted(NamedTuple, Generic[Order]):
    """The one of several orders that a list is in now."""

    choices: Sequence[Sorting[Order]]
    place: int = 0
    is_reversed: bool = False

    @property
    def order(self) -> Order:
        """Return the order, the greatest number first."""
        return self.choices[self.place].order

    @property
    def is_rising(self) -> bool:
        """Tell whether what has the least number comes first."""
        return self.choices[self.place].is_rising != self.is_reversed

    @property
    def words(self) -> str:
        """Return what stands first."""
        chosen = self.choices[self.place]
        return chosen.reversed_words if self.is_reversed else chosen.words

    @property
    def column(self) -> str:
        """Return the title of the column that is sorted by."""
        return self.choices[self.place].column

    @property
    def is_falling_shown(self) -> bool:
        """Tell whether the values in the column fall from row to row."""
        return self.choices[self.place].is_falling_shown != self.is_reversed

    def next(self) -> Sorted[Order]:
        """Return the next order, as one first wants it."""
        return Sorted(self.choices, (self.place + 1) % len(self.choices))

    def turned(self) -> Sorted[Order]:
        """Return the same the other way round."""
        return Sorted(self.choices, self.place, not self.is_reversed)
