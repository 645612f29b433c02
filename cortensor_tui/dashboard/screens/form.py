"""What all forms share: fields, a place for the outcome, and a request that shows how it goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input, Select, TextArea

from cortensor_tui.dashboard.cells import Line, line, width_of
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.format import cost, number
from cortensor_tui.dashboard.present.problems import problem_lines
from cortensor_tui.dashboard.present.tables import transaction_span
from cortensor_tui.dashboard.present.unanswered import of_act
from cortensor_tui.dashboard.screens.ask import DiscardScreen
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.screens.fields import FieldError
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.sessions import SessionView
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.messages import ReplyBody, RequestBody
from cortensor_tui.node.owner_messages import SEND_TIMEOUT_S, Sent

if TYPE_CHECKING:
    from cortensor_tui.dashboard.screens.confirm import ConfirmScreen

_MAX_LABEL_CHARS = 60
CHANGED_MEANWHILE = Problem(
    code="form",
    what="Nothing was sent",
    why="something else is at stake now than when you confirmed it",
    remedy="Look at what is shown now, then confirm again",
)


class Form(Panel[None]):
    """A form that sends one transaction. Subclasses yield fields and say what to ask."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f10", "confirm", "Confirm", show=False, id="form.confirm", tooltip="Send the form"),
    ]
    PANEL_HINT = "tab next field   f10 send   esc back"
    CONFIRM_LABEL = "Confirm"
    TRANSACTION_KIND: TransactionKind

    def __init__(self) -> None:
        super().__init__()
        self._outcome: list[Line] = []
        self._asked_at: float | None = None
        self._is_done = False
        self._blank: dict[str, str] = {}

    # --- what a subclass says --------------------------------------------------------------------

    def compose_fields(self) -> ComposeResult:
        """Yield the fields."""
        raise NotImplementedError

    def body(self) -> RequestBody:
        """Return what to ask of the node. Raises `ProblemError` where a field is wrong."""
        raise NotImplementedError

    def success(self, sent: Sent) -> str:
        """Return the sentence for a mined transaction."""
        raise NotImplementedError

    def confirmation(self) -> ConfirmScreen | None:
        """Return what is to be confirmed by hand before this is sent, None where it can be undone."""
        return None

    # --- what it does ----------------------------------------------------------------------------

    def compose_panel(self) -> ComposeResult:
        """Yield fields, buttons and the place for the outcome."""
        yield from self.compose_fields()
        with Horizontal(classes="buttons"):
            yield Button(self.CONFIRM_LABEL, id="confirm", variant="primary", compact=True)
            yield from self.compose_buttons()
            yield Button("Cancel", id="cancel", compact=True)
        yield TextLines(self._outcome_lines, id="outcome", classes="spaced")

    def compose_buttons(self) -> ComposeResult:
        """Yield what else can be chosen."""
        yield from ()

    def on_mount(self) -> None:
        """Stop the cursor's blinking, which over SSH is steady traffic for nothing."""
        for field in self.query(Input):
            field.cursor_blink = False
        self._blank = self._typed()

    def take(self, state: FeedState) -> None:
        """Follow the transaction while the node's answer is awaited."""
        one = self._pending(state)
        if one is not None:
            self.show_outcome([transaction_line(one)])

    def action_confirm(self) -> None:
        """Send, or say what keeps it from being sent."""
        if self.query_one("#confirm", Button).disabled:
            self.say_why_not()
            return
        asked = self.confirmation()
        if asked is None:
            self._start_sending()
        else:
            self.app.push_screen(asked, self._on_confirmed)

    def say_why_not(self) -> None:
        """Say what keeps this from being sent now."""
        if self.is_sending:
            self.notify("The node is at it; its answer is awaited.", timeout=4)
        elif self._is_done:
            self.notify("This was sent already: esc closes it.", timeout=4)

    def _on_confirmed(self, is_confirmed: bool | None) -> None:
        if not is_confirmed:
            return
        self.take(self.dashboard.feed_state)  # what came while the word was typed
        if self.query_one("#confirm", Button).disabled:
            self.show_problem(CHANGED_MEANWHILE)
        else:
            self._start_sending()

    def _start_sending(self) -> None:
        self.run_worker(self._send(), group="send", exclusive=True)

    @on(Button.Pressed, "#confirm")
    @on(Input.Submitted)  # enter in a field confirms too, so that typing ahead of the focus loses nothing
    def _on_confirm(self) -> None:
        self.action_confirm()

    @on(Button.Pressed, "#cancel")
    def _on_cancel(self) -> None:
        self.action_leave()

    def action_leave(self) -> None:
        """Close, after a question where something typed would be lost; what is being sent goes on."""
        if self.is_sending:
            self.notify("The node goes on with it.", markup=False, timeout=3)
        if self._is_done or self.is_sending or self._typed() == self._blank:
            self.dismiss(None)
            return
        self.app.push_screen(DiscardScreen("Nothing of it has been sent."), self._on_discard)

    def _on_discard(self, answer: str | None) -> None:
        if answer == DiscardScreen.IS_MEANT:
            self.dismiss(None)

    def _typed(self) -> dict[str, str]:
        """Return the text of every field."""
        inputs = {str(field.id): field.value for field in self.query(Input)}
        return inputs | {str(area.id): area.text for area in self.query(TextArea)}

    async def _send(self) -> None:
        button = self.query_one("#confirm", Button)
        try:
            body = self.body()
        except ProblemError as error:
            self.show_mistake(error)
            return
        button.disabled = True
        self._asked_at = self.dashboard.now()
        self.show_outcome([line((" ○ ", "accent"), "asking the node to sign and send", (" …", "muted"))])
        try:
            reply = await self.dashboard.request(body, self.send_timeout_s)
        except ProblemError as error:
            button.disabled = False
            self.show_problem(of_act(error.problem))
            return
        finally:
            self._asked_at = None
        self.show_reply(reply)

    @property
    def send_timeout_s(self) -> float:
        """Return how long the node's answer is awaited."""
        return SEND_TIMEOUT_S

    @property
    def is_sending(self) -> bool:
        """Tell whether the node's answer is awaited."""
        return self._asked_at is not None

    def show_reply(self, reply: ReplyBody) -> None:
        """Show what came of it."""
        if isinstance(reply, Sent):
            self._show_sent(reply)

    def _show_sent(self, sent: Sent) -> None:
        self._is_done = True
        one = sent.transaction
        lines = [transaction_line(one), line(("   ", "plain"), (self.success(sent), "strong"))]
        if one.state is not TransactionState.MINED:
            why = inert(one.error, 300) or "it gave no reason"
            lines = [transaction_line(one), line(("   ", "plain"), (f"Nothing has changed: {why}", "bad"))]
        self.show_outcome(lines)
        self.offer_close()

    def offer_close(self) -> None:
        """Leave nothing to do but to close."""
        cancel = self.query_one("#cancel", Button)
        cancel.label = "Close"
        cancel.focus()

    def show_outcome(self, lines: list[Line]) -> None:
        """Show how it goes, under the buttons."""
        self._outcome = lines
        self.query_one("#outcome", TextLines).redraw()

    def show_problem(self, problem: Problem) -> None:
        """Show a refusal in its three parts."""
        self.show_outcome(problem_lines(problem, self.query_one("#outcome").size.width or 80))
        self.query_one("#outcome").scroll_visible(animate=False)

    def show_mistake(self, error: ProblemError) -> None:
        """Show what is wrong with the fields, and go to the one."""
        self.show_problem(error.problem)
        if isinstance(error, FieldError):
            self.query_one(error.selector).focus()

    def _pending(self, state: FeedState) -> Transaction | None:
        if self._asked_at is None or state.view is None:
            return None
        newest = [
            one
            for one in state.view.transactions
            if one.kind is self.TRANSACTION_KIND and one.created_at >= self._asked_at - 1
        ]
        return newest[-1] if newest else None

    def _outcome_lines(self, width: int) -> list[Line]:
        return [piece for one in self._outcome for piece in _in_two(one, width)]


