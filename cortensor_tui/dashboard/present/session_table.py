"""Sessions as rows: which are wanted, in which order, and what stands in each column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from cortensor_tui.dashboard.present.freshness import PRESENT, Sight
from cortensor_tui.dashboard.present.tables import MINE, session_row
from cortensor_tui.dashboard.widgets.line_table import Column, Row
from cortensor_tui.domain.health import NodeStatus
from cortensor_tui.domain.session_orders import SessionOrder, in_order, is_falling
from cortensor_tui.domain.sessions import SessionView

if TYPE_CHECKING:
    from cortensor_tui.domain.session_filter import SessionFilter

COLUMNS = (
    Column("id", 5, is_right=True),
    Column("name", 10, share=3),
    Column("mode", 9, rank=3),
    Column("state", 8, rank=4),
    Column("nodes", 5, rank=1, is_right=True),
    Column("tasks", 6, rank=2, is_right=True),
    Column(MINE, 4, rank=2),
    Column("this node", 11, share=2),
)
_ORDERS = tuple(SessionOrder)
"""By what each column is sorted."""


def are_known(status: NodeStatus) -> bool:
    """Tell whether the list of sessions is one that was read: else nothing can be said of them."""
    return status.are_sessions_read and status.chain.head_number is not None


class SortedSessions(NamedTuple):
    """By which column the list is sorted, and whether the other way round than one first wants it."""

    column: int = len(COLUMNS) - 1
    is_reversed: bool = False

    def next(self) -> SortedSessions:
        """Return the order by the next column, as one first wants it."""
        return SortedSessions((self.column + 1) % len(COLUMNS))

    def reversed(self) -> SortedSessions:
        """Return the same the other way round."""
        return SortedSessions(self.column, not self.is_reversed)

    @property
    def is_falling(self) -> bool:
        """Tell whether what is largest comes first."""
        return is_falling(_ORDERS[self.column], is_reversed=self.is_reversed)


def ordered(views: Iterable[SessionView], order: SortedSessions) -> list[SessionView]:
    """Return the sessions in this order."""
    return in_order(views, _ORDERS[order.column], is_reversed=order.is_reversed)


def session_rows(
    views: Iterable[SessionView], wanted: SessionFilter, order: SortedSessions, sight: Sight = PRESENT
) -> tuple[Row, ...]:
    """Return the wanted sessions as rows."""
    return tuple(session_row(view, sight) for view in ordered(filter(wanted.matches, views), order))
