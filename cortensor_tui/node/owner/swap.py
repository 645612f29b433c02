"""One node out of a session, another in its place: the swaps on their way, and those that came to nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

from cortensor_tui.chain.transactions.gate import LEFT
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.domain.swaps import SwapProgress, SwapStage
from cortensor_tui.journal.journal import Journal
from cortensor_tui.node.owner.checks import check_address
from cortensor_tui.node.owner.sending import OwnerSending
from cortensor_tui.node.owner.swap_checks import SwapChecks, require_swappable
from cortensor_tui.node.owner.swap_problems import is_left, problem_of
from cortensor_tui.node.owner.swap_run import SwapRun
from cortensor_tui.node.session_messages import StopSwap, SwapNodes, Swapped, SwapStopped

log = structlog.get_logger(__name__)


class _CameToNothing(NamedTuple):
    """A swap that ended with nobody there to be told."""

    unbind_address: str
    bind_address: str
    warning: str


class Swaps:
    """Swaps nodes, one swap a session at a time.

    A swap that was asked for goes on when whoever asked has gone, and after the node was away: it is in the
    journal until it is done, has come to nothing or is given up.
    """

    def __init__(self, sending: OwnerSending, checks: SwapChecks, journal: Journal) -> None:
        self._sending = sending
        self._checks = checks
        self._journal = journal
        self._runs = {
            saved.session_id: SwapRun(sending, journal, saved, checks.check, is_taken_up=True)
            for saved in journal.swaps.of_owner(sending.owner)
        }
        self._tasks: dict[int, asyncio.Task[Swapped]] = {}
        self._came_to_nothing: dict[int, _CameToNothing] = {}
        self._unstruck: set[int] = set()  # done, so that nothing is sent if they are taken up again
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
        """Forget what is over: those half way whose second node is bound by now, those that could not be
        struck before, and warnings of what has come about all the same. Raises `ProblemError` of the journal.
        """
        for session_id, run in tuple(self._runs.items()):
            told = run.progress
            is_mended = told.stage is SwapStage.HALF_WAY and is_bound(session_id, told.bind_address)
            if is_mended or run.is_over:
                self._journal.swaps.strike(run.swap_id)
                del self._runs[session_id]
        for swap_id in tuple(self._unstruck):
            self._journal.swaps.strike(swap_id)
            self._unstruck.discard(swap_id)
        for session_id, ended in tuple(self._came_to_nothing.items()):
            is_out = not is_bound(session_id, ended.unbind_address)
            if is_out and is_bound(session_id, ended.bind_address):
                del self._came_to_nothing[session_id]

    @property
    def progress(self) -> tuple[SwapProgress, ...]:
        """Return every swap on its way, and those that stand half way."""
        return tuple(run.progress for _, run in sorted(self._runs.items()))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return which swaps came to nothing with perhaps nobody there to be told.

        Each until it is asked for again, has come about otherwise, or is stopped.
        """
        return tuple(ended.warning for ended in self._came_to_nothing.values())

    async def swap(self, asked: SwapNodes) -> Swapped:
        """Unbind one and bind the other. Raises `ProblemError` while nothing has changed yet."""
        require_swappable(asked, await self._checks.check(asked))
        if (no_key := self._sending.sender.key_problem) is not None:
            raise ProblemError(no_key)  # before a wait, not after it
        if self._is_closed:
            raise problem_error(LEFT.code, LEFT.what, LEFT.why, "Nothing was sent: ask again in a moment")
        running = self._runs.get(asked.session_id)
        if running is not None and running.progress.stage is not SwapStage.HALF_WAY:
            raise problem_error(
                "swap_running",
                f"A swap of session {asked.session_id} is on its way already",
                running.standing,
                "Wait for it, or stop it while it waits",
            )
        run = self._begin(asked)
        task = self._carry_out(asked.session_id, run)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                run.leave()
                raise
            raise self._stopped(asked.session_id) from None
        except Exception as error:
            if run.is_over and run.progress.problem is not None:
                raise ProblemError(run.progress.problem) from error
            raise

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
        run = self._runs[asked.session_id] = SwapRun(self._sending, self._journal, saved, self._checks.check)
        self._unstruck.discard(saved.swap_id)
        self._came_to_nothing.pop(asked.session_id, None)
        return run

    def _carry_out(self, session_id: int, run: SwapRun) -> asyncio.Task[Swapped]:
        task = self._tasks[session_id] = asyncio.create_task(run.carry_out())
        task.add_done_callback(lambda ended: self._ended(session_id, run, ended))
        return task

    def stop(self, asked: StopSwap) -> SwapStopped:
        """Give up a swap of which nothing is signed, or forget one half way or that came to nothing.

        Raises "no_swap", and "swap_sent" for one whose first half is signed. From here on the journal refuses
        to save a half of it, so that also what waits for its turn is not sent.
        """
        run = self._runs.get(asked.session_id)
        if run is None:
            if self._came_to_nothing.pop(asked.session_id, None) is None:
                raise problem_error("no_swap", f"No swap of session {asked.session_id} is on its way")
            return SwapStopped(session_id=asked.session_id)
        if not run.is_stoppable:
            raise problem_error(
                "swap_sent",
                f"The swap of session {asked.session_id} cannot be stopped any more",
                "its first half is sent",
                "Wait for the second, then swap back",
            )
        self._journal.swaps.strike(run.swap_id)
        del self._runs[asked.session_id]
        self._came_to_nothing.pop(asked.session_id, None)
        if (task := self._tasks.get(asked.session_id)) is not None:
            task.cancel()
        return SwapStopped(session_id=asked.session_id)

    def _stopped(self, session_id: int) -> ProblemError:
        if self._is_closed:
            return problem_error(
                "swap_interrupted",
                f"The swap of session {session_id} is interrupted",
                "the node no longer looks at this chain, or it stops",
                "It goes on once the node looks at the chain again within the hour; stop it if not wanted",
            )
        return problem_error(
            "swap_stopped", f"The swap of session {session_id} was stopped", "", "Nothing was sent"
        )

    def _ended(self, session_id: int, run: SwapRun, task: asyncio.Task[Swapped]) -> None:
        if self._tasks.get(session_id) is task:
            del self._tasks[session_id]
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.warning("a swap ended", session=session_id, why=str(error)[:200])
            if is_left(error):
                return
        if self._runs.get(session_id) is not run or run.progress.stage is SwapStage.HALF_WAY:
            return
        if error is None:
            self._forget_done(session_id, run)
        elif run.is_first_half_open():
            run.stand_unbinding(problem_of(error))
        else:
            self._come_to_nothing(session_id, run, problem_of(error))

    def _forget_done(self, session_id: int, run: SwapRun) -> None:
        """Have the journal forget a swap, later where it cannot be written now."""
        del self._runs[session_id]
        try:
            self._journal.swaps.strike(run.swap_id)
        except ProblemError as unwritable:
            log.error("a swap is over, and not noted", why=unwritable.problem.sentence())
            self._unstruck.add(run.swap_id)

    def _come_to_nothing(self, session_id: int, run: SwapRun, cause: Problem) -> None:
        """Forget a swap of which nothing is left, or keep telling that the journal still has it."""
        if not run.is_attended:
            told = run.progress
            self._came_to_nothing[session_id] = _CameToNothing(
                told.unbind_address, told.bind_address, _warning(session_id, cause)
            )
        try:
            self._journal.swaps.strike(run.swap_id)
        except ProblemError as unwritable:
            log.error("a swap came to nothing, and is still noted", why=unwritable.problem.sentence())
            run.stand_noted(cause)
        else:
            del self._runs[session_id]


def _warning(session_id: int, cause: Problem) -> str:
    return (
        f"The swap of session {session_id} came to nothing. {cause.sentence()} Ask for it again, or"
        f" have this forgotten: cortensor-tui swap {session_id} --stop"
    )
