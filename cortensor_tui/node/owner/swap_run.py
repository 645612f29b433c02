"""One swap from its wait to its second transaction, telling how far it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.rpc.client import EndpointError
from cortensor_tui.chain.transactions import Purpose
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.swaps import SwapProgress, SwapStage, WhenBusy
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.swaps import SavedSwap
from cortensor_tui.node.owner.checks import check_address
from cortensor_tui.node.owner.in_flight import tasks_in_flight
from cortensor_tui.node.owner.sending import OwnerSending
from cortensor_tui.node.owner.swap_checks import swap_calls, unread
from cortensor_tui.node.owner.swap_problems import half_way, is_left, problem_of, still_noted, too_old
from cortensor_tui.node.owner_messages import SEND_TIMEOUT_S
from cortensor_tui.node.session_messages import SwapChecked, SwapNodes, Swapped

log = structlog.get_logger(__name__)

WAIT_LOOK_S = 3.0
"""How often a swap that waits asks whether the tasks have ended."""
TAKEN_UP_WITHIN_S = 3_600.0
"""How old a swap may be that is taken up. A task is over within minutes; who waited for longer than an hour
may have done otherwise since."""
_FAILED = (TransactionState.REVERTED, TransactionState.REJECTED, TransactionState.REPLACED)


class SwapRun:
    """Carries one swap out; `progress` is how far it is.

    `is_over` says that it came to nothing and is only still in the journal, which could not be written.

    The journal has it, and each half as it is signed, so that what was half way is taken up where it stands.
    """

    def __init__(
        self,
        sending: OwnerSending,
        journal: Journal,
        saved: SavedSwap,
        check: Callable[[SwapNodes], Awaitable[SwapChecked]],
        *,
        is_taken_up: bool = False,
    ) -> None:
        """`check` is asked anew after a wait, and where the swap `is_taken_up` after a restart."""
        self._sending = sending
        self._journal = journal
        self._check = check
        self.swap_id = saved.swap_id
        self.is_over = False
        self._is_attended = not is_taken_up
        self._begun_s = time.monotonic()
        self._is_taken_up = is_taken_up
        # Whoever asked has been told that no task was in flight: one that came meanwhile is waited for.
        is_patient = is_taken_up and saved.when_busy is WhenBusy.REFUSE
        self._asked = SwapNodes(
            session_id=saved.session_id,
            unbind_address=saved.unbind_address,
            bind_address=saved.bind_address,
            when_busy=WhenBusy.WAIT if is_patient else saved.when_busy,
        )
        self._is_checked = not (is_taken_up or saved.when_busy is WhenBusy.WAIT)
        stage = _stage(saved, is_checked=self._is_checked)
        self.progress = SwapProgress(
            session_id=saved.session_id,
            unbind_address=saved.unbind_address,
            bind_address=saved.bind_address,
            stage=stage,
            since=saved.asked_at if stage is SwapStage.WAITING else time.time(),
            problem=saved.problem,
        )

    @property
    def is_attended(self) -> bool:
        """Tell whether whoever asked is still there: a client gives up waiting, and may stay connected."""
        return self._is_attended and time.monotonic() - self._begun_s <= SEND_TIMEOUT_S

    def leave(self) -> None:
        """Learn that whoever asked is gone."""
        self._is_attended = False

    @property
    def is_stoppable(self) -> bool:
        """Tell whether it can be given up: nothing is signed for it, or it goes on no more by itself."""
        is_standing = self.progress.stage in (SwapStage.WAITING, SwapStage.HALF_WAY)
        return is_standing or self._saved().unbind_id is None

    @property
    def standing(self) -> str:
        """Return how far it is, in words."""
        problem = self.progress.problem
        return self.progress.stage.value if problem is None else problem.what

    async def carry_out(self) -> Swapped:
        """Wait where that is wanted, then send both halves. Raises what the first one fails with."""
        self._require_recent()
        unbound = await self._unbound()
        try:
            bound = await self._bound()
        except Exception as error:  # whatever it is: that one node is out must not be lost with it
            if is_left(error):
                raise
            problem = self._stand_half_way(problem_of(error))
            return Swapped(session_id=self._asked.session_id, unbound=unbound, problem=problem)
        return Swapped(session_id=self._asked.session_id, unbound=unbound, bound=bound)

    async def _unbound(self) -> Transaction:
        """Return the mined first half, sent now unless it was before."""
        while True:
            before = self._saved().unbind_id
            if before is not None:
                return await self._mined(before)
            if not self._is_checked:
                await self._wait()
            self._enter(SwapStage.UNBINDING)
            try:
                return await self._send(self._calls()[0], TransactionKind.UNBIND)
            except Exception as error:
                if is_left(error):
                    raise
                if self.is_first_half_open():  # it is on its way, whatever failed after it was signed
                    continue
                if self._is_checked or not isinstance(error, EndpointError):
                    raise  # whoever asked is there to be told
                self._enter(SwapStage.WAITING, problem=error.problem)
            await asyncio.sleep(WAIT_LOOK_S)

    def _require_recent(self) -> None:
        """Raise "swap_too_old" for one taken up of which nothing is sent, and that may not be wanted now."""
        saved = self._saved()
        is_recent = not self._is_taken_up or time.time() - saved.asked_at <= TAKEN_UP_WITHIN_S
        if is_recent or saved.unbind_id is not None:
            return
        raise ProblemError(too_old(saved.asked_at))

    def is_first_half_open(self) -> bool:
        """Tell whether the unbinding is signed and has not failed: then the swap is not over."""
        try:
            unbind_id = self._saved().unbind_id
        except ProblemError:  # struck: nothing can be signed for it
            return False
        return unbind_id is not None and self._journal.transactions.get(unbind_id).state not in _FAILED

    async def _bound(self) -> Transaction | None:
        """Return the mined second half, None where somebody else has bound the node.

        While the endpoint is silent it is asked again: between both halves nothing is given up for that.
        """
        self._enter(SwapStage.BINDING)
        while True:
            try:
                return await self._bound_now()
            except EndpointError as error:
                self._tell(problem=error.problem)
            await asyncio.sleep(WAIT_LOOK_S)

    async def _bound_now(self) -> Transaction | None:
        before = self._saved().bind_id
        if before is not None:
            return await self._mined(before)
        coming, _ = check_address(self._asked.bind_address)
        [session] = await self._sending.reader.sessions([self._asked.session_id])
        if coming in session.dedicated_nodes:
            return None
        return await self._send(self._calls()[1], TransactionKind.BIND)

    async def _wait(self) -> None:
        """Look again and again until no task of the session is being answered and all checks are met.

        Raises `ProblemError` where the swap can no longer be made by then. What cannot be read is no reason
        to give up: the chain may be away for a while.
        """
        while True:
            tasks, problem = self.progress.tasks, None
            try:
                tasks = await self._awaited_tasks()
                checked = None if tasks else await self._check(self._asked)
            except ProblemError as error:
                problem = error.problem
            else:
                if checked is not None:
                    tasks, problem = self._in_the_way(checked), unread(self._asked, checked)
                if not tasks and problem is None:
                    return
            self._tell(tasks=tasks, problem=problem)
            await asyncio.sleep(WAIT_LOOK_S)

    async def _awaited_tasks(self) -> tuple[TaskKey, ...]:
        if self._asked.when_busy is WhenBusy.NOW:
            return ()
        return tuple(await tasks_in_flight(self._sending.reader, self._asked.session_id))

    def _in_the_way(self, checked: SwapChecked) -> tuple[TaskKey, ...]:
        return () if self._asked.when_busy is WhenBusy.NOW else checked.in_flight

    def _calls(self) -> tuple[ContractCall, ContractCall]:
        leaving, _ = check_address(self._asked.unbind_address)
        coming, _ = check_address(self._asked.bind_address)
        return swap_calls(self._sending.reader, self._asked.session_id, leaving, coming)

    async def _send(self, call: ContractCall, kind: TransactionKind) -> Transaction:
        purpose = Purpose(kind=kind, session_id=self._asked.session_id, swap_id=self.swap_id)
        return await self._sending.send(call, purpose)

    def _saved(self) -> SavedSwap:
        """Return the swap with what was signed for it by now."""
        return self._journal.swaps.get(self.swap_id)

    async def _mined(self, transaction_id: int) -> Transaction:
        return await self._sending.mined(self._journal.transactions.get(transaction_id))

    def _stand_half_way(self, cause: Problem) -> Problem:
        problem = half_way(self._asked, cause)
        log.warning("a swap stands half way", session=self._asked.session_id, why=cause.sentence())
        self._enter(SwapStage.HALF_WAY, problem=problem)
        try:
            self._journal.swaps.stand_half_way(self.swap_id, problem)
        except ProblemError as error:  # after a restart the second half is tried once more
            log.error("half way, and not noted", why=error.problem.sentence())
        return problem

    def stand_unbinding(self, cause: Problem) -> None:
        """Go on no more, though the first half may be mined yet: a restart takes it up."""
        what = f"{cause.what}; it goes on when the node is started again"
        self._enter(SwapStage.UNBINDING, problem=msgspec.structs.replace(cause, what=what))

    def stand_noted(self, cause: Problem) -> None:
        """Tell that it came to nothing and the journal still has it, so that a restart makes it."""
        self.is_over = True
        self._enter(SwapStage.WAITING, problem=still_noted(self._asked.session_id, cause))

    def _enter(self, stage: SwapStage, problem: Problem | None = None) -> None:
        self.progress = msgspec.structs.replace(
            self.progress, stage=stage, since=time.time(), tasks=(), problem=problem
        )

    def _tell(self, problem: Problem | None, tasks: tuple[TaskKey, ...] = ()) -> None:
        self.progress = msgspec.structs.replace(self.progress, tasks=tasks, problem=problem)


def _stage(saved: SavedSwap, *, is_checked: bool) -> SwapStage:
    """Return where a swap begins, or goes on."""
    if saved.problem is not None:
        return SwapStage.HALF_WAY
    if saved.bind_id is not None:
        return SwapStage.BINDING
    return SwapStage.UNBINDING if is_checked or saved.unbind_id is not None else SwapStage.WAITING
