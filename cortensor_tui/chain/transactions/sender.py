"""Sends for one key and follows what was sent.

State machine of one transaction:  signed -> sent -> mined | reverted
                                   signed -> unknown (no answer) -> sent
                                   signed -> rejected (certainly not taken; its nonce is used again)
                                   sent | unknown -> replaced (another transaction has its nonce)
                                   mined | reverted -> sent (the chain was reorganised; the same bytes again)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.send_errors import GOES_ON, NOT_TAKEN, SendError, classify, refusal
from cortensor_tui.chain.rpc.client import Rpc, RpcError, quantity
from cortensor_tui.chain.signing.external import AcceptedCall, SignedElsewhere
from cortensor_tui.chain.signing.signer import TransactionSigner, WatchedAddress
from cortensor_tui.chain.transactions import foreign
from cortensor_tui.chain.transactions.estimating import (
    LEAST_GAS,
    estimate_gas,
    prices_now,
    transaction_counts,
)
from cortensor_tui.chain.transactions.fees import Fees, GasPrices, fees_for, raised
from cortensor_tui.chain.transactions.following import Follower
from cortensor_tui.chain.transactions.gate import LEFT
from cortensor_tui.chain.transactions.idle_use import IdleUse
from cortensor_tui.chain.transactions.nonces import NonceStream
from cortensor_tui.chain.transactions.parts import key_parts
from cortensor_tui.chain.transactions.purpose import Estimate, Purpose
from cortensor_tui.chain.transactions.resubmission import SendRules
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.domain.transactions import Transaction, TransactionState
from cortensor_tui.journal.database import LARGEST_STORED
from cortensor_tui.journal.transactions import TransactionLog

log = structlog.get_logger(__name__)

ESTIMATE_HOLDS_S = 5.0
MOST_REREAD = 1_000  # of the newest, where an endpoint does not say what is final


class TransactionSender:
    """The transactions of one key. `prices` answers with what the chain asks now."""

    def __init__(
        self,
        rpc: Rpc,
        signer: TransactionSigner,
        transactions: TransactionLog,
        prices: Callable[[], GasPrices],
        on_change: Callable[[Transaction], None],
        rules: SendRules,
        clock: Clock = SYSTEM_CLOCK,
        *,
        is_exclusive: bool = True,
    ) -> None:
        """`is_exclusive` says that no other program may use the key, not even while nothing is open."""
        self.address = signer.address
        self.warning: str | None = None
        self._signer = signer
        self._parts = key_parts(rpc, signer, transactions, prices, on_change, rules, clock)
        self._follower = Follower(self._parts)
        is_elsewhere = isinstance(signer, WatchedAddress)
        self.idle_use = IdleUse(self._parts, is_exclusive=is_exclusive and not is_elsewhere)
        self._sending: set[asyncio.Task[Transaction]] = set()

    @property
    def problem(self) -> Problem | None:
        """Return what keeps this key from sending: another program uses it, or its balance is empty."""
        return self._parts.gate.problem

    @property
    def key_problem(self) -> Problem | None:
        """Return why nothing is ever signed for this address here, None where its key is at hand."""
        return self._signer.reason if isinstance(self._signer, WatchedAddress) else None

    @property
    def is_busy(self) -> bool:
        """Tell whether anything is to be followed or waits to be sent."""
        return bool(len(self._parts.book) or len(self._parts.queue) or self._parts.gate.is_paused)

    def take_rules(self, rules: SendRules) -> None:
        """Send and raise fees by these rules from now on."""
        self._parts.rules = rules

    async def start(self) -> None:
        """Find the next nonce; send again, byte for byte and before anything new, what is not on chain."""
        mined, pending = await transaction_counts(self._parts.rpc, self.address)
        known = self._parts.log.next_nonce(self.address)
        self._parts.book.add(self._parts.log.unfinished(self.address))
        self._parts.stream.nonces = NonceStream(following=max(pending, known))
        self._follower.adopted_below = mined
        if pending > known > 0 and not isinstance(self._signer, WatchedAddress):
            self.warning = foreign.adopted_nonce(self.address, known, pending)
            log.warning("nonce adopted", address=self.address, journal=known, chain=pending)
        await self._follower.reread(self._parts.log.mined_with_nonces(self.address, mined))
        await self.look()

    async def estimate(self, call: ContractCall) -> Estimate:
        """Return gas and fee. Raises "reverted" with the contract's sentence, or "no_balance"."""
        fees = fees_for(self._parts.prices(), self._parts.rules.fee_cap_wei)
        try:
            return await estimate_gas(self._parts.rpc, self.address, call, fees)
        except RpcError as error:
            raise self._refused(error, LEAST_GAS * fees.max_fee_wei) from error

    async def send(self, call: ContractCall, purpose: Purpose) -> Transaction:
        """Sign, save and send when its turn comes; return it as sent (or `unknown` when no answer came).

        Raises `ProblemError` when the call would revert, the balance is empty, the key is used elsewhere or
        the endpoint refuses; then the nonce is not used up. A caller that is cancelled while it waits for
        its turn leaves no trace; later, the transaction is sent and followed all the same.
        """
        self._parts.gate.check()
        estimate, estimated_s = await self.estimate(call), self._parts.clock.monotonic()
        await self._parts.queue.take(purpose.deadline_at)
        try:
            self._parts.gate.check()
            await self.idle_use.catch_up()
            if self._parts.clock.monotonic() - estimated_s > ESTIMATE_HOLDS_S:
                estimate = await self.estimate(call)
            self._check_price(estimate.fees)
        except BaseException:
            self._parts.queue.release()
            raise
        return await self._shielded(self._send_in_turn(call, purpose, estimate))

    def known(self, signed: SignedElsewhere) -> Transaction | None:
        """Return the transaction that these signed bytes already are, None where they were never taken."""
        for known in self._parts.log.at_nonce(self.address, signed.nonce):
            if known.hash == signed.hash and known.state is not TransactionState.REJECTED:
                return known
        return None

    async def send_signed(self, call: AcceptedCall, purpose: Purpose) -> Transaction:
        """Save and send what an external wallet has signed for this key; return it as sent, or as it stands.

        Raises `ProblemError` "wrong_nonce" unless its nonce is the key's next one, on chain and here, and
        nothing of the key is open.
        """
        self._parts.gate.check()
        await self._parts.queue.take(purpose.deadline_at)
        try:
            known = self.known(call.signed)  # the same file may have been given twice
            if known is not None:
                self._parts.queue.release()
                return known
            await self._require_next(call.signed.nonce)
        except BaseException:
            self._parts.queue.release()
            raise
        return await self._shielded(self._send_adopted(call, purpose))

    async def settled(self, transaction: Transaction) -> Transaction:
        """Wait until the transaction is mined, reverted, rejected or replaced."""
        return await self._parts.book.settled(transaction)

    async def look(self) -> None:
        """Ask for everything open in one request; settle, send again, raise fees or fill gaps as due."""
        await self._follower.look()

    async def reread(self, final_block: int = -1) -> None:
        """After a reorganisation: what was mined above `final_block` and is gone goes out again, same bytes.

        Each that returns to `sent` is told through `on_change`.
        """
        answer = await self._parts.rpc.call("eth_getTransactionCount", self.address, "latest")
        # What is counted no more is gone, however long ago it was mined: a chain may come back from a backup.
        uncounted = self._parts.log.mined_with_nonces(self.address, quantity(answer, LARGEST_STORED))
        mined = [*self._parts.log.mined_from(self.address, final_block + 1, MOST_REREAD), *uncounted]
        await self._follower.reread(list({one.transaction_id: one for one in mined}.values()))
        await self.look()

    def close(self) -> None:
        """Let go of everybody who waits: this chain is no longer looked at."""
        self._parts.gate.leave()  # before the turn is handed on: who waits for it must not send here any more
        for sending in self._sending:
            sending.cancel()
        self._parts.book.give_up(ProblemError(LEFT))

    async def _send_in_turn(self, call: ContractCall, purpose: Purpose, estimate: Estimate) -> Transaction:
        transaction = self._parts.stream.sign(call, purpose, estimate)
        error = await self._parts.broadcaster.send(transaction)
        if error is not None and classify(error) is SendError.FEE_TOO_LOW:
            again = await self._raise_at_once(transaction, estimate.fees)
            if again is not None:
                transaction, error = again, await self._parts.broadcaster.send(again)
        if error is None:
            return self._parts.log.get(transaction.transaction_id)
        return await self._refused_first(transaction, error, estimate)

    async def _shielded(self, job: Coroutine[Any, Any, Transaction]) -> Transaction:
        """Run a job that must not stop half way when its caller does, and end the turn after it."""
        sending = asyncio.create_task(job)
        self._sending.add(sending)
        sending.add_done_callback(self._sent)
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if sending.cancelled() and not (caller and caller.cancelling()):  # by `close`
                raise ProblemError(LEFT) from None
            raise

    async def _send_adopted(self, call: AcceptedCall, purpose: Purpose) -> Transaction:
        transaction = self._parts.stream.adopt(call, purpose)
        error = await self._parts.broadcaster.send(transaction)
        if error is None:
            return self._parts.log.get(transaction.transaction_id)
        estimate = Estimate(
            gas_limit=call.signed.gas_limit,
            fees=Fees(max_fee_wei=call.signed.max_fee_wei, priority_fee_wei=call.signed.priority_fee_wei),
        )
        return await self._refused_first(transaction, error, estimate)

    async def _require_next(self, nonce: int) -> None:
        answer = await self._parts.rpc.call("eth_getTransactionCount", self.address, "latest")
        following = max(quantity(answer, LARGEST_STORED), self._parts.stream.nonces.first_free)
        if nonce == following and not len(self._parts.book):
            return
        raise problem_error(
            "wrong_nonce",
            "The signed transaction does not come next",
            f"its nonce is {nonce}, the next one of {self.address} is {following}"
            if nonce != following
            else f"transactions of {self.address} are still open",
            "Wait until all is mined, then write it anew: cortensor-tui assign SESSION --unsigned FILE",
        )

    def _sent(self, sending: asyncio.Task[Transaction]) -> None:
        self._sending.discard(sending)
        self._parts.queue.release()
        if not sending.cancelled():
            sending.exception()  # where its caller was cancelled, nobody else takes it

    async def _refused_first(
        self, transaction: Transaction, error: RpcError, estimate: Estimate
    ) -> Transaction:
        meaning = classify(error)
        if meaning in NOT_TAKEN:
            refused = self._refused(error, estimate.fee_wei)
            try:
                self._parts.stream.release(transaction, error.message)
            except ProblemError as unwritable:  # it stays saved as signed, and so it is sent again
                log.error("refused, and not noted", why=unwritable.problem.sentence())
                return transaction
            raise refused
        if meaning is SendError.ALREADY_KNOWN:
            return self._parts.broadcaster.mark(transaction, TransactionState.SENT)
        if meaning is SendError.NONCE_TOO_HIGH:
            await self._follower.resend_below(transaction.nonce)
            again = await self._parts.broadcaster.send(transaction)
            if again is None:
                return self._parts.log.get(transaction.transaction_id)
        # A nonce that is said to be used may be used by these very bytes, taken by an endpoint that answered
        # late: whoever follows them finds out.
        return self._parts.broadcaster.mark(transaction, TransactionState.UNKNOWN, error.message)

    async def _raise_at_once(self, transaction: Transaction, fees: Fees) -> Transaction | None:
        """Sign again for the base fee of now: the head that was seen is older than the refusal."""
        prices = await prices_now(self._parts.rpc, self._parts.prices())
        higher = raised(fees, prices, self._parts.rules.fee_cap_wei)
        try:
            return None if higher is None else self._parts.stream.sign_again(transaction, higher)
        except ProblemError as error:
            log.warning("fees not raised", why=error.problem.sentence())
            return None

    def _check_price(self, fees: Fees) -> None:
        base_fee_wei = self._parts.prices().base_fee_wei
        if base_fee_wei > fees.max_fee_wei:
            raise problem_error(
                "fee_too_low",
                "The chain's base fee is above what this node may pay",
                f"the base fee is {base_fee_wei} wei a unit of gas, the cap {self._parts.rules.fee_cap_wei}",
                f"Wait until it falls, or raise CORTENSOR_TUI_MAX_FEE_GWEI. {GOES_ON}",
            )

    def _refused(self, error: RpcError, needed_wei: int) -> ProblemError:
        refused = refusal(error, self.address)
        if refused.problem.code == "no_balance":
            self._parts.gate.pause(refused.problem, needed_wei)
        return refused
