"""Every session with what this node makes of it, read anew only when an event says so."""

from __future__ import annotations

import time
from collections.abc import Iterable

import structlog

from cortensor_tui.chain.contracts import ContractReader
from cortensor_tui.chain.events import ContractEvent
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.sessions import Service, Session, SessionView
from cortensor_tui.miner.admission import Admission

log = structlog.get_logger(__name__)

# A network's newest sessions; an older one shows when an event names it.
MOST_SESSIONS = 1_000
WHOLE_EVERY_S = 60.0

_SESSION_EVENTS = frozenset(
    {"SessionCreated", "SessionUpdated", "SessionDeactivated", "NewNodeAssignedToSession", "NodeReleased"}
)
_BINDING_EVENTS = frozenset({"DedicatedNodeAdded", "DedicatedNodeRemoved"})


class SessionList:
    """The sessions of one chain."""

    def __init__(self, reader: ContractReader, admission: Admission) -> None:
        self._reader = reader
        self._admission = admission
        self._sessions: dict[int, Session] = {}
        self._task_counts: dict[int, int] = {}
        self._read_at_s: float | None = None

    def is_served(self, session_id: int) -> bool:
        """Tell whether this node takes the session's tasks."""
        session = self._sessions.get(session_id)
        return session is not None and self._admission.decide(session)[0] is Service.SERVED

    def served_ids(self) -> list[int]:
        """Return the sessions whose tasks this node takes."""
        return [session_id for session_id in self._sessions if self.is_served(session_id)]

    def watched_ids(self) -> list[int]:
        """Return the sessions of which every event matters: those that this node is bound to or owns."""
        return [session.session_id for session in self._sessions.values() if self._is_watched(session)]

    def views(self) -> tuple[SessionView, ...]:
        """Return all sessions: served first, then mine, then the newest."""
        views = [self._view(session) for session in self._sessions.values()]
        views.sort(key=_listed_place)
        return tuple(views)

    async def update(self, events: Iterable[ContractEvent], *, is_gap: bool) -> None:
        """Read again what the events touch; everything after a gap or when it is old."""
        events = tuple(events)
        is_old = self._read_at_s is None or time.monotonic() - self._read_at_s > WHOLE_EVERY_S
        touched = {event.session_id for event in events if event.name in _SESSION_EVENTS}
        touched |= await self._sessions_bound(events)
        if is_gap or is_old or None in touched:
            await self._read_all()
            return
        await self._read_sessions(sorted(one for one in touched if one is not None))
        queued = {event.session_id for event in events if event.name == "TaskQueued"}
        await self._read_counts(sorted(one for one in queued if one is not None))

    async def read(self, session_id: int) -> None:
        """Read one session now and keep it, if it exists."""
        await self._read_sessions([session_id])

    async def _sessions_bound(self, events: Iterable[ContractEvent]) -> set[int | None]:
        """Return the sessions that nodes were bound to or released from, None among them where unknown.

        The binding events do not say which session they are about; the transaction does, most often.
        """
        hashes = {event.transaction_hash for event in events if event.name in _BINDING_EVENTS}
        return set(await self._reader.bound_sessions(sorted(hashes)))

    async def _read_all(self) -> None:
        count = await self._reader.session_count()
        self._sessions = {known: one for known, one in self._sessions.items() if known < count}
        session_ids = set(range(max(0, count - MOST_SESSIONS), count)) | set(self.served_ids())
        await self._read_sessions(sorted(session_ids))
        await self._read_counts(sorted(session_ids))
        self._read_at_s = time.monotonic()

    async def _read_sessions(self, session_ids: list[int]) -> None:
        if not session_ids:
            return
        try:
            found = await self._reader.sessions(session_ids)
        except ProblemError as error:
            count = await self._reader.session_count()
            there = [session_id for session_id in session_ids if session_id < count]
            if len(there) == len(session_ids):
                raise
            log.warning("sessions that do not exist were left out", why=error.problem.why[:200])
            found = await self._reader.sessions(there) if there else []
        self._sessions |= {session.session_id: session for session in found}

    async def _read_counts(self, session_ids: list[int]) -> None:
        counts = await self._reader.task_counts(session_ids)
        self._task_counts.update(zip(session_ids, counts, strict=True))

    def _is_watched(self, session: Session) -> bool:
        return self._admission.is_bound(session) or self._admission.is_mine(session)

    def _view(self, session: Session) -> SessionView:
        service, reason = self._admission.decide(session)
        return SessionView(
            session=session,
            service=service,
            reason=reason,
            is_mine=self._admission.is_mine(session),
            task_count=self._task_counts.get(session.session_id),
        )


def _listed_place(view: SessionView) -> tuple[bool, bool, int]:
    return view.service is not Service.SERVED, not view.is_mine, -view.session.session_id
