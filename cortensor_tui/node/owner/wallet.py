"""What the owner's own wallet signs: written out for it, and checked and sent when it comes back."""

from __future__ import annotations

from typing import Any

from cortensor_tui.chain.contracts.call_text import KnownContract
from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.rpc.client import quantity
from cortensor_tui.chain.signing.external import AcceptedCall, Expected, decode_signed, require_expected
from cortensor_tui.chain.transactions import Purpose
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.owner.assignments import Assignments
from cortensor_tui.node.owner.sending import OwnerSending
from cortensor_tui.node.owner.sessions import SessionActs
from cortensor_tui.node.owner_messages import (
    AssignmentPrepared,
    CheckSigned,
    PrepareAssignment,
    SendSigned,
    Sent,
    SignedChecked,
)
from cortensor_tui.node.session_messages import ActPrepared, PrepareAct

GWEI = 10**9
_KINDS = {
    "addDedicatedNode": TransactionKind.BIND,
    "removeDedicatedNode": TransactionKind.UNBIND,
    "update": TransactionKind.UPDATE_SESSION,
    "updateOwner": TransactionKind.UPDATE_SESSION,
    "addRouter": TransactionKind.UPDATE_SESSION,
    "updateRouter": TransactionKind.UPDATE_SESSION,
    "removeRouter": TransactionKind.UPDATE_SESSION,
    "deactivateSession": TransactionKind.DEACTIVATE_SESSION,
}


class WalletDesk:
    """Serves an owner whose key is elsewhere. `fee_cap_wei` is what a unit of gas may cost here."""

    def __init__(
        self,
        sending: OwnerSending,
        assignments: Assignments,
        acts: SessionActs,
        *,
        chain_id: int,
        fee_cap_wei: int,
    ) -> None:
        self._sending = sending
        self._assignments = assignments
        self._acts = acts
        self._chain_id = chain_id
        self._fee_cap_wei = fee_cap_wei

    def take_fee_cap(self, fee_cap_wei: int) -> None:
        """Judge fees by another cap from now on."""
        self._fee_cap_wei = fee_cap_wei

    async def prepare(self, asked: PrepareAssignment) -> AssignmentPrepared:
        """Return the transaction of an assignment. Raises the first unmet check."""
        checked = await self._assignments.require_allowed(asked)
        call = self._assignments.call(asked, checked.node_address)
        return AssignmentPrepared(checked=checked, **await self._fields(call))

    async def prepare_act(self, asked: PrepareAct) -> ActPrepared:
        """Return the transaction of an act. Raises the first unmet check."""
        checked = await self._acts.require_allowed(asked.act)
        return ActPrepared(checked=checked, **await self._fields(await self._acts.call_of(asked.act)))

    def check_signed(self, asked: CheckSigned) -> SignedChecked:
        """Return what the owner's wallet has signed. A fee above the cap is the owner's to pay: a warning."""
        call = self._signed(asked.raw)
        most_wei = call.signed.max_fee_wei
        is_dear = most_wei > self._fee_cap_wei
        return SignedChecked(
            call=call.text,
            fee_wei=str(call.signed.fee_wei),
            warning=f"It offers up to {most_wei / GWEI:,.9g} gwei a unit of gas,"
            f" CORTENSOR_TUI_MAX_FEE_GWEI is {self._fee_cap_wei / GWEI:,.9g}"
            if is_dear
            else "",
        )

    async def send_signed(self, asked: SendSigned) -> Sent:
        """Send what the owner's wallet has signed, and return once mined."""
        call = self._signed(asked.raw)
        function = self._sending.reader.sessions_interface.functions[call.function]
        session_id = int(call.arguments[function.input_names.index("sessionId")])
        sender = self._sending.sender
        sent = sender.known(call.signed)  # the same file again: what became of it is told
        if sent is None:
            to = self._sending.reader.contracts.session_v2
            await sender.estimate(ContractCall(to=to, data=call.signed.data, text=call.text))
            purpose = Purpose(kind=_KINDS[call.function], session_id=session_id)
            sent = await sender.send_signed(call, purpose)
        return Sent(transaction=await self._sending.mined(sent), session_id=session_id)

    async def _fields(self, call: ContractCall) -> dict[str, Any]:
        sender = self._sending.sender
        estimate = await sender.estimate(call)
        count = await self._sending.rpc.call("eth_getTransactionCount", sender.address, "latest")
        return {
            "owner": sender.address,
            "chain_id": self._chain_id,
            "nonce": quantity(count),
            "gas_limit": estimate.gas_limit,
            "max_fee_per_gas_wei": str(estimate.fees.max_fee_wei),
            "max_priority_fee_per_gas_wei": str(estimate.fees.priority_fee_wei),
        }

    def _signed(self, raw: str) -> AcceptedCall:
        reader = self._sending.reader
        interface = reader.sessions_interface
        expected = Expected(
            owner=self._sending.owner,
            chain_id=self._chain_id,
            contract=KnownContract(
                title="SessionV2", address=reader.contracts.session_v2, interface=interface
            ),
            functions=tuple(interface.functions[name] for name in _KINDS),
        )
        return require_expected(decode_signed(raw), expected)
