"""One node out of a session, another in its place: two transactions that belong together."""

from __future__ import annotations

import asyncio

import structlog

from cortensor_tui.chain.contracts.calls import bind_call, unbind_call
from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.transactions import Purpose
from cortensor_tui.domain.addresses import ZERO_ADDRESS
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.sessions import Session, SessionMode
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind
from cortensor_tui.node.owner.checks import check_address, check_binding, require_met
from cortensor_tui.node.owner.sending import OwnerSending
from cortensor_tui.node.owner.session_checks import SessionChecks
from cortensor_tui.node.owner_messages import Check
from cortensor_tui.node.session_messages import SwapChecked, SwapNodes, Swapped

log = structlog.get_logger(__name__)

TASKS_LOOKED_AT = 50  # of the session's newest; an older one is not in flight any more


class Swaps:
    """Swaps nodes. A swap that has begun goes on when whoever asked for it has gone."""

    def __init__(self, sending: OwnerSending, checks: SessionChecks) -> None:
        self._sending = sending
        self._checks = checks
        self._running: set[asyncio.Task[Swapped]] = set()

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
        if session is not None:
            checks.append(await self._in_flight(asked.session_id))
        out = self._call(asked.session_id, leaving, is_unbinding=True)
        back_in = self._call(asked.session_id, coming, is_unbinding=False)
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
            then_call=back_in.text,
            then_fee_wei=second,
        )

    async def swap(self, asked: SwapNodes) -> Swapped:
        """Unbind one and bind the other. Raises `ProblemError` while nothing has changed yet."""
        checked = await self.check(asked)
        require_met(checked.checks, f"Cannot swap the nodes of session {asked.session_id}")
        task = asyncio.create_task(self._carry_out(asked))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def _carry_out(self, asked: SwapNodes) -> Swapped:
        leaving, _ = check_address(asked.unbind_address)
        coming, _ = check_address(asked.bind_address)
        out = self._call(asked.session_id, leaving, is_unbinding=True)
        unbound = await self._send(out, TransactionKind.UNBIND, asked.session_id)
        back_in = self._call(asked.session_id, coming, is_unbinding=False)
        try:
            bound = await self._send(back_in, TransactionKind.BIND, asked.session_id)
        except ProblemError as error:
            log.warning("a swap stands half way", session=asked.session_id, why=error.problem.sentence())
            problem = _half_way(asked, error.problem)
            return Swapped(session_id=asked.session_id, unbound=unbound, problem=problem)
        return Swapped(session_id=asked.session_id, unbound=unbound, bound=bound)

    async def _send(self, call: ContractCall, kind: TransactionKind, session_id: int) -> Transaction:
        return await self._sending.send(call, Purpose(kind=kind, session_id=session_id))

    async def _in_flight(self, session_id: int) -> Check:
        name = "no task in flight"
        try:
            keys = await tasks_in_flight(self._sending.reader, session_id)
        except ProblemError as error:
            return Check(name=name, is_met=None, detail=error.problem.what)
        if not keys:
            return Check(name=name, is_met=True, detail="no task of the session is being answered")
        more = "" if len(keys) == 1 else f" and {len(keys) - 1} more"
        detail = f"task {keys[-1]}{more} is being answered: wait until it has ended"
        return Check(name=name, is_met=False, detail=detail)

    def _call(self, session_id: int, address: str | None, *, is_unbinding: bool) -> ContractCall:
        build = unbind_call if is_unbinding else bind_call
        return build(self._sending.reader, session_id, address or ZERO_ADDRESS)

    def _ended(self, task: asyncio.Task[Swapped]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("a swap came to nothing", why=str(error)[:200])  # told to whoever still waits


async def tasks_in_flight(reader: ContractReader, session_id: int) -> list[TaskKey]:
    """Return the tasks among the session's newest that are assigned and have not ended, oldest first."""
    [count] = await reader.task_counts([session_id])
    keys = [TaskKey(session_id, task_id) for task_id in range(max(0, count - TASKS_LOOKED_AT), count)]
    tasks = await reader.tasks(keys)
    queued = reader.numbers.queued_status
    return [task.key for task in tasks if not task.is_ended and task.status != queued]


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


def _half_way(asked: SwapNodes, problem: Problem) -> Problem:
    """Return where a swap stands whose second half failed."""
    coming = asked.bind_address
    return Problem(
        code="swap_half_way",
        what=f"Session {asked.session_id} has lost {asked.unbind_address} and not got {coming}",
        why=f"the unbinding is mined, the binding failed: {problem.what}. {problem.why}".rstrip(". "),
        remedy=f"Mend that, then bind it: cortensor-tui assign {asked.session_id} --node {coming}",
    )
