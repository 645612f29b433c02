"""A form whose call is tried out while it is filled in: what it would do is shown before it can be sent."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Button, Input, Select, TextArea

from cortensor_tui.dashboard.cells import Line, line, wrap
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.present.checked_call import call_lines, check_lines
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.unanswered import is_unanswered, of_check
from cortensor_tui.dashboard.screens.form import Form
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import CheckedCall

DEBOUNCE_S = 0.3
RECHECK_S = 1.0
NO_RPC = "no_rpc"
"""The code of the problem that the chain does not answer."""


class CheckedForm(Form):
    """Asks the node, which knows chain and checksum, as one types. Sends only what was found to work."""

    SHOWS_MET_CHECKS = True
    """Whether checks that are met are shown too, or only what stands in the way."""
    SENDS_AHEAD = False
    """Whether who confirms before the checks are made is heard once they are."""

    def __init__(self) -> None:
        super().__init__()
        self._checked: CheckedCall | None = None
        self._remark: Line = ()
        self._debounce: Timer | None = None
        self._wanted: RequestBody | None = None
        self._open_tasks: tuple[int | None, frozenset[TaskKey]] | None = None
        self._is_check_due = False

    # --- what a subclass says --------------------------------------------------------------------

    def question(self) -> RequestBody | str:
        """Return what to ask the node of the fields as they are, or what is missing yet.

        Raises `ProblemError` where a field is wrong.
        """
        raise NotImplementedError

    def remarks(self) -> list[str]:
        """Return what is to be said over the checks that were made."""
        return []

    # --- what it does ----------------------------------------------------------------------------

    def compose_checks(self) -> ComposeResult:
        """Yield the place for what was found."""
        yield TextLines(self._check_lines, id="checks", classes="spaced")

    def on_mount(self) -> None:
        """Check what is filled in already."""
        super().on_mount()
        self.query_one("#confirm", Button).disabled = True
        self.check_soon(0)

    @property
    def key_problem(self) -> Problem | None:
        """Return why nothing can be signed for the owner here."""
        view = self.dashboard.view
        return view.status.owner_key_problem if view else None

    @on(Input.Changed)
    @on(Select.Changed)
    @on(TextArea.Changed)
    def _on_field_changed(self) -> None:
        self.check_soon(DEBOUNCE_S)

    def action_confirm(self) -> None:
        """Send what was checked, or as soon as it is."""
        try:
            asked = self.question()
        except ProblemError as error:
            self._say("", "muted")
            self.show_mistake(error)
            return
        is_unwarned = not self.remarks()  # else what they say is to be seen before it is sent
        may_wait = self.SENDS_AHEAD and is_unwarned and self._checked is None and not self._is_done
        if may_wait and not isinstance(asked, str):
            self._wanted = asked
            self._start_check(asked)
        else:
            super().action_confirm()

    def say_why_not(self) -> None:
        """Say what keeps this from being sent; what could not be checked before is checked again."""
        if self.is_sending or self._is_done:
            super().say_why_not()
            return
        if self._checked is not None and self._checked.is_allowed:
            if self.key_problem is not None:
                self.show_problem(self.key_problem)
            return
        asked = self._asked()
        if self._checked is not None:
            told = next(f"{one.name}: {one.detail}" for one in self._checked.checks if not one.is_met)
        elif isinstance(asked, str):
            told = asked
        else:
            self.check_soon(0)  # which says by itself that it is checked, and what came of it
            return
        self.notify(told, title="Nothing was sent", severity="warning", timeout=5)

    def check_soon(self, delay_s: float) -> None:
        """Forget what was found, and find it anew after a while."""
        if self._is_done or self.is_sending:
            return
        if self._debounce is not None:
            self._debounce.stop()
        self._checked, self._is_check_due = None, False
        self.query_one("#confirm", Button).disabled = True
        self.show_outcome([])
        asked = self._asked()
        if self._wanted != asked:
            self._wanted = None
        if isinstance(asked, str):
            self._say(asked, "warn")
        else:
            self._say("Checking …", "muted")
            self._debounce = self.set_timer(max(delay_s, 0.01), lambda: self._start_check(asked))

    def take(self, state: FeedState) -> None:
        """Follow the transaction, and check again once those answer who did not."""
        super().take(state)
        self.check_again_once_back(state)

    def check_again_once_back(self, state: FeedState) -> None:
        """Make a check for which node or chain did not answer, once both do."""
        is_back = state.link is Link.LIVE and not Sight.of_chain_in(state, self.dashboard.now()).is_past
        if self._is_check_due and is_back and not (state.view and state.view.status.chain.error):
            self.check_soon(RECHECK_S)

    def check_again_with(self, state: FeedState, session_id: int | None) -> None:
        """Check again where other tasks of the session are open than when it was checked."""
        tasks = state.view.tasks if state.view else ()
        found = frozenset(
            one.key for one in tasks if one.key.session_id == session_id and not one.stage.is_final
        )
        before, self._open_tasks = self._open_tasks, (session_id, found)
        if before is not None and before[0] == session_id and before[1] != found:
            self.check_soon(DEBOUNCE_S)

    def _asked(self) -> RequestBody | str:
        try:
            return self.question()
        except ProblemError as error:
            return error.problem.sentence()

    def _start_check(self, body: RequestBody) -> None:
        if self.is_open and not self.is_sending:
            self.run_worker(self._check(body), group="check", exclusive=True)

    async def _check(self, body: RequestBody) -> None:
        try:
            reply = await self.dashboard.request(body)
        except ProblemError as error:
            self._say("", "muted")
            self._is_check_due = is_unanswered(error.problem) or error.problem.code == NO_RPC
            self.show_problem(of_check(error.problem))
            return
        if not isinstance(reply, CheckedCall) or self._asked() != body or self.is_sending:
            return
        self._checked = reply
        self._say("", "muted")
        self.refresh_button()
        if self._wanted == body:
            super().action_confirm()
        self._wanted = None

    def refresh_button(self) -> None:
        """Let what was checked be sent, where it may."""
        self.query_one("#confirm", Button).disabled = self._is_done or not self.may_send

    @property
    def may_send(self) -> bool:
        """Tell whether what was checked can be sent from here."""
        return self._checked is not None and self._checked.is_allowed and self.key_problem is None

    def show_problem(self, problem: Problem) -> None:
        """Show a refusal; it can be tried again where what was found still holds."""
        super().show_problem(problem)
        self.refresh_button()

    def _say(self, text: str, role: str) -> None:
        self._remark = line((f" {text}", role)) if text else ()
        self.query_one("#checks", TextLines).redraw()

    def _check_lines(self, width: int) -> list[Line]:
        if self._checked is None:
            return [self._remark]
        checks = self._checked.checks
        if not self.SHOWS_MET_CHECKS:
            checks = tuple(check for check in checks if not check.is_met)
        shown = check_lines(checks, width)
        remarks = [line((f" {piece}", "warn")) for said in self.remarks() for piece in wrap(said, width - 2)]
        shown = [*remarks, *shown]
        return [*shown, *([()] if shown else ()), *call_lines(self._checked, self.key_problem, width)]
