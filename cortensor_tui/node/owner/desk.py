"""Takes what a client asks of the owner's key to whoever does it."""

from __future__ import annotations

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.rpc.client import Rpc
from cortensor_tui.chain.transactions import TransactionSender
from cortensor_tui.journal.journal import Journal
from cortensor_tui.node.owner.assignments import Assignments
from cortensor_tui.node.owner.prompt_room import PromptRoom
from cortensor_tui.node.owner.sending import OwnerSending
from cortensor_tui.node.owner.session_checks import SessionChecks
from cortensor_tui.node.owner.sessions import SessionActs
from cortensor_tui.node.owner.swap import Swaps
from cortensor_tui.node.owner.swap_checks import SwapChecks
from cortensor_tui.node.owner.wallet import WalletDesk
from cortensor_tui.node.owner_messages import (
    Assign,
    AssignmentChecked,
    AssignmentPrepared,
    CheckAssignment,
    CheckSigned,
    CreateSession,
    OwnerReply,
    OwnerRequest,
    PrepareAssignment,
    SendSigned,
    Sent,
    SignedChecked,
    Submit,
)
from cortensor_tui.node.session_messages import (
    ActChecked,
    ActPrepared,
    CheckAct,
    CheckSwap,
    DeactivateSession,
    HandOver,
    PrepareAct,
    SessionAct,
    SessionReply,
    SetRouter,
    StopSwap,
    SwapChecked,
    SwapNodes,
    UpdateSession,
)


class OwnerDesk:
    """Serves the owner's requests with the owner's key."""

    def __init__(
        self,
        rpc: Rpc,
        reader: ContractReader,
        sender: TransactionSender,
        journal: Journal,
        *,
        chain_id: int,
        max_data_bytes: int,
        fee_cap_wei: int,
    ) -> None:
        """`max_data_bytes` is what the network takes as one transaction, `fee_cap_wei` what a unit of gas
        may cost."""
        sending = OwnerSending(rpc, reader, sender)
        checks = SessionChecks(reader, sender.address)
        self._assignments = Assignments(sending, checks)
        self._acts = SessionActs(sending, checks, PromptRoom(sending, max_data_bytes))
        self._swap_checks = SwapChecks(sending, checks)
        self.swaps = Swaps(sending, self._swap_checks, journal)
        self._wallet = WalletDesk(
            sending, self._assignments, self._acts, chain_id=chain_id, fee_cap_wei=fee_cap_wei
        )

    def take_fee_cap(self, fee_cap_wei: int) -> None:
        """Judge what wallets have signed by another fee cap from now on."""
        self._wallet.take_fee_cap(fee_cap_wei)

    def close(self) -> None:
        """Let go of swaps on their way: this chain is no longer looked at."""
        self.swaps.close()

    async def answer(self, body: OwnerRequest | SessionAct) -> OwnerReply | SessionReply:
        """Do what is asked. Raises `ProblemError` for what cannot be done."""
        match body:
            case CheckAssignment() | CheckAct() | CheckSwap():
                return await self._checked(body)
            case PrepareAssignment() | PrepareAct() | CheckSigned() | SendSigned():
                return await self._of_wallet(body)
            case Assign():
                return await self._assignments.assign(body)
            case SwapNodes():
                return await self.swaps.swap(body)
            case StopSwap():
                return self.swaps.stop(body)
            case CreateSession():
                return await self._acts.create(body)
            case Submit():
                return await self._acts.submit(body)
            case UpdateSession() | DeactivateSession() | HandOver() | SetRouter():
                return await self._acts.change(body)

    async def _checked(
        self, body: CheckAssignment | CheckAct | CheckSwap
    ) -> AssignmentChecked | ActChecked | SwapChecked:
        match body:
            case CheckAssignment():
                return await self._assignments.check(body)
            case CheckAct():
                return await self._acts.check(body.act)
            case CheckSwap():
                return await self._swap_checks.check(body.swap)

    async def _of_wallet(
        self, body: PrepareAssignment | PrepareAct | CheckSigned | SendSigned
    ) -> AssignmentPrepared | ActPrepared | SignedChecked | Sent:
        match body:
            case PrepareAssignment():
                return await self._wallet.prepare(body)
            case PrepareAct():
                return await self._wallet.prepare_act(body)
            case CheckSigned():
                return self._wallet.check_signed(body)
            case SendSigned():
                return await self._wallet.send_signed(body)
