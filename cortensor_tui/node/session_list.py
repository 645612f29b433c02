"""Every session with what this node makes of it, read anew only when an event says so."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple, Protocol

import structlog

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.contracts.session_words import session_fields, session_routers
from cortensor_tui.chain.watching.events import ContractEvent
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.session_reading import SessionReading
from cortensor_tui.domain.sessions import Service, Session, SessionView, listed_place

log = structlog.get_logger(__name__)

# A network's newest sessions; an older one shows when an event names it.
MOST_SESSIONS = 1_000
OURS_EVERY_S = 60.0
# All of them are a thousand calls, which a paid endpoint counts. What is left out till then is shown late; a
# session of ours is read when a task of it is assigned to this node.
WHOLE_EVERY_S = 1800.0
UNKNOWN_EVERY_S = 10.0  # should somebody bind this node in a way that hides the session, again and again

_SESSION_EVENTS = frozenset(
    {"SessionCreated", "SessionUpdated", "SessionDeactivated", "NewNodeAssignedToSession", "NodeReleased"}
)
_BINDING_EVENTS = frozenset({"DedicatedNodeAdded", "DedicatedNodeRemoved"})


class Admission(Protocol):
    """What is made of a session: by a miner's rule, or by that of a node which only watches."""

    @property
    def node(self) -> str:
        """The node's address, checksummed."""

    @property
    def is_watching(self) -> bool:
        """Tell whether the node only watches that address."""

    def is_mine(self, session: Session) -> bool:
        """Tell whether the session is the operator's own."""

    def is_bound(self, session: Session) -> bool:
        """Tell whether the node is bound to the session."""

    def decide(self, session: Session) -> tuple[Service, str]:
        """Return what is made of a session, and why in one phrase."""


