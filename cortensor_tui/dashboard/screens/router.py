"""The form that lists a session's router, gives it another text, or takes it off the list."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Input, Select

from cortensor_tui.dashboard.screens.assign import is_address
from cortensor_tui.dashboard.screens.checked_form import CheckedForm
from cortensor_tui.dashboard.screens.fields import field
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.session_reading import Router
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import Sent
from cortensor_tui.node.session_messages import CheckAct, SetRouter

NO_ROUTER = "A router's address is 0x and 40 hexadecimal digits."
_MAX_TEXT_CHARS = 1_024  # what the contract takes
_LIST, _UNLIST = "list", "unlist"


class RouterScreen(CheckedForm):
    """A router may submit for the session besides its owner; its text says how it is reached."""

    CONFIRM_LABEL = "Send"
    TRANSACTION_KIND = TransactionKind.UPDATE_SESSION

    def __init__(self, session_id: int, listed: Router | None = None) -> None:
        """`listed` is the router to begin with, None for a new one."""
        self.PANEL_TITLE = f"A router of session {session_id}"
        super().__init__()
        self._session_id = session_id
        self._listed = listed

    def compose_fields(self) -> ComposeResult:
        """Yield the router and what is to be done."""
        known = self._listed or Router(address="", text="")
        options = [("list it with this text", _LIST), ("take it off the list", _UNLIST)]
        yield field("Router", Input(inert(known.address, 64), compact=True, max_length=64, id="router"))
        yield field(
            "Text",
            Input(
                inert(known.text, _MAX_TEXT_CHARS),
                placeholder="how it is reached",
                compact=True,
                max_length=_MAX_TEXT_CHARS,
                id="text",
            ),
        )
        yield field("Do", Select(options, value=_LIST, allow_blank=False, compact=True, id="do"))
        yield from self.compose_checks()

    def question(self) -> RequestBody | str:
        """Ask what it would do."""
        asked = self.body()
        if not is_address(asked.address):
            return NO_ROUTER
        if (
            self._listed is not None
            and asked.text == self._listed.text
            and asked.address == self._listed.address
        ):
            return "Nothing is changed yet."
        return CheckAct(act=asked)

    def body(self) -> SetRouter:
        """Return what the router is to be."""
        is_listing = self.query_one("#do", Select).value == _LIST
        return SetRouter(
            session_id=self._session_id,
            address=self.query_one("#router", Input).value.strip(),
            text=self.query_one("#text", Input).value.strip() if is_listing else None,
        )

    def success(self, sent: Sent) -> str:
        """Return what is now so."""
        is_listed = self.query_one("#do", Select).value == _LIST
        return "The router is listed." if is_listed else "The router is off the list."
