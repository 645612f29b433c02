"""The form that puts one node in the place of another."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.cells import line
from cortensor_tui.dashboard.screens.assign import NO_ADDRESS, is_address
from cortensor_tui.dashboard.screens.checked_form import CheckedForm
from cortensor_tui.dashboard.screens.form import field, transaction_line
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.messages import ReplyBody, RequestBody
from cortensor_tui.node.session_messages import CheckSwap, SwapNodes, Swapped


class SwapScreen(CheckedForm):
    """Which node goes and which comes; the node sends both halves, and tells if the second one fails."""

    CONFIRM_LABEL = "Swap"
    TRANSACTION_KIND = TransactionKind.UNBIND

    def __init__(self, session_id: int) -> None:
        self.PANEL_TITLE = f"Swap a node of session {session_id}"
        super().__init__()
        self._session_id = session_id

    def compose_fields(self) -> ComposeResult:
        """Yield both nodes and the checks."""
        view = self.dashboard.view
        found = view.session(self._session_id) if view else None
        bound = found.session.dedicated_nodes if found else ()
        this_node = view.status.node.address if view else ""
        options = [(_named(address, this_node), address) for address in bound]
        yield field(
            "Goes",
            Select(
                options,
                prompt="No node is bound",
                value=bound[0] if bound else Select.NULL,
                allow_blank=not bound,
                compact=True,
                id="goes",
            ),
        )
        coming = "" if this_node in bound else this_node
        yield field("Comes", Input(coming, compact=True, max_length=64, id="comes"))
        yield from self.compose_checks()

    def on_mount(self) -> None:
        """Begin with the node that comes."""
        super().on_mount()
        self.query_one("#comes", Input).focus()

    def question(self) -> RequestBody | str:
        """Ask what the swap would do."""
        if not isinstance(self.query_one("#goes", Select).value, str):
            return "No node is bound to this session. Bind one with a."
        if not is_address(self.query_one("#comes", Input).value.strip()):
            return NO_ADDRESS
        return CheckSwap(swap=self.body())

    def body(self) -> SwapNodes:
        """Return the swap."""
        goes = self.query_one("#goes", Select).value
        if not isinstance(goes, str):
            raise problem_error("form", "No node is chosen", "", "Choose the one that goes")
        comes = self.query_one("#comes", Input).value.strip()
        return SwapNodes(session_id=self._session_id, unbind_address=goes, bind_address=comes)

    def show_reply(self, reply: ReplyBody) -> None:
        """Show both halves, or where it stands half way."""
        if not isinstance(reply, Swapped):
            super().show_reply(reply)
            return
        self._is_done = True
        if reply.problem is not None:
            self.show_problem(reply.problem)
            self.query_one("#confirm", Button).disabled = True
        else:
            lines = [transaction_line(one) for one in (reply.unbound, reply.bound) if one is not None]
            self.show_outcome([*lines, line("   ", ("The other node is bound now.", "strong"))])
        self.offer_close()


def _named(address: str, this_node: str) -> str:
    return f"{inert(address, 42)}{'  this node' if address == this_node else ''}"
