"""What is known of a swap before it is made: its two calls, and all that speaks for or against them."""

from __future__ import annotations

from cortensor_tui.chain.contracts.calls import bind_call, unbind_call
from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.domain.addresses import ZERO_ADDRESS
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.sessions import Session, SessionMode
from cortensor_tui.domain.swaps import WhenBusy
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.owner.checks import check_address, check_binding, require_met
from cortensor_tui.node.owner.in_flight import tasks_in_flight
from cortensor_tui.node.owner.sending import OwnerSending
from cortensor_tui.node.owner.session_checks import SessionChecks
from cortensor_tui.node.owner_messages import Check
from cortensor_tui.node.session_messages import SwapChecked, SwapNodes


class SwapChecks:
    """Checks swaps, as often as asked. Sends nothing."""

    def __init__(self, sending: OwnerSending, checks: SessionChecks) -> None:
        self._sending = sending
        self._checks = checks

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


def swap_calls(
    reader: ContractReader, session_id: int, leaving: str | None, coming: str | None
) -> tuple[ContractCall, ContractCall]:
    """Return both halves; an address that is none yet is shown as zero."""
    return (
        unbind_call(reader, session_id, leaving or ZERO_ADDRESS),
        bind_call(reader, session_id, coming or ZERO_ADDRESS),
    )


def unread(asked: SwapNodes, checked: SwapChecked) -> Problem | None:
    """Return which check could not be made, None where all hold. Raises the first that does not."""
    unknown = next((check for check in checked.checks if check.is_met is None), None)
    if unknown is None or any(check.is_met is False for check in checked.checks):
        require_swappable(asked, checked)
        return None
    return Problem(code="check_unknown", what=f"{unknown.name} could not be checked", why=unknown.detail)


def require_swappable(asked: SwapNodes, checked: SwapChecked) -> None:
    """Raise the first check that is not met as a `ProblemError`."""
    require_met(checked.checks, f"Cannot swap the nodes of session {asked.session_id}")


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
