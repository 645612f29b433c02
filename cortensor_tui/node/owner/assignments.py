"""Binding nodes to the owner's sessions, and taking them off."""

from __future__ import annotations

import msgspec

from cortensor_tui.chain.contracts.calls import bind_call, unbind_call
from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.transactions import Purpose
from cortensor_tui.domain.addresses import ZERO_ADDRESS
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.owner.checks import check_address, check_binding, require_met
from cortensor_tui.node.owner.in_flight import tasks_in_flight
from cortensor_tui.node.owner.sending import OwnerSending, TriedCall
from cortensor_tui.node.owner.session_checks import SessionChecks
from cortensor_tui.node.owner_messages import (
    Assign,
    AssignmentChecked,
    CheckAssignment,
    PrepareAssignment,
    Sent,
)

Assignment = CheckAssignment | Assign | PrepareAssignment


class Assignments:
    """Checks and sends one binding or unbinding."""

    def __init__(self, sending: OwnerSending, checks: SessionChecks) -> None:
        self._sending = sending
        self._checks = checks

    async def check(self, asked: Assignment) -> AssignmentChecked:
        """Return every precondition of binding or unbinding, and what it would cost. Sends nothing."""
        address, checks = check_address(asked.node_address)
        session = await self._checks.session(asked.session_id)
        checks += self._checks.of(session, asked.session_id, needs_active=not asked.unbind)
        checks.append(check_binding(session, address, is_unbind=asked.unbind))
        tried = await self._sending.try_out(self.call(asked, address or ZERO_ADDRESS), checks)
        checked = checked_assignment(tried, address or asked.node_address, self._sending.owner)
        if not asked.unbind or address is None or session is None:
            return checked
        in_flight = await self._in_flight(asked.session_id, address)
        return msgspec.structs.replace(
            checked, in_flight=in_flight or (), is_in_flight_known=in_flight is not None
        )

    async def require_allowed(self, asked: Assignment) -> AssignmentChecked:
        """Return the checks. Raises the first that is not met, as a `ProblemError`."""
        checked = await self.check(asked)
        verb = "unbind" if asked.unbind else "bind"
        require_met(checked.checks, f"Cannot {verb} session {asked.session_id}")
        return checked

    async def assign(self, asked: Assign) -> Sent:
        """Bind or unbind, and return once mined. Raises the first check that is not met."""
        checked = await self.require_allowed(asked)
        call = self.call(asked, checked.node_address)
        kind = TransactionKind.UNBIND if asked.unbind else TransactionKind.BIND
        mined = await self._sending.send(call, Purpose(kind=kind, session_id=asked.session_id))
        return Sent(transaction=mined, session_id=asked.session_id)

    async def _in_flight(self, session_id: int, address: str) -> tuple[TaskKey, ...] | None:
        """Return the tasks that the node answers just now, None where that cannot be read.

        Unbinding it is nobody's to refuse for them.
        """
        try:
            return tuple(await tasks_in_flight(self._sending.reader, session_id, address))
        except ProblemError:
            return None

    def call(self, asked: Assignment, address: str) -> ContractCall:
        """Return the call for an address with its checksum."""
        build = unbind_call if asked.unbind else bind_call
        return build(self._sending.reader, asked.session_id, address)


def checked_assignment(tried: TriedCall, node_address: str, signer: str) -> AssignmentChecked:
    """Return a tried call as it is told."""
    return AssignmentChecked(
        checks=tried.checks,
        node_address=node_address,
        call=tried.call.text,
        contract=tried.call.to,
        calldata=tried.call.data,
        fee_wei=tried.fee_wei,
        gas_limit=tried.gas_limit,
        signer=signer,
    )
