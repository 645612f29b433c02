"""The owner's calls on their way: tried beforehand, sent, waited for, and what came of them."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import msgspec

from cortensor_tui.chain.contracts.abi import decode_log
from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.rpc.client import Rpc, quantity
from cortensor_tui.chain.transactions import Estimate, Purpose, TransactionSender
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.owner_messages import Check

RECEIPT_TRIES = 10
RECEIPT_RETRY_S = 0.5


class TriedCall(NamedTuple):
    """A call with everything that speaks for or against it; `estimate` is None where it was not tried."""

    call: ContractCall
    checks: tuple[Check, ...]
    estimate: Estimate | None

    @property
    def fee_wei(self) -> str | None:
        """Return the most it can cost, as it travels."""
        return None if self.estimate is None else str(self.estimate.fee_wei)

    @property
    def gas_limit(self) -> int | None:
        """Return the gas it would be sent with."""
        return None if self.estimate is None else self.estimate.gas_limit


class OwnerSending:
    """Sends with the owner's key."""

    def __init__(self, rpc: Rpc, reader: ContractReader, sender: TransactionSender) -> None:
        self.rpc = rpc
        self.reader = reader
        self.sender = sender

    @property
    def owner(self) -> str:
        """Return the owner's address."""
        return self.sender.address

    async def try_out(self, call: ContractCall, checks: list[Check]) -> TriedCall:
        """Return the call with these checks, and with a trial run where all of them are met."""
        if not all(check.is_met for check in checks):
            return TriedCall(call, tuple(checks), None)
        estimate, tried = await self._simulate(call)
        return TriedCall(call, (*checks, tried), estimate)

    async def send(self, call: ContractCall, purpose: Purpose) -> Transaction:
        """Sign and send; return once mined. Raises `ProblemError` when that is not what became of it."""
        try:
            sent = await self.sender.send(call, purpose)
        except ProblemError as error:
            way = _way_without_key(purpose.kind, call)
            if error.problem.code != "no_owner_key" or way is None:
                raise
            raise ProblemError(msgspec.structs.replace(error.problem, remedy=way)) from error
        return await self.mined(sent)

    async def mined(self, sent: Transaction) -> Transaction:
        """Wait until it is mined. Raises `ProblemError` "reverted" or "not_mined"."""
        settled = await self.sender.settled(sent)
        if settled.state is TransactionState.REVERTED:
            raise problem_error("reverted", f"The {sent.kind} was refused on chain", settled.error)
        if settled.state is not TransactionState.MINED:
            raise problem_error(
                "not_mined", f"The {sent.kind} is not on chain", settled.error, "Ask for it again"
            )
        return settled

    async def event_of(self, transaction: Transaction, name: str) -> dict[str, Any]:
        """Return the values of an event of SessionV2 that a mined transaction told. Raises "no_event"."""
        receipt = await self._receipt(transaction)
        events = self.reader.sessions_interface.events
        for entry in receipt["logs"]:
            event = events.get(entry["topics"][0] if entry["topics"] else "")
            if event is not None and event.name == name:
                return decode_log(event, entry["topics"], entry["data"])
        raise problem_error(
            "no_event",
            f"The {transaction.kind} was mined, but its event {name} was not found",
            "the contract may be of another generation",
            "Look the result up in the session list",
        )

    async def _simulate(self, call: ContractCall) -> tuple[Estimate | None, Check]:
        name = "contract accepts"
        try:
            estimate = await self.sender.estimate(call)
            balance = quantity(await self.rpc.call("eth_getBalance", self.owner, "latest"))
        except ProblemError as error:
            refused = error.problem.code in ("reverted", "no_balance")
            return None, Check(
                name=name, is_met=False if refused else None, detail=error.problem.why or error.problem.what
            )
        if balance < estimate.fee_wei:
            detail = f"{self.owner} has {balance} wei, the fee may reach {estimate.fee_wei}"
            return estimate, Check(name="fee", is_met=False, detail=detail)
        return estimate, Check(name=name, is_met=True, detail="a trial run on the current block succeeds")

    async def _receipt(self, transaction: Transaction) -> dict[str, Any]:
        """Return the receipt of what was mined; an endpoint behind a balancer may not have it yet."""
        why = "the endpoint does not have its receipt"
        for _ in range(RECEIPT_TRIES):
            try:
                receipt = await self.rpc.call("eth_getTransactionReceipt", transaction.hash)
            except ProblemError as error:
                why = error.problem.sentence()
            else:
                if isinstance(receipt, dict):
                    return receipt
            await asyncio.sleep(RECEIPT_RETRY_S)
        raise problem_error(
            "no_event",
            f"The {transaction.kind} was mined, but what came of it could not be read",
            why,
            f"Do not ask again, it would be done twice. Look up the transaction {transaction.hash}",
        )


_DEEDS = {
    TransactionKind.SUBMIT: "Submit",
    TransactionKind.UPDATE_SESSION: "Change the session",
    TransactionKind.DEACTIVATE_SESSION: "Close the session",
}


def _way_without_key(kind: TransactionKind, call: ContractCall) -> str | None:
    """Return what can be done where the owner's wallet is to call what `assign --unsigned` does not write."""
    own_key = "or give the node the owner's key with CORTENSOR_TUI_OWNER_KEYSTORE"
    if kind is TransactionKind.CREATE_SESSION:
        return (
            f"Create the session from that wallet, by calling create of SessionV2 at {call.to}, then bind"
            f" the node with: cortensor-tui assign SESSION --unsigned FILE; {own_key}"
        )
    if kind not in _DEEDS:
        return None
    function = call.text.partition("(")[0].rpartition(".")[2]
    return f"{_DEEDS[kind]} from that wallet, by calling {function} of SessionV2 at {call.to}; {own_key}"
