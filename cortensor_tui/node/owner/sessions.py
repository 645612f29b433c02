"""Creating, changing and closing sessions of the owner's, and submitting prompts to them."""

from __future__ import annotations

from typing import Any, NamedTuple, assert_never

import msgspec

from cortensor_tui.chain.contracts.calls import (
    NewSession,
    SessionUpdate,
    add_router_call,
    create_call,
    deactivate_call,
    hand_over_call,
    remove_router_call,
    update_call,
    update_router_call,
)
from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.session_words import session_routers, values_by_name
from cortensor_tui.chain.transactions import Purpose
from cortensor_tui.domain.addresses import ZERO_ADDRESS
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.sessions import Session
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.owner.checks import check_address, require_met
from cortensor_tui.node.owner.prompt_room import PromptRoom
from cortensor_tui.node.owner.sending import OwnerSending
from cortensor_tui.node.owner.session_checks import SessionChecks
from cortensor_tui.node.owner_messages import Check, CreateSession, Sent, Submit
from cortensor_tui.node.session_messages import (
    Act,
    ActChecked,
    Change,
    DeactivateSession,
    HandOver,
    SetRouter,
    UpdateSession,
)

_VERBS: dict[type[Change], str] = {
    UpdateSession: "change",
    DeactivateSession: "close",
    HandOver: "hand over",
    SetRouter: "change the routers of",
}


class Plan(NamedTuple):
    """A call and what speaks for or against it, before it is tried out. No call where it cannot be built."""

    checks: list[Check]
    call: ContractCall | None


