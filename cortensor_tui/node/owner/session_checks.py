"""What is read and checked of a session before anything is done to it."""

from __future__ import annotations

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.domain.sessions import Session
from cortensor_tui.node.owner_messages import Check


class SessionChecks:
    """Reads sessions at the latest block and checks that they are the owner's to change."""

    def __init__(self, reader: ContractReader, owner: str) -> None:
        self._reader = reader
        self._owner = owner

    async def session(self, session_id: int) -> Session | None:
        """Return the session, None where there is none of this number."""
        if not 0 <= session_id < 2**256 or not await self._reader.session_exists(session_id):
            return None
        return (await self._reader.sessions([session_id]))[0]

    def of(self, session: Session | None, session_id: int, *, needs_active: bool = True) -> list[Check]:
        """Return whether it is there, active where that is needed, and the owner's."""
        if session is None:
            return [Check(name="session exists", is_met=False, detail=f"there is no session {session_id}")]
        is_mine = session.owner == self._owner
        stranger = f"it belongs to {session.owner}, your key is {self._owner}"
        is_active = Check(
            name="session active",
            is_met=session.is_active,
            detail="it is active" if session.is_active else "it is not active",
        )
        return [
            Check(name="session exists", is_met=True, detail=f"session {session_id} is there"),
            *([is_active] if needs_active else ()),
            Check(name="owner", is_met=is_mine, detail="you own it" if is_mine else stranger),
        ]
