"""The form that closes a session for good."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Button

from cortensor_tui.dashboard.cells import Line, Span, wrap
from cortensor_tui.dashboard.screens.checked_form import CheckedForm
from cortensor_tui.dashboard.screens.confirm import ConfirmScreen
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import Sent
from cortensor_tui.node.session_messages import CheckAct, DeactivateSession


class CloseSessionScreen(CheckedForm):
    """Shows what is sent and what comes of it; it is sent once the session's id is typed."""

    CONFIRM_LABEL = "Close for good"
    TRANSACTION_KIND = TransactionKind.DEACTIVATE_SESSION

    def __init__(self, session_id: int) -> None:
        self.PANEL_TITLE = f"Close session {session_id}"
        super().__init__()
        self._session_id = session_id

    def compose_fields(self) -> ComposeResult:
        """Yield the consequences and the checks."""
        yield TextLines(self._consequence_lines)
        yield from self.compose_checks()

    def question(self) -> RequestBody | str:
        """Ask what closing it would do."""
        return CheckAct(act=self.body())

    def body(self) -> DeactivateSession:
        """Return the closing."""
        return DeactivateSession(session_id=self._session_id)

    def confirmation(self) -> ConfirmScreen:
        """Have the session's id typed."""
        return ConfirmScreen(
            self.PANEL_TITLE, self._consequences(), str(self._session_id), self.CONFIRM_LABEL
        )

    def refresh_button(self) -> None:
        """Let it be sent where it may; there is no field to begin in."""
        super().refresh_button()
        button = self.query_one("#confirm", Button)
        if not button.disabled:
            button.focus()

    def success(self, sent: Sent) -> str:
        """Return what is now so."""
        return f"Session {self._session_id} is closed."

    def _consequences(self) -> str:
        view = self.dashboard.view
        found = view.session(self._session_id) if view else None
        name = f" {inert(found.session.name, 60)}" if found else ""
        bound = len(found.session.dedicated_nodes) if found else 0
        nodes = f" Its {bound} bound node{'s get' if bound > 1 else ' gets'} no more tasks." if bound else ""
        closes = f"Session {self._session_id}{name} takes no more prompts and no more nodes."
        return f"{closes}{nodes} No call opens it again."

    def _consequence_lines(self, width: int) -> list[Line]:
        return [(Span(f" {piece}", "warn"),) for piece in wrap(self._consequences(), max(8, width - 2))]
