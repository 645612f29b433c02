"""Which sessions are watched: those that the address is bound to."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.sessions import Service, Session


class WatchAdmission(msgspec.Struct, frozen=True):
    """The rule for one address, checksummed."""

    node: str

    @property
    def is_watching(self) -> bool:
        """It only looks."""
        return True

    def is_mine(self, session: Session) -> bool:
        """Tell whether the address owns the session."""
        return session.owner == self.node

    def is_bound(self, session: Session) -> bool:
        """Tell whether the address is bound to the session."""
        return self.node in session.dedicated_nodes

    def decide(self, session: Session) -> tuple[Service, str]:
        """Return what is made of a session, and why in one phrase."""
        if not self.is_bound(session):
            return Service.NOT_BOUND, "the watched address is not bound to it"
        if not session.is_active:
            return Service.INACTIVE, "the session is not active"
        return Service.WATCHED, "the watched address is bound to it"