class SessionActs:
    """Checks and sends what changes sessions or brings tasks in."""

    def __init__(self, sending: OwnerSending, checks: SessionChecks, prompt_room: PromptRoom) -> None:
        self._sending = sending
        self._checks = checks
        self._prompt_room = prompt_room

    async def check(self, act: Act) -> ActChecked:
        """Return every precondition of an act, and what it would cost. Sends nothing."""
        plan = await self._plan(act)
        if plan.call is None:
            return ActChecked(
                checks=tuple(plan.checks),
                call="",
                contract=self._sending.reader.contracts.session_v2,
                calldata="",
                fee_wei=None,
                gas_limit=None,
                signer=self._sending.owner,
            )
        tried = await self._sending.try_out(plan.call, plan.checks)
        return ActChecked(
            checks=tried.checks,
            call=tried.call.text,
            contract=tried.call.to,
            calldata=tried.call.data,
            fee_wei=tried.fee_wei,
            gas_limit=tried.gas_limit,
            signer=self._sending.owner,
        )

    async def require_allowed(self, act: Change) -> ActChecked:
        """Return the checks. Raises the first that is not met, as a `ProblemError`."""
        checked = await self.check(act)
        require_met(checked.checks, f"Cannot {_VERBS[type(act)]} session {act.session_id}")
        return checked

    async def create(self, asked: CreateSession) -> Sent:
        """Create a session and return its id once mined."""
        mined = await self._sending.send(
            self._create_call(asked), Purpose(kind=TransactionKind.CREATE_SESSION)
        )
        found = await self._sending.event_of(mined, "SessionCreated")
        return Sent(transaction=mined, session_id=int(found["sessionId"]))

    async def submit(self, asked: Submit) -> Sent:
        """Submit a prompt and return its task once mined."""
        await self._prompt_room.require(asked)
        purpose = Purpose(kind=TransactionKind.SUBMIT, session_id=asked.session_id)
        mined = await self._sending.send(self._prompt_room.call(asked), purpose)
        found = await self._sending.event_of(mined, "TaskSubmitted")
        return Sent(transaction=mined, task_key=TaskKey(int(found["sessionId"]), int(found["taskId"])))

    async def change(self, act: Change) -> Sent:
        """Do this to a session and return once mined. Raises the first check that is not met."""
        await self.require_allowed(act)
        is_closing = isinstance(act, DeactivateSession)
        kind = TransactionKind.DEACTIVATE_SESSION if is_closing else TransactionKind.UPDATE_SESSION
        purpose = Purpose(kind=kind, session_id=act.session_id)
        mined = await self._sending.send(await self.call_of(act), purpose)
        return Sent(transaction=mined, session_id=act.session_id)

    async def call_of(self, act: Change) -> ContractCall:
        """Return the call of an act that was checked."""
        match act:
            case UpdateSession():
                return await self._update_call(act)
            case DeactivateSession():
                return deactivate_call(self._sending.reader, act.session_id)
            case HandOver():
                address, _ = check_address(act.new_owner)
                return hand_over_call(self._sending.reader, act.session_id, address or ZERO_ADDRESS)
            case SetRouter():
                return (await self._router_call(act))[0]

    async def _plan(self, act: Act) -> Plan:
        match act:
            case CreateSession():
                return Plan([], self._create_call(act))
            case Submit():
                return await self._submit_plan(act)
            case UpdateSession() | DeactivateSession():
                session = await self._checks.session(act.session_id)
                checks = self._checks.of(session, act.session_id)
                return Plan(checks, None if session is None else await self.call_of(act))
            case HandOver():
                return await self._hand_over_plan(act, await self._checks.session(act.session_id))
            case SetRouter():
                return await self._router_plan(act, await self._checks.session(act.session_id))
        assert_never(act)

    async def _submit_plan(self, act: Submit) -> Plan:
        session = await self._checks.session(act.session_id)
        there, active = self._checks.of(session, act.session_id)[:2] if session else (None, None)
        if there is None or active is None:
            return Plan(self._checks.of(None, act.session_id), None)
        try:
            await self._prompt_room.require(act)
        except ProblemError as error:
            return Plan([there, active, Check(name="prompt", is_met=False, detail=error.problem.why)], None)
        return Plan([there, active], self._prompt_room.call(act))

    async def _hand_over_plan(self, act: HandOver, session: Session | None) -> Plan:
        """A closed session may be given away too."""
        address, of_address = check_address(act.new_owner)
        checks = self._checks.of(session, act.session_id, needs_active=False)
        checks += [
            Check(name="new owner's address", is_met=one.is_met, detail=one.detail) for one in of_address
        ]
        if session is not None and address == session.owner:
            checks.append(Check(name="another owner", is_met=False, detail="it owns the session already"))
        return Plan(checks, await self.call_of(act))

    async def _router_plan(self, act: SetRouter, session: Session | None) -> Plan:
        address, of_address = check_address(act.address)
        checks = self._checks.of(session, act.session_id)
        checks += [Check(name="router's address", is_met=one.is_met, detail=one.detail) for one in of_address]
        if session is None or address is None:
            return Plan(checks, None)
        call, is_listed = await self._router_call(act)
        if act.text is None:
            detail = "it is listed" if is_listed else "the session does not list it"
            checks.append(Check(name="router is listed", is_met=is_listed, detail=detail))
        return Plan(checks, call)

    async def _router_call(self, act: SetRouter) -> tuple[ContractCall, bool]:
        """Return the call that does it, by whether the contract lists the router at this moment, and that."""
        reader = self._sending.reader
        address = check_address(act.address)[0] or ZERO_ADDRESS
        routers = session_routers(reader, await reader.session_values(act.session_id))
        is_listed = any(router.address == address for router in routers)
        if act.text is None:
            return remove_router_call(reader, act.session_id, address), is_listed
        build = update_router_call if is_listed else add_router_call
        return build(reader, act.session_id, address, act.text), is_listed

    def _create_call(self, asked: CreateSession) -> ContractCall:
        return create_call(self._sending.reader, NewSession(**msgspec.structs.asdict(asked)))

    async def _update_call(self, asked: UpdateSession) -> ContractCall:
        """Return the call with what is to change; the rest as the contract has it at this moment."""
        reader = self._sending.reader
        now = values_by_name(reader, await reader.session_values(asked.session_id))
        mode = None if asked.mode is None else reader.numbers.session_modes.number_of(asked.mode)
        return update_call(
            reader,
            SessionUpdate(
                session_id=asked.session_id,
                name=_either(asked.name, now["name"]),
                metadata=_either(asked.metadata, now["metadata"]),
                min_nodes=_either(asked.min_nodes, now["minNumOfNodes"]),
                max_nodes=_either(asked.max_nodes, now["maxNumOfNodes"]),
                redundant=_either(asked.redundant, now["redundant"]),
                validator_nodes=_either(asked.validator_nodes, now["numOfValidatorNodes"]),
                mode=_either(mode, now["mode"]),
            ),
        )


def _either(asked: Any, now: Any) -> Any:
    return now if asked is None else asked
