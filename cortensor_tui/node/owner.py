"""What the owner's key does: create sessions, bind and unbind nodes, submit prompts."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from cortensor_tui.chain.contracts.abi import decode_log
from cortensor_tui.chain.contracts.call_text import KnownContract
from cortensor_tui.chain.contracts.calls import (
    NewSession,
    NewTask,
    bind_call,
    create_call,
    submit_call,
    unbind_call,
)
from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.rpc.client import Rpc, quantity
from cortensor_tui.chain.signing.external import Expected, SignedCall, decode_signed, require_expected
from cortensor_tui.chain.transactions import Estimate, Purpose, TransactionSender
from cortensor_tui.domain.addresses import ZERO_ADDRESS
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.sessions import Session
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.assignment_checks import check_address, check_binding, code_of
from cortensor_tui.node.owner_messages import (
    Assign,
    AssignmentChecked,
    AssignmentPrepared,
    Check,
    CheckAssignment,
    CheckSigned,
    CreateSession,
    PrepareAssignment,
    SendSigned,
    Sent,
    SignedChecked,
    Submit,
)

# What a transaction carries besides a prompt: its fees and signature, and the call's other arguments.
BYTES_BESIDE_PROMPT = 5_000
GWEI = 10**9
RECEIPT_TRIES = 10
RECEIPT_RETRY_S = 0.5


class OwnerDesk:
    """Serves the owner's requests with the owner's key."""

    def __init__(
        self,
        rpc: Rpc,
        reader: ContractReader,
        sender: TransactionSender,
        *,
        chain_id: int,
        max_data_bytes: int,
        fee_cap_wei: int,
    ) -> None:
        """`max_data_bytes` is what the network takes as one transaction, `fee_cap_wei` what a unit of gas
        may cost."""
        self._fee_cap_wei = fee_cap_wei
        self._chain_id = chain_id
        self._rpc = rpc
        self._reader = reader
        self._sender = sender
        self._most_prompt_bytes = max_data_bytes - BYTES_BESIDE_PROMPT

    async def check(self, asked: CheckAssignment | Assign | PrepareAssignment) -> AssignmentChecked:
        """Return every precondition of binding or unbinding, and what it would cost. Sends nothing."""
        address, checks = check_address(asked.node_address)
        session = await self._session(asked.session_id)
        checks += self._check_session(session, asked.session_id)
        checks.append(check_binding(session, address, is_unbind=asked.unbind))
        estimate, call = None, self._call(asked, address or ZERO_ADDRESS)
        if all(check.is_met for check in checks):
            estimate, simulated = await self._simulate(call)
            checks.append(simulated)
        return AssignmentChecked(
            checks=tuple(checks),
            node_address=address or asked.node_address,
            call=call.text,
            contract=call.to,
            calldata=call.data,
            fee_wei=None if estimate is None else str(estimate.fee_wei),
            gas_limit=None if estimate is None else estimate.gas_limit,
        )

    async def prepare(self, asked: PrepareAssignment) -> AssignmentPrepared:
        """Return the transaction of an assignment for the owner's wallet. Raises the first unmet check."""
        checked = await self._require_allowed(asked)
        estimate = await self._sender.estimate(self._call(asked, checked.node_address))
        owner = self._sender.address
        nonce = quantity(await self._rpc.call("eth_getTransactionCount", owner, "latest"))
        return AssignmentPrepared(
            checked=checked,
            owner=owner,
            chain_id=self._chain_id,
            nonce=nonce,
            gas_limit=estimate.gas_limit,
            max_fee_per_gas_wei=str(estimate.fees.max_fee_wei),
            max_priority_fee_per_gas_wei=str(estimate.fees.priority_fee_wei),
        )

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
        """Send a binding or unbinding that the owner's wallet has signed, and return once mined."""
        call = self._signed(asked.raw)
        session_id = int(call.arguments[0])
        sent = self._sender.known(call.signed)  # the same file again: what became of it is told
        if sent is None:
            to = self._reader.contracts.session_v2
            await self._sender.estimate(ContractCall(to=to, data=call.signed.data, text=call.text))
            is_bind = call.function == "addDedicatedNode"
            kind = TransactionKind.BIND if is_bind else TransactionKind.UNBIND
            sent = await self._sender.send_signed(call, Purpose(kind=kind, session_id=session_id))
        return Sent(transaction=await self._mined(sent), session_id=session_id)

    async def assign(self, asked: Assign) -> Sent:
        """Bind or unbind, and return once mined. Raises the first check that is not met."""
        checked = await self._require_allowed(asked)
        call = self._call(asked, checked.node_address)
        kind = TransactionKind.UNBIND if asked.unbind else TransactionKind.BIND
        mined = await self._send(call, Purpose(kind=kind, session_id=asked.session_id))
        return Sent(transaction=mined, session_id=asked.session_id)

    async def create(self, asked: CreateSession) -> Sent:
        """Create a session and return its id once mined."""
        call = create_call(self._reader, NewSession(**msgspec.structs.asdict(asked)))
        mined = await self._send(call, Purpose(kind=TransactionKind.CREATE_SESSION))
        found = await self._event_of(mined, "SessionCreated")
        return Sent(transaction=mined, session_id=int(found["sessionId"]))

    async def submit(self, asked: Submit) -> Sent:
        """Submit a prompt and return its task once mined."""
        size = len(asked.prompt.encode("utf-8", "surrogatepass"))
        if not 0 < size <= self._most_prompt_bytes:
            raise problem_error(
                "bad_prompt",
                "The prompt cannot be sent",
                f"it has {size} bytes, a transaction takes {self._most_prompt_bytes}"
                if size
                else "it is empty",
                "Shorten it" if size else "Write something",
            )
        call = submit_call(self._reader, NewTask(**msgspec.structs.asdict(asked)))
        mined = await self._send(call, Purpose(kind=TransactionKind.SUBMIT, session_id=asked.session_id))
        found = await self._event_of(mined, "TaskSubmitted")
        return Sent(transaction=mined, task_key=TaskKey(int(found["sessionId"]), int(found["taskId"])))

    async def _require_allowed(self, asked: Assign | PrepareAssignment) -> AssignmentChecked:
        checked = await self.check(asked)
        for check in checked.checks:
            if not check.is_met:
                verb = "unbind" if asked.unbind else "bind"
                what = f"Cannot {verb} session {asked.session_id}"
                raise problem_error(code_of(check.name), what, check.detail, "Nothing was sent")
        return checked

    def _signed(self, raw: str) -> SignedCall:
        interface = self._reader.sessions_interface
        expected = Expected(
            owner=self._sender.address,
            chain_id=self._chain_id,
            contract=KnownContract(
                title="SessionV2", address=self._reader.contracts.session_v2, interface=interface
            ),
            functions=(interface.functions["addDedicatedNode"], interface.functions["removeDedicatedNode"]),
        )
        return require_expected(decode_signed(raw), expected)

    # --- checks ------------------------------------------------------------------------------------

    async def _session(self, session_id: int) -> Session | None:
        if not 0 <= session_id < 2**256 or not await self._reader.session_exists(session_id):
            return None
        return (await self._reader.sessions([session_id]))[0]

    def _check_session(self, session: Session | None, session_id: int) -> list[Check]:
        if session is None:
            return [Check(name="session exists", is_met=False, detail=f"there is no session {session_id}")]
        is_mine = session.owner == self._sender.address
        stranger = f"it belongs to {session.owner}, your key is {self._sender.address}"
        return [
            Check(name="session exists", is_met=True, detail=f"session {session_id} is there"),
            Check(
                name="session active",
                is_met=session.is_active,
                detail="it is active" if session.is_active else "it is not active",
            ),
            Check(name="owner", is_met=is_mine, detail="you own it" if is_mine else stranger),
        ]

    async def _simulate(self, call: ContractCall) -> tuple[Estimate | None, Check]:
        name = "contract accepts"
        try:
            estimate = await self._sender.estimate(call)
            balance = quantity(await self._rpc.call("eth_getBalance", self._sender.address, "latest"))
        except ProblemError as error:
            refused = error.problem.code in ("reverted", "no_balance")
            return None, Check(
                name=name, is_met=False if refused else None, detail=error.problem.why or error.problem.what
            )
        if balance < estimate.fee_wei:
            detail = f"{self._sender.address} has {balance} wei, the fee may reach {estimate.fee_wei}"

            return estimate, Check(name="fee", is_met=False, detail=detail)
        return estimate, Check(name=name, is_met=True, detail="a trial run on the current block succeeds")

    def _call(self, asked: CheckAssignment | Assign | PrepareAssignment, address: str) -> ContractCall:
        build = unbind_call if asked.unbind else bind_call
        return build(self._reader, asked.session_id, address)

    # --- sending -----------------------------------------------------------------------------------

    async def _send(self, call: ContractCall, purpose: Purpose) -> Transaction:
        try:
            sent = await self._sender.send(call, purpose)
        except ProblemError as error:
            way = _way_without_key(purpose.kind, call.to)
            if error.problem.code != "no_owner_key" or way is None:
                raise
            raise ProblemError(msgspec.structs.replace(error.problem, remedy=way)) from error
        return await self._mined(sent)

    async def _mined(self, sent: Transaction) -> Transaction:
        settled = await self._sender.settled(sent)
        if settled.state is TransactionState.REVERTED:
            raise problem_error("reverted", f"The {sent.kind} was refused on chain", settled.error)
        if settled.state is not TransactionState.MINED:
            raise problem_error(
                "not_mined", f"The {sent.kind} is not on chain", settled.error, "Ask for it again"
            )
        return settled

    async def _event_of(self, transaction: Transaction, name: str) -> dict[str, Any]:
        receipt = await self._receipt(transaction)
        events = self._reader.sessions_interface.events
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

    async def _receipt(self, transaction: Transaction) -> dict[str, Any]:
        """Return the receipt of what was mined; an endpoint behind a balancer may not have it yet."""
        why = "the endpoint does not have its receipt"
        for _ in range(RECEIPT_TRIES):
            try:
                receipt = await self._rpc.call("eth_getTransactionReceipt", transaction.hash)
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


def _way_without_key(kind: TransactionKind, contract: str) -> str | None:
    """Return what can be done where the owner's wallet is to call what `assign --unsigned` does not write."""
    own_key = "or give the node the owner's key with CORTENSOR_TUI_OWNER_KEYSTORE"
    if kind is TransactionKind.CREATE_SESSION:
        return (
            f"Create the session from that wallet, by calling create of SessionV2 at {contract}, then bind"
            f" the node with: cortensor-tui assign SESSION --unsigned FILE; {own_key}"
        )
    if kind is TransactionKind.SUBMIT:
        return f"Submit from that wallet, by calling submit of SessionV2 at {contract}; {own_key}"
    return None