def _in_two(one: Line, width: int) -> list[Line]:
    """Return a line, its last part below where there is no room beside the others."""
    return [one] if len(one) < 2 or width_of(one) <= width else [one[:-1], one[-1:]]


def transaction_line(one: Transaction) -> Line:
    """Return a transaction with all that is known of it so far."""
    mark = transaction_span(one)
    facts = [f"nonce {one.nonce}"]
    if one.block_number is not None:
        facts.append(f"block {number(one.block_number)}")
    if one.gas_used is not None:
        facts.append(f"gas {number(one.gas_used)}")
    if one.fee_wei is not None:
        facts.append(cost(one.fee_wei, 9))
    return line(
        (f" {mark.text}", mark.role),
        f"  {one.hash[:14]}…{one.hash[-6:]}",
        (f"  {' · '.join(facts)}", "muted"),
    )


def session_select(
    sessions: Iterable[SessionView], chosen: int | None, is_own_only: bool, *, with_closed: bool = False
) -> Select[int]:
    """Return a list of active sessions, mine first; names are foreign, so they are given as plain text.

    `with_closed` offers closed sessions too, as long as nodes are bound to them.
    """
    known = sorted(sessions, key=lambda view: (not view.is_mine, view.session.session_id))
    offered = [
        view
        for view in known
        if (view.session.is_active or (with_closed and view.session.dedicated_nodes))
        and (view.is_mine or not is_own_only)
    ]
    options = [(Text(_session_label(view)), view.session.session_id) for view in offered]
    ids = [session_id for _, session_id in options]
    value = chosen if chosen in ids else (ids[0] if ids else Select.NULL)
    return Select(
        options, prompt="No active session", value=value, allow_blank=not ids, compact=True, id="session"
    )


def _session_label(view: SessionView) -> str:
    owner = "mine" if view.is_mine else "not mine"
    closed = "" if view.session.is_active else ", not active"
    return f"{named_session(view)}  ({view.session.mode_name}, {owner}{closed})"


def named_session(view: SessionView) -> str:
    """Return a session's id and name, inert."""
    return f"{view.session.session_id}  {inert(view.session.name, _MAX_LABEL_CHARS) or '(no name)'}"


def chosen_session(select: Select[int]) -> int | None:
    """Return the chosen session's id."""
    value = select.value
    return value if isinstance(value, int) else None
