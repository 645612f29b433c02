"""One swap from its wait to its second transaction, telling how far it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from cortensor_tui.chain.contracts.calls import bind_call, unbind_call
from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.transactions import Purpose
from cortensor_tui.domain.addresses import ZERO_ADDRESS
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.swaps import SwapProgress, SwapStage, WhenBusy
from cortensor_tui.domain.transactions import Transaction, TransactionKind
from cortensor_tui.node.owner.checks import check_address, require_met
from cortensor_tui.node.owner.in_flight import tasks_in_flight
from cortensor_tui.node.owner.sending import OwnerSending
from cortensor_tui.node.session_messages import SwapChecked, SwapNodes, Swapped

log = structlog.get_logger(__name__)

WAIT_LOOK_S = 3.0
"""How often a swap that waits asks whether the tasks have ended."""


class SwapRun:
    """Carries one swap out; `progress` is how far it is."""

    def __init__(
        self,
        sending: OwnerSending,
        asked: SwapNodes,
        check: Callable[[SwapNodes], Awaitable[SwapChecked]],
    ) -> None:
        """`check` is asked anew after a wait."""
        self._sending = sending
        self._asked = asked
        self._check = check
        is_waiting = asked.when_busy is WhenBusy.WAIT
        self.progress = SwapProgress(
            session_id=asked.session_id,
            unbind_address=asked.unbind_address,
            bind_address=asked.bind_address,
            stage=SwapStage.WAITING if is_waiting else SwapStage.UNBINDING,
            since=time.time(),
        )

    async def carry_out(self) -> Swapped:
        """Wait where that is wanted, then send both halves. Raises `ProblemError` if the first one fails."""
        if self._asked.when_busy is WhenBusy.WAIT:
            await self._wait()
        leaving, _ = check_address(self._asked.unbind_address)
        coming, _ = check_address(self._asked.bind_address)
        out, back_in = swap_calls(self._sending.reader, self._asked.session_id, leaving, coming)
        self._enter(SwapStage.UNBINDING)
        unbound = await self._send(out, TransactionKind.UNBIND)
        self._enter(SwapStage.BINDING)
        try:
            bound = await self._send(back_in, TransactionKind.BIND)
        except ProblemError as error:
            problem = _half_way(self._asked, error.problem)
            log.warning(
                "a swap stands half way", session=self._asked.session_id, why=error.problem.sentence()
            )
            self._enter(SwapStage.HALF_WAY, problem=problem)
            return Swapped(session_id=self._asked.session_id, unbound=unbound, problem=problem)
        return Swapped(session_id=self._asked.session_id, unbound=unbound, bound=bound)

    async def _wait(self) -> None:
        """Look again and again until no task of the session is being answered.

        Raises `ProblemError` where the swap can no longer be made by then. What cannot be read is no reason
        to give up: the chain may be away for a while.
        """
        while True:
            tasks, problem = self.progress.tasks, None
            try:
                tasks = tuple(await tasks_in_flight(self._sending.reader, self._asked.session_id))
                checked = None if tasks else await self._check(self._asked)
            except ProblemError as error:
                problem = error.problem
            else:
                if checked is not None:
                    tasks, problem = checked.in_flight, _unread(self._asked, checked)
                if not tasks and problem is None:
                    return
            self.progress = msgspec.structs.replace(self.progress, tasks=tasks, problem=problem)
            await asyncio.sleep(WAIT_LOOK_S)

    async def _send(self, call: ContractCall, kind: TransactionKind) -> Transaction:
        return await self._sending.send(call, Purpose(kind=kind, session_id=self._asked.session_id))

    def _enter(self, stage: SwapStage, problem: Problem | None = None) -> None:
        self.progress = msgspec.structs.replace(
            self.progress, stage=stage, since=time.time(), tasks=(), problem=problem
        )


def swap_calls(
    reader: ContractReader, session_id: int, leaving: str | None, coming: str | None
) -> tuple[ContractCall, ContractCall]:
    """Return both halves; an address that is none yet is shown as zero."""
    return (
        unbind_call(reader, session_id, leaving or ZERO_ADDRESS),
        bind_call(reader, session_id, coming or ZERO_ADDRESS),
    )


def _unread(asked: SwapNodes, checked: SwapChecked) -> Problem | None:
    """Return which check could not be made, None where all hold. Raises the first that does not."""
    unknown = next((check for check in checked.checks if check.is_met is None), None)
    if unknown is None or any(check.is_met is False for check in checked.checks):
        require_swappable(asked, checked)
        return None
    return Problem(code="check_unknown", what=f"{unknown.name} could not be checked", why=unknown.detail)


def require_swappable(asked: SwapNodes, checked: SwapChecked) -> None:
    """Raise the first check that is not met as a `ProblemError`."""
    require_met(checked.checks, f"Cannot swap the nodes of session {asked.session_id}")


def _half_way(asked: SwapNodes, problem: Problem) -> Problem:
    """Return where a swap stands whose second half failed."""
    coming = asked.bind_address
    return Problem(
        code="swap_half_way",
        what=f"Session {asked.session_id} has lost {asked.unbind_address} and not got {coming}",
        why=f"the unbinding is mined, the binding failed: {problem.what}. {problem.why}".rstrip(". "),
        remedy=f"Mend that, then bind it: cortensor-tui assign {asked.session_id} --node {coming}",
    )