class SessionList:
    """The sessions of one chain."""

    def __init__(self, reader: ContractReader, admission: Admission) -> None:
        self._reader = reader
        self._admission = admission
        self._sessions: dict[int, Session] = {}
        self._task_counts: dict[int, int] = {}
        self._views: dict[int, SessionView] = {}
        self._arranged: _Arranged | None = None
        self._read_at_s: float | None = None
        self._ours_read_at_s = 0.0
        self._is_whole_wanted = False

    @property
    def is_read(self) -> bool:
        """Tell whether the list has been read: before that, none in it means nothing."""
        return self._read_at_s is not None

    def admit(self, admission: Admission) -> None:
        """Serve by another rule from now on; what is worked on goes on."""
        self._admission = admission
        self._views.clear()
        self._arranged = None

    def is_served(self, session_id: int) -> bool:
        """Tell whether this node takes the session's tasks."""
        session = self._sessions.get(session_id)
        return session is not None and self._view(session).service is Service.SERVED

    def model_of(self, session_id: int) -> int | None:
        """Return the network's number of the model that a session asks for, None where that is not known."""
        session = self._sessions.get(session_id)
        return None if session is None else session.model_identifier

    def served_ids(self) -> list[int]:
        """Return the sessions whose tasks this node takes."""
        return list(self._arrange().served)

    def bound_ids(self) -> list[int]:
        """Return the sessions that the node is bound to."""
        return [one.session_id for one in self._sessions.values() if self._admission.is_bound(one)]

    def is_only_node_of(self, session_id: int) -> bool:
        """Tell whether the node is the one and only that is bound to a session."""
        session = self._sessions.get(session_id)
        return session is not None and session.dedicated_nodes == (self._admission.node,)

    def is_bound(self, session_id: int, node: str) -> bool:
        """Tell whether a node is bound to a session, as last read."""
        session = self._sessions.get(session_id)
        return session is not None and node in session.dedicated_nodes

    def watched_ids(self) -> list[int]:
        """Return the sessions of which every event matters: those that this node is bound to or owns."""
        return list(self._arrange().watched)

    def views(self) -> tuple[SessionView, ...]:
        """Return all sessions: served first, then mine, then the newest."""
        return self._arrange().views

    async def update(self, events: Iterable[ContractEvent], *, is_gap: bool) -> None:
        """Read again what the events touch; now and then those that concern this node, rarely all."""
        events = tuple(events)
        touched = {event.session_id for event in events if event.name in _SESSION_EVENTS}
        touched |= await self._sessions_bound(events)
        self._is_whole_wanted |= None in touched
        if is_gap or self._is_whole_due():
            await self._read_all()
            return
        await self._read_sessions(sorted(one for one in touched if one is not None))
        queued = {event.session_id for event in events if event.name == "TaskQueued"}
        await self._read_counts(sorted(one for one in queued if one is not None))
        if time.monotonic() - self._ours_read_at_s > OURS_EVERY_S:
            await self._read_ours()

    def _is_whole_due(self) -> bool:
        if self._read_at_s is None:
            return True
        age_s = time.monotonic() - self._read_at_s
        return age_s > WHOLE_EVERY_S or (self._is_whole_wanted and age_s > UNKNOWN_EVERY_S)

    async def read(self, session_id: int) -> None:
        """Read one session now and keep it, if it exists."""
        await self._read_sessions([session_id])

    async def reread(self, session_id: int) -> None:
        """Read one session after an act of which no event tells.

        The act is done whatever comes of this: a session that cannot be read now is read with ours.
        """
        try:
            await self.read(session_id)
        except ProblemError as error:
            log.warning("a session is read later", session=session_id, why=error.problem.sentence())

    def take(self, session: Session, task_count: int) -> SessionView:
        """Keep a session that was just read, and return it."""
        self._keep(session)
        self._keep_count(session.session_id, task_count)
        return self._view(session)

    async def _sessions_bound(self, events: Iterable[ContractEvent]) -> set[int | None]:
        """Return the sessions that nodes were bound to or released from, None among them for one of unknown
        id that concerns this node.

        The binding events do not say which session they are about; the transaction does, most often.
        """
        bindings = [event for event in events if event.name in _BINDING_EVENTS]
        ours = {event.transaction_hash for event in bindings if self._admission.node in event.nodes}
        hashes = sorted({event.transaction_hash for event in bindings})
        found = zip(hashes, await self._reader.bound_sessions(hashes), strict=True)
        return {session_id for digest, session_id in found if session_id is not None or digest in ours}

    async def _read_all(self) -> None:
        count = await self._reader.session_count()
        for session_id in [known for known in self._sessions if known >= count]:
            del self._sessions[session_id]
            self._forget_view(session_id)
        session_ids = set(range(max(0, count - MOST_SESSIONS), count)) | set(self.served_ids())
        await self._read_sessions(sorted(session_ids))
        await self._read_counts(sorted(session_ids))
        self._read_at_s = self._ours_read_at_s = time.monotonic()
        self._is_whole_wanted = False

    async def _read_ours(self) -> None:
        """Read the sessions that concern this node, and those made since: an event may have been left out."""
        count = await self._reader.session_count()
        newest = max(self._sessions, default=-1)
        made = range(max(newest + 1, count - MOST_SESSIONS), count)
        await self._read_sessions(sorted({*self.watched_ids(), *made}))
        await self._read_counts(sorted(self._sessions))
        self._ours_read_at_s = time.monotonic()

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
        for session in found:
            self._keep(session)

    async def _read_counts(self, session_ids: list[int]) -> None:
        counts = await self._reader.task_counts(session_ids)
        for session_id, count in zip(session_ids, counts, strict=True):
            self._keep_count(session_id, count)

    def _is_watched(self, session: Session) -> bool:
        return self._admission.is_bound(session) or self._admission.is_mine(session)

    # --- what is made of them, once each time one changes: it is asked for at every look -------------

    def _keep(self, session: Session) -> None:
        if self._sessions.get(session.session_id) != session:
            self._sessions[session.session_id] = session
            self._forget_view(session.session_id)

    def _keep_count(self, session_id: int, task_count: int) -> None:
        if self._task_counts.get(session_id) != task_count:
            self._task_counts[session_id] = task_count
            self._forget_view(session_id)

    def _forget_view(self, session_id: int) -> None:
        self._views.pop(session_id, None)
        self._arranged = None

    def _arrange(self) -> _Arranged:
        if self._arranged is None:
            views = [self._view(session) for session in self._sessions.values()]
            self._arranged = _Arranged(
                views=tuple(sorted(views, key=listed_place)),
                served=tuple(one.session.session_id for one in views if one.service is Service.SERVED),
                watched=tuple(one for one, session in self._sessions.items() if self._is_watched(session)),
            )
        return self._arranged

    def _view(self, session: Session) -> SessionView:
        known = self._views.get(session.session_id)
        if known is None or known.session is not session:
            known = self._views[session.session_id] = self._seen(session)
        return known

    def _seen(self, session: Session) -> SessionView:
        service, reason = self._admission.decide(session)
        return SessionView(
            session=session,
            service=service,
            reason=reason,
            is_mine=self._admission.is_mine(session),
            is_watched=self._admission.is_watching,
            task_count=self._task_counts.get(session.session_id),
        )


class _Arranged(NamedTuple):
    """All sessions in the order of lists, and the ids of those served and watched, as they became known."""

    views: tuple[SessionView, ...]
    served: tuple[int, ...]
    watched: tuple[int, ...]


async def read_session(reader: ContractReader, sessions: SessionList, session_id: int) -> SessionReading:
    """Return one session with every field as the contract has it. Raises "session_not_found"."""
    if not 0 <= session_id < 2**256 or not await reader.session_exists(session_id):
        raise problem_error("session_not_found", f"There is no session {session_id} on this chain")
    values = await reader.session_values(session_id)
    [task_count] = await reader.task_counts([session_id])
    return SessionReading(
        view=sessions.take(reader.session_from(values), task_count),
        fields=session_fields(reader, values),
        routers=session_routers(reader, values),
        contract=reader.contracts.session_v2,
        generation=reader.dialect.generation.value,
        read_at=time.time(),
    )
