"""Sessions as the SessionV2 contract tells them, and what this node makes of each."""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec


class SessionMode(IntEnum):
    """A session's modes by our numbers: those of public clients. A network's own are in its profile.

    They have a single source, so an unknown number is never an error.
    """

    EPHEMERAL = 0
    HYBRID = 1
    DEDICATED = 2


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One session. Addresses are checksummed; `created_at` and `updated_at` are unix seconds.

    What the old generation of contracts does not keep is None.
    """

    session_id: int
    name: str
    metadata: str
    state: int
    is_active: bool
    owner: str
    mode: int
    redundant: int
    min_nodes: int
    max_nodes: int
    validator_nodes: int
    ephemeral_nodes: tuple[str, ...]
    dedicated_nodes: tuple[str, ...]
    model_identifier: int | None
    sla: int | None
    reserve_period_s: int | None
    max_task_executions: int | None
    created_at: float
    updated_at: float

    @property
    def mode_name(self) -> str:
        """Return the mode's word, or its number where the word is unknown."""
        names = {mode.value: mode.name.lower() for mode in SessionMode}
        return names.get(self.mode, f"mode {self.mode}")


class Service(StrEnum):
    """What this node does with a session."""

    SERVED = "served"
    NOT_BOUND = "not bound"
    REFUSED = "refused"
    INACTIVE = "inactive"
    WATCHED = "watched"


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session with what this node makes of it; `task_count` is None while unknown.

    `is_private`: the node keeps its prompts and answers to itself until it is asked for them; `is_hidden`: it
    does so now. `is_watched`: the node only watches, and `is_mine` says that the watched address owns it.
    """

    session: Session
    service: Service
    reason: str
    is_mine: bool
    task_count: int | None = None
    is_private: bool = False
    is_hidden: bool = False
    is_watched: bool = False

    @property
    def whose(self) -> str:
        """Return whose the session is in one word: the operator's, the watched address's, or empty."""
        if not self.is_mine:
            return ""
        return "watched" if self.is_watched else "mine"


def listed_place(view: SessionView) -> tuple[bool, bool, int]:
    """Return what sessions are listed by: served or watched ones first, then one's own, then the newest."""
    return view.service not in (Service.SERVED, Service.WATCHED), not view.is_mine, -view.session.session_id


def with_changed(
    sessions: tuple[SessionView, ...], changed: tuple[SessionView, ...], gone: tuple[int, ...]
) -> tuple[SessionView, ...]:
    """Return a list of sessions with some of them new or changed and some gone, in the order of lists."""
    left_out = {view.session.session_id for view in changed}.union(gone)
    kept = (view for view in sessions if view.session.session_id not in left_out)
    return tuple(sorted((*kept, *changed), key=listed_place))
