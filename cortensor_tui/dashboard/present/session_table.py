"""Sessions as rows: which are wanted, in which order, and what stands in each column."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from cortensor_tui.dashboard.present.freshness import PRESENT, Sight
from cortensor_tui.dashboard.present.tables import MINE, session_row
from cortensor_tui.dashboard.widgets.line_table import Column, Row
from cortensor_tui.domain.health import NodeStatus
from cortensor_tui.domain.sessions import Service, SessionView

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
_SERVICE_ORDER = tuple(Service)
# By what each column is sorted, upwards; the id decides between equals.
_SORT_KEYS: tuple[Callable[[SessionView], Any], ...] = (
    lambda view: view.session.session_id,
    lambda view: view.session.name.casefold(),
    lambda view: view.session.mode,
    lambda view: not view.session.is_active,
    lambda view: len(view.session.dedicated_nodes) + len(view.session.ephemeral_nodes),
    lambda view: -1 if view.task_count is None else view.task_count,
    lambda view: not view.is_mine,
    lambda view: (_SERVICE_ORDER.index(view.service), not view.is_mine),
)
_LARGEST_FIRST = frozenset({0, 4, 5})
"""Columns of numbers, of which the largest are looked for."""


def are_known(status: NodeStatus) -> bool:
    """Tell whether the list of sessions is one that was read: else nothing can be said of them."""
    return status.are_sessions_read and status.chain.head_number is not None


class SessionOrder(NamedTuple):
    """By which column the list is sorted; the newest session comes first among equals."""

    column: int = len(COLUMNS) - 1
    is_reversed: bool = False

    def next(self) -> SessionOrder:
        """Return the order by the next column, as one first wants it."""
        return SessionOrder((self.column + 1) % len(COLUMNS))

    def reversed(self) -> SessionOrder:
        """Return the same the other way round."""
        return SessionOrder(self.column, not self.is_reversed)

    @property
    def is_falling(self) -> bool:
        """Tell whether what is largest comes first."""
        return (self.column in _LARGEST_FIRST) != self.is_reversed


def ordered(views: Iterable[SessionView], order: SessionOrder) -> list[SessionView]:
    """Return the sessions in this order."""
    newest_first = sorted(views, key=lambda view: -view.session.session_id)
    key = _SORT_KEYS[order.column]
    return sorted(newest_first, key=key, reverse=order.is_falling)


def session_rows(
    views: Iterable[SessionView], wanted: SessionFilter, order: SessionOrder, sight: Sight = PRESENT
) -> tuple[Row, ...]:
    """Return the wanted sessions as rows."""
    return tuple(session_row(view, sight) for view in ordered(filter(wanted.matches, views), order))
