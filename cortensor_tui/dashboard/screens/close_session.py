"""The confirmation that closes a session for good."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Input

from cortensor_tui.dashboard.cells import Line, Span, wrap
from cortensor_tui.dashboard.screens.checked_form import CheckedForm
from cortensor_tui.dashboard.screens.confirm import is_typed, typed_field
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import Sent
from cortensor_tui.node.session_messages import CheckAct, DeactivateSession


class CloseSessionScreen(CheckedForm):
    """Shows what is sent; the button works once the session's id is typed."""

    CONFIRM_LABEL = "Close for good"
    TRANSACTION_KIND = TransactionKind.DEACTIVATE_SESSION

    def __init__(self, session_id: int) -> None:
        self.PANEL_TITLE = f"Close session {session_id}"
        super().__init__()
        self._session_id = session_id

    def compose_fields(self) -> ComposeResult:
        """Yield the consequences, the checks and the field."""
        yield TextLines(self._consequences)
        yield from self.compose_checks()
        yield typed_field(str(self._session_id))

    def on_mount(self) -> None:
        """Begin in the field."""
        super().on_mount()
        self.query_one("#typed", Input).focus()

    @property
    def may_send(self) -> bool:
        """Only what is confirmed by hand is sent."""
        return super().may_send and is_typed(self.query_one("#typed", Input), str(self._session_id))

    def check_soon(self, delay_s: float) -> None:
        """What is typed changes nothing of what was checked."""
        if self._checked is None:
            super().check_soon(delay_s)
        self.refresh_button()

    def question(self) -> RequestBody | str:
        """Ask what closing it would do."""
        return CheckAct(act=self.body())

    def body(self) -> DeactivateSession:
        """Return the closing."""
        return DeactivateSession(session_id=self._session_id)

    def success(self, sent: Sent) -> str:
        """Return what is now so."""
        return f"Session {self._session_id} is closed."

    def _consequences(self, width: int) -> list[Line]:
        view = self.dashboard.view
        found = view.session(self._session_id) if view else None
        name = f" {inert(found.session.name, 60)}" if found else ""
        bound = len(found.session.dedicated_nodes) if found else 0
        nodes = f" Its {bound} bound node{'s get' if bound > 1 else ' gets'} no more tasks." if bound else ""
        closes = f"Session {self._session_id}{name} takes no more prompts and no more nodes."
        text = f"{closes}{nodes} No call opens it again."
        return [(Span(f" {piece}", "warn"),) for piece in wrap(text, max(8, width - 2))]
