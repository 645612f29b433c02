"""By what sessions are sorted; among equals the newest comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, Final

from cortensor_tui.domain.sessions import Service, SessionView


class SessionOrder(StrEnum):
    """An order of sessions."""

    ID = "id"
    NAME = "name"
    MODE = "mode"
    STATE = "state"
    NODES = "nodes"
    TASKS = "tasks"
    OWNER = "owner"
    SERVICE = "service"


# What is served, or watched, is what one looks for.
_SERVICES: Final = tuple(sorted(Service, key=lambda one: one not in (Service.SERVED, Service.WATCHED)))
_KEYS: Final[dict[SessionOrder, Callable[[SessionView], Any]]] = {
    SessionOrder.ID: lambda view: view.session.session_id,
    SessionOrder.NAME: lambda view: view.session.name.casefold(),
    SessionOrder.MODE: lambda view: view.session.mode,
    SessionOrder.STATE: lambda view: not view.session.is_active,
    SessionOrder.NODES: lambda view: len(view.session.dedicated_nodes) + len(view.session.ephemeral_nodes),
    SessionOrder.TASKS: lambda view: -1 if view.task_count is None else view.task_count,
    SessionOrder.OWNER: lambda view: not view.is_mine,
    SessionOrder.SERVICE: lambda view: (_SERVICES.index(view.service), not view.is_mine),
}
_LARGEST_FIRST: Final = frozenset({SessionOrder.ID, SessionOrder.NODES, SessionOrder.TASKS})
"""Numbers, of which the largest are looked for."""


def is_falling(order: SessionOrder, *, is_reversed: bool) -> bool:
    """Tell whether what is largest comes first."""
    return (order in _LARGEST_FIRST) != is_reversed


def in_order(
    views: Iterable[SessionView], order: SessionOrder, *, is_reversed: bool = False
) -> list[SessionView]:
    """Return the sessions in this order, as one first wants it or the other way round."""
    newest_first = sorted(views, key=lambda view: -view.session.session_id)
    return sorted(newest_first, key=_KEYS[order], reverse=is_falling(order, is_reversed=is_reversed))
