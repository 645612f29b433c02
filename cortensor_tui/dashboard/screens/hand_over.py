"""The form that gives a session to another owner."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Input

from cortensor_tui.dashboard.cells import Line, Span, wrap
from cortensor_tui.dashboard.screens.assign import is_address
from cortensor_tui.dashboard.screens.checked_form import CheckedForm
from cortensor_tui.dashboard.screens.confirm import ConfirmScreen
from cortensor_tui.dashboard.screens.fields import field
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import Sent
from cortensor_tui.node.session_messages import CheckAct, HandOver

NO_OWNER = "The new owner's address is 0x and 40 hexadecimal digits."


class HandOverScreen(CheckedForm):
    """Who owns it from then on; it is sent once the session's id is typed."""

    CONFIRM_LABEL = "Hand over"
    TRANSACTION_KIND = TransactionKind.UPDATE_SESSION

    def __init__(self, session_id: int) -> None:
        self.PANEL_TITLE = f"Hand over session {session_id}"
        super().__init__()
        self._session_id = session_id

    def compose_fields(self) -> ComposeResult:
        """Yield the consequences, the new owner and the checks."""
        yield TextLines(self._consequence_lines)
        yield field("New owner", Input(compact=True, max_length=64, id="owner"))
        yield from self.compose_checks()

    def question(self) -> RequestBody | str:
        """Ask what handing it over would do."""
        return CheckAct(act=self.body()) if is_address(self._new_owner) else NO_OWNER

    def body(self) -> HandOver:
        """Return who gets which session."""
        return HandOver(session_id=self._session_id, new_owner=self._new_owner)

    def confirmation(self) -> ConfirmScreen:
        """Have the session's id typed."""
        text = f"{self._consequences()} New owner: {self._new_owner}"
        return ConfirmScreen(self.PANEL_TITLE, text, str(self._session_id), self.CONFIRM_LABEL)

    def success(self, sent: Sent) -> str:
        """Return what is now so."""
        return f"Session {self._session_id} belongs to {inert(self._new_owner, 42)} now."

    @property
    def _new_owner(self) -> str:
        return self.query_one("#owner", Input).value.strip()

    def _consequences(self) -> str:
        view = self.dashboard.view
        found = view.session(self._session_id) if view else None
        name = f" {inert(found.session.name, 60)}" if found else ""
        return (
            f"Session {self._session_id}{name} is no longer yours then. Only its new owner can give it back."
        )

    def _consequence_lines(self, width: int) -> list[Line]:
        return [(Span(f" {piece}", "warn"),) for piece in wrap(self._consequences(), max(8, width - 2))]
