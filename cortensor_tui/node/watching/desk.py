"""What a node without a key answers to whoever asks for something that needs one."""

from __future__ import annotations

from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.node.owner_messages import OwnerReply, OwnerRequest
from cortensor_tui.node.session_messages import SessionAct, SessionReply


def only_watching(address: str) -> Problem:
    """Return why nothing is signed here, and what to do."""
    return Problem(
        code="only_watching",
        what=f"This node only watches {address} and has no key, so nothing can be sent from it",
        why="",
        remedy="Do it from a node that has the key; place 8 of the dashboard sets one up",
    )


class WatchingDesk:
    """Refuses every act."""

    def __init__(self, address: str) -> None:
        self._refusal = only_watching(address)

    async def answer(self, body: OwnerRequest | SessionAct) -> OwnerReply | SessionReply:
        """Raise `ProblemError` "only_watching"."""
        raise ProblemError(self._refusal)
