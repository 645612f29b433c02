"""The form that puts one node in the place of another."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.cells import line
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present.swaps import named, swap_sentence, tasks_at_stake
from cortensor_tui.dashboard.screens.assign import NO_ADDRESS, is_address
from cortensor_tui.dashboard.screens.checked_form import CheckedForm
from cortensor_tui.dashboard.screens.confirm import ConfirmScreen
from cortensor_tui.dashboard.screens.fields import field
from cortensor_tui.dashboard.screens.form import transaction_line
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.swaps import STILL_NOTED, SwapProgress, SwapStage, WhenBusy
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.messages import ReplyBody, RequestBody
from cortensor_tui.node.session_messages import CheckSwap, StopSwap, SwapNodes, Swapped

LONGEST_WAIT_S = 30 * 86_400.0
SIGNED_SOON_S = 3.0
"""How long the unbinding may take to be signed before it is offered to be stopped."""
_STANDING = (SwapStage.WAITING, SwapStage.HALF_WAY)


class SwapScreen(CheckedForm):
    """Which node goes and which comes; the node sends both halves, and tells if the second one fails.

    Where a task is being answered it can be waited for, here or anywhere else, or be given up by hand.
    """

    CONFIRM_LABEL = "Swap"
    TRANSACTION_KIND = TransactionKind.UNBIND
    SHOWS_MET_CHECKS = False
    DEFAULT_CSS = """
    SwapScreen { & #now, & #stop { display: none; } }
    """

    def __init__(self, session_id: int) -> None:
        self.PANEL_TITLE = f"Swap a node of session {session_id}"
        super().__init__()
        self._session_id = session_id
        self._when_busy = WhenBusy.REFUSE
        self._on_its_way: SwapProgress | None = None

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

    def compose_buttons(self) -> ComposeResult:
        """Yield what can be chosen while a task is being answered, and while a swap is on its way."""
        yield Button("Swap now", id="now", variant="error", compact=True)
        yield Button("Stop waiting", id="stop", compact=True)

    def on_mount(self) -> None:
        """Begin with the node that comes."""
        super().on_mount()
        self.query_one("#comes", Input).focus()
        self.take(self.dashboard.feed_state)

    # --- what is asked -----------------------------------------------------------------------------

    def question(self) -> RequestBody | str:
        """Ask what the swap would do; a task being answered keeps it from nothing yet."""
        if not isinstance(self.query_one("#goes", Select).value, str):
            return "No node is bound to this session. Bind one first: esc, then a."
        if not is_address(self.query_one("#comes", Input).value.strip()):
            return NO_ADDRESS
        return CheckSwap(swap=self._swap(WhenBusy.WAIT))

    def body(self) -> SwapNodes:
        """Return the swap."""
        return self._swap(self._when_busy)

    def _swap(self, when_busy: WhenBusy) -> SwapNodes:
        goes = self.query_one("#goes", Select).value
        if not isinstance(goes, str):
            raise problem_error("form", "No node is chosen", "", "Choose the one that goes")
        comes = self.query_one("#comes", Input).value.strip()
        return SwapNodes(
            session_id=self._session_id, unbind_address=goes, bind_address=comes, when_busy=when_busy
        )

    @property
    def send_timeout_s(self) -> float:
        """Wait for as long as the node does."""
        return LONGEST_WAIT_S if self._when_busy is WhenBusy.WAIT else super().send_timeout_s

    @property
    def _in_flight(self) -> tuple[TaskKey, ...]:
        return () if self._checked is None else self._checked.in_flight

    @property
    def may_send(self) -> bool:
        """One swap of a session at a time."""
        is_free = self._on_its_way is None or self._on_its_way.stage is SwapStage.HALF_WAY
        return super().may_send and is_free

    def say_why_not(self) -> None:
        """Say also that one is on its way."""
        super().say_why_not()
        if super().may_send and self._on_its_way is not None and not self.is_sending:
            self.notify("A swap of this session is on its way already.", timeout=4)

    def remarks(self) -> list[str]:
        """Say what there is to choose between."""
        if not self._in_flight:
            return []
        return [f"{tasks_at_stake(self._in_flight)} The node can wait until then, and swap by itself."]

    # --- what is chosen ----------------------------------------------------------------------------

    def action_confirm(self) -> None:
        """Swap, or have the node wait for the tasks and swap then."""
        self._when_busy = WhenBusy.WAIT if self._in_flight else WhenBusy.REFUSE
        super().action_confirm()

    @on(Button.Pressed, "#now")
    def _on_now(self) -> None:
        self._when_busy = WhenBusy.NOW
        super().action_confirm()

    def confirmation(self) -> ConfirmScreen | None:
        """Have the session's id typed where tasks are given up."""
        if self._when_busy is not WhenBusy.NOW:
            return None
        title = f"Swap in the middle of task {named(self._in_flight)}"
        return ConfirmScreen(title, tasks_at_stake(self._in_flight), str(self._session_id), "Swap now")

    @on(Button.Pressed, "#stop")
    def _on_stop(self) -> None:
        self.run_worker(self._stop(), group="stop", exclusive=True)

    async def _stop(self) -> None:
        try:
            await self.dashboard.request(StopSwap(session_id=self._session_id))
        except ProblemError as error:
            self.show_problem(error.problem)

    # --- what is shown -----------------------------------------------------------------------------

    def take(self, state: FeedState) -> None:
        """Tell how far the swap is, also one that was begun elsewhere."""
        swaps = state.view.status.swaps if state.view else ()
        before, found = (
            self._on_its_way,
            next((one for one in swaps if one.session_id == self._session_id), None),
        )
        self._on_its_way = found
        self.query_one("#stop", Button).display = found is not None and self._is_stoppable(found)
        if found is not None and not self._is_done:
            self._show_progress(found, state)
        elif before is not None and not self._is_done and not self.is_sending:
            self.check_soon(0)
        self.check_again_once_back(state)
        self.check_again_with(state, self._session_id)
        self.refresh_button()

    def _is_stoppable(self, swap: SwapProgress) -> bool:
        """Tell whether nothing is signed for it, as far as is known here: the node knows for certain."""
        if swap.stage is not SwapStage.UNBINDING:
            return swap.stage in _STANDING
        view = self.dashboard.view
        is_signed = view is None or any(
            one.kind is TransactionKind.UNBIND and one.session_id == swap.session_id
            for one in view.transactions
            if one.created_at >= swap.since - 1 or not one.state.is_final
        )
        return not is_signed and self.dashboard.now() - swap.since > SIGNED_SOON_S

    def move_ages(self) -> None:
        """Move the ages on."""
        super().move_ages()
        self.take(self.dashboard.feed_state)

    def refresh_button(self) -> None:
        """Offer what can be done now."""
        super().refresh_button()
        confirm, now = self.query_one("#confirm", Button), self.query_one("#now", Button)
        confirm.disabled = confirm.disabled or self.is_sending
        confirm.label = "Wait, then swap" if self._in_flight else self.CONFIRM_LABEL
        now.display = bool(self._in_flight) and not confirm.disabled

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

    def _show_progress(self, swap: SwapProgress, state: FeedState) -> None:
        is_noted = swap.problem is not None and swap.problem.code == STILL_NOTED
        if swap.problem is not None and (is_noted or swap.stage is SwapStage.HALF_WAY):
            self.show_problem(swap.problem)
            return
        told = line((" ▲ ", "accent"), f"the swap {swap_sentence(swap, self.dashboard.now())}")
        one = self._pending(state)
        self.show_outcome([told, *([transaction_line(one)] if one else ())])


def _named(address: str, this_node: str) -> str:
    return f"{inert(address, 42)}{'  this node' if address == this_node else ''}"
