"""One gapless nonce stream a key: saved, then sent, then followed until mined.

State machine of one transaction:  signed -> sent -> mined | reverted
                                   signed -> unknown (no answer) -> sent
                                   signed -> rejected (certainly not taken; its nonce is used again)
                                   mined | reverted -> sent (the chain was reorganised; the same bytes again)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from cortensor_tui.chain.abi import revert_sentence
from cortensor_tui.chain.contracts import ContractCall
from cortensor_tui.chain.fees import Fees, gas_limit_for
from cortensor_tui.chain.rpc import Rpc, RpcError, quantity
from cortensor_tui.chain.send_errors import NOT_TAKEN, SendError, classify, refusal
from cortensor_tui.chain.signer import TransactionSigner
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.journal.commitments import Commitment
from cortensor_tui.journal.transactions import SignedAttempt, SignedTransaction, TransactionLog

log = structlog.get_logger(__name__)

REBROADCAST_S = 10.0
LOOKS_UNTIL_REPLACED = 3  # an endpoint behind a balancer may lag for a look or two
REREAD_AFTER_REORG = 20
LARGEST_STORED = 2**63 - 1  # SQLite's


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a call will take; `fee_wei` is the most it can cost."""

    gas_limit: int
    fees: Fees

    @property
    def fee_wei(self) -> int:
        return self.gas_limit * self.fees.max_fee_wei


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """Why a transaction is sent, for the journal and the screen."""

    kind: TransactionKind
    session_id: int | None = None
    task_key: TaskKey | None = None
    commitment: Commitment | None = None


