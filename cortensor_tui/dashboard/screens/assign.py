"""The dedicated-node assignment form: bind a node to a session, or take it off."""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.cells import Line, Span, line, wrap
from cortensor_tui.dashboard.format import ether, number
from cortensor_tui.dashboard.screens.form import Form, chosen_session, field, session_select
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.domain.sessions import SessionView
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import Assign, AssignmentChecked, Check, CheckAssignment, Sent

DEBOUNCE_S = 0.3
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_NAME_CELLS = 24


class AssignScreen(Form):
    """Checks as one types; what it would do is asked of the node, which knows chain and checksum."""

    def __init__(self, *, is_unbinding: bool, session_id: int | None) -> None:
        self.PANEL_TITLE = "Unbind a dedicated node" if is_unbinding else "Bind a dedicated node"
        self.CONFIRM_LABEL = "Unbind" if is_unbinding else "Bind"
        self.TRANSACTION_KIND = TransactionKind.UNBIND if is_unbinding else TransactionKind.BIND
        super().__init__()
        self._is_unbinding = is_unbinding
        self._session_id = session_id
        self._checked: AssignmentChecked | None = None
        self._remark: Line = ()
        self._debounce: Timer | None = None

    def compose_fields(self) -> ComposeResult:
        """Yield session, node and the checks."""
        view = self.dashboard.view
        sessions = view.sessions if view else ()
        this_node = view.status.node.address if view else ""
        fitting = fitting_session(sessions, self._session_id, this_node, is_unbinding=self._is_unbinding)
        yield field("Session", session_select(sessions, fitting, is_own_only=False))
        yield field("Node address", Input(this_node, compact=True, max_length=64, id="node"))
        yield TextLines(self._check_lines, id="checks", classes="spaced")

    def on_mount(self) -> None:
        """Check what is filled in already."""
        super().on_mount()
        self.query_one("#confirm", Button).disabled = True
        self._check_soon(0)

    def body(self) -> RequestBody:
        """Return the binding, with the address as the node has checksummed it."""
        session_id = chosen_session(self.query_one("#session", Select))
        if session_id is None or self._checked is None:
            raise problem_error("form", "The checks have not been made yet", "", "Wait for them")
        return Assign(
            session_id=session_id, node_address=self._checked.node_address, unbind=self._is_unbinding
        )

    def success(self, sent: Sent) -> str:
        """Return what is now so."""
        done = "is no longer bound to" if self._is_unbinding else "is bound to"
        return (
            f"The node {done} session {sent.session_id if sent.session_id is not None else ''}".rstrip() + "."
        )

    @on(Input.Changed, "#node")
    @on(Select.Changed, "#session")
    def _on_field_changed(self) -> None:
        self._check_soon(DEBOUNCE_S)

    def _check_soon(self, delay_s: float) -> None:
        if self._debounce is not None:
            self._debounce.stop()
        self._checked = None
        self.query_one("#confirm", Button).disabled = True
        self.show_outcome([])
        session_id = chosen_session(self.query_one("#session", Select))
        address = self.query_one("#node", Input).value.strip()
        if session_id is None:
            self._say("Choose a session; with n on the main screen you create one.", "warn")
        elif not _ADDRESS.fullmatch(address):
            self._say("A node address is 0x and 40 hexadecimal digits.", "warn")
        else:
            self._say("Checking …", "muted")
            body = CheckAssignment(session_id=session_id, node_address=address, unbind=self._is_unbinding)
            self._debounce = self.set_timer(max(delay_s, 0.01), lambda: self._start_check(body))

    def _start_check(self, body: CheckAssignment) -> None:
        self.run_worker(self._check(body), group="check", exclusive=True)

    async def _check(self, body: CheckAssignment) -> None:
        try:
            reply = await self.dashboard.request(body)
        except ProblemError as error:
            self._say("", "muted")
            self.show_problem(error.problem)
            return
        if not isinstance(reply, AssignmentChecked) or not self._is_current(body):
            return
        self._checked = reply
        self._say("", "muted")
        self.query_one("#confirm", Button).disabled = not (reply.is_allowed and reply.checks)

    def _is_current(self, body: CheckAssignment) -> bool:
        """Tell whether the fields are still those that were checked."""
        return (
            chosen_session(self.query_one("#session", Select)) == body.session_id
            and self.query_one("#node", Input).value.strip() == body.node_address
        )

    def _say(self, text: str, role: str) -> None:
        self._remark = line((f" {text}", role)) if text else ()
        self.query_one("#checks", TextLines).redraw()

    def show_problem(self, problem: Problem) -> None:
        """Show a refusal; the checks are as old as it, so they are made again."""
        super().show_problem(problem)
        self.query_one("#confirm", Button).disabled = self._checked is None or not self._checked.is_allowed

    def _check_lines(self, width: int) -> list[Line]:
        if self._checked is None:
            return [self._remark]
        shown = [piece for check in self._checked.checks for piece in _check_line(check, width)]
        return [*shown, (), *_call_lines(self._checked, width)]


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


def _check_line(check: Check, width: int) -> list[Line]:
    mark, role = {True: ("✓", "good"), False: ("✖", "bad"), None: ("?", "warn")}[check.is_met]
    name = wrap(inert(check.name, 80), _NAME_CELLS)
    detail = wrap(inert(check.detail, 300), width - _NAME_CELLS - 6)
    lines: list[Line] = []
    for index in range(max(len(name), len(detail))):
        left = name[index] if index < len(name) else ""
        right = detail[index] if index < len(detail) else ""
        lines.append(
            (
                Span(f" {mark} " if index == 0 else "   ", role),
                Span(left.ljust(_NAME_CELLS + 2)),
                Span(right, "muted" if check.is_met else role),
            )
        )
    return lines


def _call_lines(checked: AssignmentChecked, width: int) -> list[Line]:
    """Return exactly what will be sent, where to, and the most it can cost."""
    cost = "not known" if checked.fee_wei is None else f"at most {ether(checked.fee_wei, 9)}"
    gas = f"  (gas limit {number(checked.gas_limit)})" if checked.gas_limit is not None else ""
    call = wrap(inert(checked.call, 200), width - 12)
    return [
        line((" fee       ", "muted"), cost, (gas, "muted")),
        *(
            line((" call      " if index == 0 else "           ", "muted"), piece)
            for index, piece in enumerate(call)
        ),
        line((" contract  ", "muted"), inert(checked.contract, 64)),
    ]
