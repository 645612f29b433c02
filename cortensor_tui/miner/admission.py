"""Which sessions this node serves. Anyone can bind anyone's node, and every answer costs it gas."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.sessions import Service, Session
from cortensor_tui.settings import AuthorizedSessions, ListedSessions


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """The rule. Addresses are checksummed; `own_addresses` are the node's and the owner's."""

    node: str
    own_addresses: frozenset[str]
    listed_owners: frozenset[str]
    authorized: AuthorizedSessions
    is_enabled: bool

    @property
    def is_watching(self) -> bool:
        """It answers tasks."""
        return False

    def is_mine(self, session: Session) -> bool:
        """Tell whether one of this operator's own keys owns the session."""
        return session.owner in self.own_addresses

    def is_bound(self, session: Session) -> bool:
        """Tell whether this node is bound to the session."""
        return self.node in session.dedicated_nodes

    def decide(self, session: Session) -> tuple[Service, str]:
        """Return what the node does with a session, and why in one phrase."""
        if not self.is_bound(session):
            return Service.NOT_BOUND, "this node is not bound to it"
        if not session.is_active:
            return Service.INACTIVE, "the session is not active"
        if not self.is_enabled:
            return Service.REFUSED, "ENABLE_DEDICATED_NODE is 0"
        is_ours = self.is_mine(session) or session.owner in self.listed_owners
        if self.authorized.allows(session.session_id, is_ours=is_ours):
            return Service.SERVED, "bound to this node"
        if isinstance(self.authorized, ListedSessions):
            return Service.REFUSED, "not listed in DEDICATED_NODE_AUTHORIZED_SESSIONS"
        return Service.REFUSED, "owned by a stranger: add the owner to CORTENSOR_TUI_OWNERS to serve it"