class TransactionSender:
    """Sends for one key. `current_fees` answers with the fees to use now."""

    def __init__(
        self,
        rpc: Rpc,
        signer: TransactionSigner,
        transactions: TransactionLog,
        current_fees: Callable[[], Fees],
        on_change: Callable[[Transaction], None],
    ) -> None:
        self.address = signer.address
        self._rpc = rpc
        self._signer = signer
        self._log = transactions
        self._current_fees = current_fees
        self._on_change = on_change
        self._lock = asyncio.Lock()
        self._next_nonce: int | None = None
        self._open: dict[int, Transaction] = {}
        self._looks_without_receipt: dict[int, int] = {}
        self._waiting: dict[int, asyncio.Future[Transaction]] = {}

    async def start(self) -> None:
        """Find the next nonce and send again, byte for byte, what was saved and has no receipt."""
        mined = await self._mined_count()
        for transaction in self._log.unfinished(self.address):
            self._open[transaction.transaction_id] = transaction
        self._next_nonce = max([mined] + [one.nonce + 1 for one in self._open.values()])
        await self.look()
        for transaction in sorted(self._open.values(), key=lambda one: one.nonce):
            await self._broadcast_again(transaction)

    async def estimate(self, call: ContractCall) -> Estimate:
        """Return gas and fee. Raises "reverted" with the contract's sentence, or "no_balance"."""
        fees = self._current_fees()
        try:
            answer = await self._rpc.call(
                "eth_estimateGas", {"from": self.address, "to": call.to, "data": call.data}, "latest"
            )
        except RpcError as error:
            raise refusal(error, self.address) from error
        return Estimate(gas_limit=gas_limit_for(quantity(answer, LARGEST_STORED)), fees=fees)

    async def send(self, call: ContractCall, purpose: Purpose) -> Transaction:
        """Sign, save and send; return it as sent (or as `unknown` when no answer came).

        Raises `ProblemError` when the call would revert, the balance is empty or the endpoint refuses; then
        the nonce is not used up.
        """
        estimate = await self.estimate(call)
        async with self._lock:
            transaction = self._sign(call, purpose, estimate)
            return await self._send_first(transaction)

    async def settled(self, transaction: Transaction) -> Transaction:
        """Wait until the transaction is mined, reverted or rejected."""
        current = self._open.get(transaction.transaction_id)
        if current is None:  # it was settled since the caller saw it
            return self._log.get(transaction.transaction_id)
        future = self._waiting.get(current.transaction_id)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            self._waiting[current.transaction_id] = future
        return await asyncio.shield(future)

    async def look(self) -> None:
        """Ask for the receipts of everything open, in one request; send again what is overdue."""
        open_now = sorted(self._open.values(), key=lambda one: one.nonce)
        if not open_now:
            return
        # The count is asked first: a nonce below it without a receipt asked later was taken by another.
        mined_count, *receipts = await self._rpc.batch(
            [("eth_getTransactionCount", (self.address, "latest"))]
            + [("eth_getTransactionReceipt", (one.hash,)) for one in open_now]
        )
        for transaction, receipt in zip(open_now, receipts, strict=True):
            if isinstance(receipt, dict):
                await self._finish(transaction, receipt)
            elif isinstance(mined_count, str) and quantity(mined_count) > transaction.nonce:
                self._count_missing(transaction)
            else:
                await self._broadcast_overdue(transaction)

    async def reread(self) -> None:
        """After a reorganisation: what was mined and has no receipt any more goes out again, same bytes."""
        mined = self._log.mined_from(self.address, 0)[-REREAD_AFTER_REORG:]
        if not mined:
            return
        receipts = await self._rpc.batch([("eth_getTransactionReceipt", (one.hash,)) for one in mined])
        for transaction, receipt in zip(mined, receipts, strict=True):
            if receipt is None:  # an error is not a no
                log.warning("a mined transaction is gone", hash=transaction.hash)
                reopened = msgspec.structs.replace(
                    transaction,
                    state=TransactionState.SIGNED,
                    mined_at=None,
                    block_number=None,
                    error="the chain was reorganised",
                )
                self._log.update(reopened)
                self._keep(reopened)
        await self.look()

    def close(self) -> None:
        """Let go of everybody who waits: this chain is no longer looked at."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(
                    problem_error(
                        "chain_replaced",
                        "The node no longer looks at this chain",
                        "its endpoint serves another one, or the node stops",
                        "Look the transaction up before asking again",
                    )
                )
        self._waiting.clear()

    # --- sending -----------------------------------------------------------------------------------

    def _sign(self, call: ContractCall, purpose: Purpose, estimate: Estimate) -> Transaction:
        if self._next_nonce is None:
            raise RuntimeError("start() first: the next nonce is not known")
        raw, digest = self._signer.sign(
            {
                "nonce": self._next_nonce,
                "to": call.to,
                "data": call.data,
                "gas": estimate.gas_limit,
                "maxFeePerGas": estimate.fees.max_fee_wei,
                "maxPriorityFeePerGas": estimate.fees.priority_fee_wei,
            }
        )
        saved = self._log.save_signed(
            SignedTransaction(
                kind=purpose.kind,
                sender=self.address,
                nonce=self._next_nonce,
                attempt=SignedAttempt(hash=digest, raw=raw),
                session_id=purpose.session_id,
                task_key=purpose.task_key,
                commitment=purpose.commitment,
            ),
            time.time(),
        )
        self._next_nonce += 1
        self._keep(saved)
        return saved

    async def _send_first(self, transaction: Transaction) -> Transaction:
        error = await self._broadcast(transaction)
        if error is None:
            return self._log.get(transaction.transaction_id)
        meaning = classify(error)
        log.warning("send refused", hash=transaction.hash, meaning=meaning.name, message=error.message)
        if meaning is SendError.UNCLEAR:
            return self._change(transaction, state=TransactionState.UNKNOWN, sent_at=time.time())
        if meaning not in NOT_TAKEN:
            return self._mark_sent(transaction)
        self._reject(transaction, error.message)
        if meaning is SendError.NONCE_TOO_LOW:
            self._next_nonce = max(await self._mined_count(), transaction.nonce + 1)
            raise problem_error(
                "nonce_used",
                f"Another program sent transactions with the key of {self.address}",
                f"nonce {transaction.nonce} is used up",
                "Give the node a key of its own",
            )
        self._next_nonce = transaction.nonce  # nothing was sent, and the lock kept others from going on
        raise refusal(error, self.address)

    async def _broadcast(self, transaction: Transaction) -> RpcError | None:
        """Send the saved bytes; None when they were accepted or nobody answered."""
        raw = "0x" + self._log.raw(transaction.transaction_id).hex()
        try:
            await self._rpc.send_raw(raw)
        except RpcError as error:
            return error
        except ProblemError as error:  # a timeout is an unknown, never a no
            log.warning("send unanswered", hash=transaction.hash, why=error.problem.why)
            self._change(transaction, state=TransactionState.UNKNOWN, sent_at=time.time())
            return None
        self._mark_sent(transaction)
        return None

    async def _broadcast_overdue(self, transaction: Transaction) -> None:
        async with self._lock:  # a first send may be under way
            current = self._open.get(transaction.transaction_id)
            if current is not None and _is_overdue(current, time.time()):
                await self._broadcast_again(current)

    async def _broadcast_again(self, transaction: Transaction) -> None:
        error = await self._broadcast(transaction)
        if error is None:
            return
        if classify(error) in (SendError.ALREADY_KNOWN, SendError.NONCE_TOO_LOW):
            self._mark_sent(transaction)
        else:
            self._change(transaction, sent_at=time.time(), error=error.message[:500])

    async def _mined_count(self) -> int:
        answer = await self._rpc.call("eth_getTransactionCount", self.address, "latest")
        return quantity(answer, LARGEST_STORED)

    # --- following ---------------------------------------------------------------------------------

    async def _finish(self, transaction: Transaction, receipt: dict[str, Any]) -> None:
        succeeded = quantity(receipt.get("status")) == 1
        gas_used = quantity(receipt.get("gasUsed"), LARGEST_STORED)
        self._change(
            transaction,
            state=TransactionState.MINED if succeeded else TransactionState.REVERTED,
            mined_at=time.time(),
            block_number=quantity(receipt.get("blockNumber"), LARGEST_STORED),
            gas_used=gas_used,
            fee_wei=str(gas_used * quantity(receipt.get("effectiveGasPrice") or "0x0")),
            error="" if succeeded else await self._why_reverted(transaction, receipt),
        )

    async def _why_reverted(self, transaction: Transaction, receipt: dict[str, Any]) -> str:
        try:
            sent = await self._rpc.call("eth_getTransactionByHash", transaction.hash)
            await self._rpc.call(
                "eth_call",
                {"from": self.address, "to": sent["to"], "data": sent["input"]},
                receipt["blockNumber"],
            )
        except RpcError as error:
            return revert_sentence(error.data, error.message)
        except (ProblemError, KeyError, TypeError):
            return "it reverted; the reason could not be read"
        return (
            "it reverted; the same call succeeds at the end of its block, so another transaction came first"
        )

    def _count_missing(self, transaction: Transaction) -> None:
        looks = self._looks_without_receipt.get(transaction.transaction_id, 0) + 1
        self._looks_without_receipt[transaction.transaction_id] = looks
        if looks >= LOOKS_UNTIL_REPLACED:
            self._reject(
                transaction, "another transaction with this nonce was mined: is the key used elsewhere?"
            )

    # --- keeping -----------------------------------------------------------------------------------

    def _keep(self, transaction: Transaction) -> None:
        if transaction.state.is_final:
            self._open.pop(transaction.transaction_id, None)
            self._looks_without_receipt.pop(transaction.transaction_id, None)
            future = self._waiting.pop(transaction.transaction_id, None)
            if future is not None and not future.done():
                future.set_result(transaction)
        else:
            self._open[transaction.transaction_id] = transaction
        self._on_change(transaction)

    def _change(self, transaction: Transaction, **fields: Any) -> Transaction:
        current = self._open.get(transaction.transaction_id)
        if current is None:  # it was settled meanwhile, and what is settled stays so
            return self._log.get(transaction.transaction_id)
        changed = msgspec.structs.replace(current, **fields)
        self._log.update(changed)
        self._keep(changed)
        return changed

    def _mark_sent(self, transaction: Transaction) -> Transaction:
        return self._change(transaction, state=TransactionState.SENT, sent_at=time.time(), error="")

    def _reject(self, transaction: Transaction, why: str) -> None:
        self._change(transaction, state=TransactionState.REJECTED, error=why)


def _is_overdue(transaction: Transaction, now: float) -> bool:
    if transaction.state is TransactionState.SIGNED or transaction.sent_at is None:
        return True
    patience_s = 1.0 if transaction.state is TransactionState.UNKNOWN else REBROADCAST_S
    return now - transaction.sent_at > patience_s
