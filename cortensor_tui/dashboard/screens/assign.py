"""The dedicated-node assignment form: bind a node to a session, or take it off."""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Select

from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.swaps import STAKE_UNREAD, tasks_at_stake
from cortensor_tui.dashboard.screens.checked_form import CheckedForm
from cortensor_tui.dashboard.screens.confirm import ConfirmScreen
from cortensor_tui.dashboard.screens.fields import field
from cortensor_tui.dashboard.screens.form import chosen_session, named_session, session_select
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.sessions import SessionView
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import Assign, AssignmentChecked, CheckAssignment, Sent

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
NO_ADDRESS = "A node address is 0x and 40 hexadecimal digits."


class AssignScreen(CheckedForm):
    """Checks as one types; what it would do is asked of the node, which knows chain and checksum.

    `is_exact` begins with this very session, also where only another can be bound.
    """

    def __init__(self, *, is_unbinding: bool, session_id: int | None, is_exact: bool = False) -> None:
        self.PANEL_TITLE = "Unbind a dedicated node" if is_unbinding else "Bind a dedicated node"
        self.CONFIRM_LABEL = "Unbind" if is_unbinding else "Bind"
        self.TRANSACTION_KIND = TransactionKind.UNBIND if is_unbinding else TransactionKind.BIND
        super().__init__()
        self._is_unbinding = is_unbinding
        self._session_id = session_id
        self._is_exact = is_exact

    def compose_fields(self) -> ComposeResult:
        """Yield session, node and the checks."""
        view = self.dashboard.view
        sessions = view.sessions if view else ()
        this_node = view.status.node.address if view else ""
        fitting = self._session_id
        if not self._is_exact:
            fitting = fitting_session(sessions, fitting, this_node, is_unbinding=self._is_unbinding)
        yield field(
            "Session", session_select(sessions, fitting, is_own_only=False, with_closed=self._is_unbinding)
        )
        yield field("Node address", Input(self._first_node(fitting), compact=True, max_length=64, id="node"))
        yield from self.compose_checks()

    def on_mount(self) -> None:
        """Name the session."""
        super().on_mount()
        self._name_session()

    @on(Select.Changed, "#session")
    def _name_session(self) -> None:
        """Say in the title which session it is, wherever the cursor was when the key was pressed."""
        view, session_id = self.dashboard.view, chosen_session(self.query_one("#session", Select))
        found = view.session(session_id) if view is not None and session_id is not None else None
        if found is not None:
            side = "from" if self._is_unbinding else "to"
            title = f"{self.CONFIRM_LABEL} a node {side} session {named_session(found)}"
            self.query_one("#panel").border_title = Content(title)

    def question(self) -> RequestBody | str:
        """Ask what this assignment would do."""
        session_id = chosen_session(self.query_one("#session", Select))
        address = self.query_one("#node", Input).value.strip()
        if session_id is None:
            return "Choose a session. To create one: esc, then n."
        if not is_address(address):
            return NO_ADDRESS
        return CheckAssignment(session_id=session_id, node_address=address, unbind=self._is_unbinding)

    def body(self) -> RequestBody:
        """Return the binding, with the address as the node has checksummed it."""
        session_id = chosen_session(self.query_one("#session", Select))
        if session_id is None or not isinstance(self._checked, AssignmentChecked):
            raise problem_error("form", "The checks have not been made yet", "", "Wait for them")
        return Assign(
            session_id=session_id, node_address=self._checked.node_address, unbind=self._is_unbinding
        )

    def confirmation(self) -> ConfirmScreen | None:
        """Have the session's id typed where the node is taken off in the middle of a task."""
        session_id = chosen_session(self.query_one("#session", Select))
        lost = self._at_stake()
        if not lost:
            return None
        is_known = self._checked is not None and self._checked.is_in_flight_known
        return ConfirmScreen(
            f"Unbind {'' if is_known else 'perhaps '}in the middle of a task of session {session_id}",
            f"{lost} The node can be bound again; the task cannot come back.",
            str(session_id),
            "Unbind now",
        )

    def take(self, state: FeedState) -> None:
        """Check again when a task of the session begins or ends: unbinding costs another thing then."""
        super().take(state)
        if self._is_unbinding:
            self.check_again_with(state, chosen_session(self.query_one("#session", Select)))

    def remarks(self) -> list[str]:
        """Say what is at stake."""
        lost = self._at_stake()
        return [lost] if lost else []

    def _at_stake(self) -> str:
        """Return what may be lost by it, empty where nothing is."""
        if self._checked is None:
            return ""
        if not self._checked.is_in_flight_known:
            return STAKE_UNREAD
        return tasks_at_stake(self._checked.in_flight) if self._checked.in_flight else ""

    def success(self, sent: Sent) -> str:
        """Return what is now so."""
        done = "is no longer bound to" if self._is_unbinding else "is bound to"
        return (
            f"The node {done} session {sent.session_id if sent.session_id is not None else ''}".rstrip() + "."
        )

    def _first_node(self, session_id: int | None) -> str:
        """Return the node to begin with: this one, or the one that alone can be taken off."""
        view = self.dashboard.view
        if view is None:
            return ""
        this_node = view.status.node.address
        found = view.session(session_id) if session_id is not None else None
        bound = found.session.dedicated_nodes if found is not None else ()
        if self._is_unbinding and this_node not in bound and len(bound) == 1:
            return bound[0]
        return this_node


def is_address(text: str) -> bool:
    """Tell whether this has the form of an address; its checksum is the node's to check."""
    return _ADDRESS.fullmatch(text) is not None


def fitting_session(
    sessions: Sequence[SessionView], under_cursor: int | None, node: str, *, is_unbinding: bool
) -> int | None:
    """Return the session to begin with: the one under the cursor, unless only another can be bound."""
    fitting = [
        view.session.session_id
        for view in sessions
        if view.is_mine and (node in view.session.dedicated_nodes) == is_unbinding
    ]
    return under_cursor if under_cursor in fitting or not fitting else fitting[0]
