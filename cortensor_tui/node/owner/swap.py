"""One node out of a session, another in its place: what is checked before, and the swaps on their way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from cortensor_tui.chain.transactions.gate import LEFT
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.sessions import Session, SessionMode
from cortensor_tui.domain.swaps import SwapProgress, SwapStage, WhenBusy
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.journal import Journal
from cortensor_tui.node.owner.checks import check_address, check_binding
from cortensor_tui.node.owner.in_flight import tasks_in_flight
from cortensor_tui.node.owner.sending import OwnerSending
from cortensor_tui.node.owner.session_checks import SessionChecks
from cortensor_tui.node.owner.swap_run import SwapRun, is_left, require_swappable, swap_calls
from cortensor_tui.node.owner_messages import Check
from cortensor_tui.node.session_messages import StopSwap, SwapChecked, SwapNodes, Swapped, SwapStopped

log = structlog.get_logger(__name__)


class Swaps:
    """Swaps nodes, one swap a session at a time.

    A swap that was asked for goes on when whoever asked has gone, and after the node was away: it is in the
    journal until it is done, has come to nothing or is given up.
    """

    def __init__(self, sending: OwnerSending, checks: SessionChecks, journal: Journal) -> None:
        self._sending = sending
        self._checks = checks
        self._journal = journal
        self._runs = {
            saved.session_id: SwapRun(sending, journal, saved, self.check, is_taken_up=True)
            for saved in journal.swaps.of_owner(sending.owner)
        }
        self._tasks: dict[int, asyncio.Task[Swapped]] = {}
        self._came_to_nothing: dict[int, str] = {}
        self._unstruck: set[int] = set()
        self._is_closed = False

    def resume(self) -> None:
        """Go on with what the journal has, once the chain is looked at."""
        for session_id, run in self._runs.items():
            if session_id not in self._tasks and run.progress.stage is not SwapStage.HALF_WAY:
                log.info("a swap goes on", session=session_id, stage=run.progress.stage.value)
                self._carry_out(session_id, run)

    def close(self) -> None:
        """Let go of all, and take nothing more: this chain is no longer looked at, for now."""
        self._is_closed = True
        for task in self._tasks.values():
            task.cancel()

    def review(self, is_bound: Callable[[int, str], bool]) -> None:
        """Forget those half way whose second node is bound by now. Raises `ProblemError` of the journal."""
        for session_id, run in tuple(self._runs.items()):
            told = run.progress
            if told.stage is SwapStage.HALF_WAY and is_bound(session_id, told.bind_address):
                self._journal.swaps.strike(run.swap_id)
                del self._runs[session_id]
        for swap_id in tuple(self._unstruck):
            self._journal.swaps.strike(swap_id)
            self._unstruck.discard(swap_id)

    @property
    def progress(self) -> tuple[SwapProgress, ...]:
        """Return every swap on its way, and those that stand half way."""
        return tuple(run.progress for _, run in sorted(self._runs.items()))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return which swaps came to nothing with nobody there to be told, until they are asked for again."""
        return tuple(self._came_to_nothing.values())

    async def check(self, asked: SwapNodes) -> SwapChecked:
        """Return every precondition of both halves that can be known now. Sends nothing."""
        session = await self._checks.session(asked.session_id)
        leaving, checks = check_address(asked.unbind_address)
        coming, of_coming = check_address(asked.bind_address)
        checks = [
            *self._checks.of(session, asked.session_id),
            *checks,
            *(Check(name="new node's address", is_met=one.is_met, detail=one.detail) for one in of_coming),
            *_of_both(session, leaving, coming),
        ]
        in_flight, none_in_flight = await self._in_flight(session)
        is_asked_for = asked.when_busy is WhenBusy.REFUSE
        if none_in_flight is not None and (is_asked_for or none_in_flight.is_met is None):
            checks.append(none_in_flight)
        out, back_in = swap_calls(self._sending.reader, asked.session_id, leaving, coming)
        tried = await self._sending.try_out(out, checks)
        second = None
        if tried.estimate is not None and session is not None and _has_room(session):
            tried_second = await self._sending.try_out(back_in, list(tried.checks))
            tried, second = tried._replace(checks=tried_second.checks), tried_second.fee_wei
        return SwapChecked(
            checks=tried.checks,
            call=tried.call.text,
            contract=tried.call.to,
            calldata=tried.call.data,
            fee_wei=tried.fee_wei,
            gas_limit=tried.gas_limit,
            signer=self._sending.owner,
            in_flight=in_flight,
            is_in_flight_known=none_in_flight is not None and none_in_flight.is_met is not None,
            then_call=back_in.text,
            then_fee_wei=second,
        )

    async def swap(self, asked: SwapNodes) -> Swapped:
        """Unbind one and bind the other. Raises `ProblemError` while nothing has changed yet."""
        require_swappable(asked, await self.check(asked))
        if (no_key := self._sending.sender.key_problem) is not None:
            raise ProblemError(no_key)  # before a wait, not after it
        if self._is_closed:
            raise problem_error(LEFT.code, LEFT.what, LEFT.why, "Nothing was sent: ask again in a moment")
        running = self._runs.get(asked.session_id)
        if running is not None and running.progress.stage is not SwapStage.HALF_WAY:
            raise problem_error(
                "swap_running",
                f"A swap of session {asked.session_id} is on its way already",
                running.progress.stage.value,
                "Wait for it, or stop it while it waits",
            )
        run = self._begin(asked)
        task = self._carry_out(asked.session_id, run)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                run.is_attended = False
                raise
            raise self._stopped(asked.session_id) from None

    def _begin(self, asked: SwapNodes) -> SwapRun:
        """Save a swap that may be made, before anything is sent for it."""
        leaving, _ = check_address(asked.unbind_address)
        coming, _ = check_address(asked.bind_address)
        saved = self._journal.swaps.save(
            self._sending.owner,
            asked.session_id,
            leaving or asked.unbind_address,
            coming or asked.bind_address,
            asked.when_busy,
            time.time(),
        )
        run = self._runs[asked.session_id] = SwapRun(self._sending, self._journal, saved, self.check)
        self._came_to_nothing.pop(asked.session_id, None)
        return run

    def _carry_out(self, session_id: int, run: SwapRun) -> asyncio.Task[Swapped]:
        task = self._tasks[session_id] = asyncio.create_task(run.carry_out())
        task.add_done_callback(lambda ended: self._ended(session_id, run, ended))
        return task

    def stop(self, asked: StopSwap) -> SwapStopped:
        """Give up a swap that waits, or forget one half way. Raises "swap_sent" for one being sent."""
        run = self._runs.get(asked.session_id)
        if run is None:
            raise problem_error("no_swap", f"No swap of session {asked.session_id} is on its way")
        if run.progress.stage not in (SwapStage.HALF_WAY, SwapStage.WAITING):
            raise problem_error(
                "swap_sent",
                f"The swap of session {asked.session_id} cannot be stopped any more",
                "its first half is sent",
                "Wait for the second, then swap back",
            )
        self._journal.swaps.strike(run.swap_id)
        del self._runs[asked.session_id]
        if (task := self._tasks.get(asked.session_id)) is not None:
            task.cancel()
        return SwapStopped(session_id=asked.session_id)

    def _stopped(self, session_id: int) -> ProblemError:
        if self._is_closed:
            return problem_error(
                "swap_interrupted",
                f"The swap of session {session_id} is interrupted",
                "the node no longer looks at this chain, or it stops",
                "It goes on once the node looks at the chain again; stop it then if it is not wanted",
            )
        return problem_error(
            "swap_stopped", f"The swap of session {session_id} was stopped", "", "Nothing was sent"
        )

    async def _in_flight(self, session: Session | None) -> tuple[tuple[TaskKey, ...], Check | None]:
        """Return the tasks that are being answered, and whether there is none as a check."""
        name = "no task in flight"
        if session is None:
            return (), None
        try:
            keys = await tasks_in_flight(self._sending.reader, session.session_id)
        except ProblemError as error:
            return (), Check(name=name, is_met=None, detail=error.problem.what)
        if not keys:
            return (), Check(name=name, is_met=True, detail="no task of the session is being answered")
        more = "" if len(keys) == 1 else f" and {len(keys) - 1} more"
        detail = f"task {keys[-1]}{more} is being answered: wait until it has ended"
        return tuple(keys), Check(name=name, is_met=False, detail=detail)

    def _ended(self, session_id: int, run: SwapRun, task: asyncio.Task[Swapped]) -> None:
        if self._tasks.get(session_id) is task:
            del self._tasks[session_id]
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.warning("a swap came to nothing", session=session_id, why=str(error)[:200])
            if is_left(error):
                return
            if not run.is_attended:
                self._came_to_nothing[session_id] = (
                    f"The swap of session {session_id} came to nothing. {error}"
                )
        if self._runs.get(session_id) is run and run.progress.stage is not SwapStage.HALF_WAY:
            del self._runs[session_id]
            self._strike(run.swap_id)

    def _strike(self, swap_id: int) -> None:
        """Have the journal forget a swap, later where it cannot be written now."""
        try:
            self._journal.swaps.strike(swap_id)
        except ProblemError as error:
            log.error("a swap is over, and not noted", why=error.problem.sentence())
            self._unstruck.add(swap_id)


def _of_both(session: Session | None, leaving: str | None, coming: str | None) -> list[Check]:
    """Return whether one node can go and the other come, as far as the session's own words tell."""
    checks = [check_binding(session, leaving, is_unbind=True)]
    if leaving is not None and leaving == coming:
        return [*checks, Check(name="another node", is_met=False, detail="both addresses are the same")]
    not_yet = check_binding(session, coming, is_unbind=False)
    checks.append(Check(name="new node not yet bound", is_met=not_yet.is_met, detail=not_yet.detail))
    if session is not None and session.mode == SessionMode.EPHEMERAL:
        detail = "an ephemeral session takes no nodes bound by hand"
        checks.append(Check(name="takes bound nodes", is_met=False, detail=detail))
    return checks


def _has_room(session: Session) -> bool:
    return len(session.dedicated_nodes) < session.max_nodes
