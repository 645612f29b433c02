"""Follows what was sent until it is settled: looks, and does the one right thing about each."""

from __future__ import annotations

import structlog

from cortensor_tui.chain.contracts.send_errors import SendError, classify, refusal
from cortensor_tui.chain.rpc.client import RpcError
from cortensor_tui.chain.transactions import foreign
from cortensor_tui.chain.transactions.fees import Fees
from cortensor_tui.chain.transactions.gaps import GapFiller
from cortensor_tui.chain.transactions.parts import KeyParts
from cortensor_tui.chain.transactions.queue import AT_ONCE
from cortensor_tui.chain.transactions.resubmission import (
    GAP_BELOW,
    FillGap,
    Raise,
    Resend,
    Situation,
    Step,
    Wait,
    next_step,
)
from cortensor_tui.chain.transactions.settling import NONCE_GONE, replaced
from cortensor_tui.chain.transactions.sightings import Question, Sighting, ask
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState

log = structlog.get_logger(__name__)

# An endpoint behind a balancer may lag for a look or two, and its receipts behind its count.
LOOKS_UNTIL_REPLACED = 3
REPLACED_PATIENCE_S = 3.0
RESEND_BELOW_S = 0.5
MOST_FOLLOWED = 200
NO_RECEIPT_YET = "its nonce is used on chain; its receipt is not there yet"
BYTES_ONLY = "its fees are too low, and an older version kept only its bytes"


class Follower:
    """Looks after the open transactions of one key."""

    def __init__(self, parts: KeyParts) -> None:
        self.adopted_below = 0  # nonces used up on chain when the node was started
        self._parts = parts
        self._gaps = GapFiller(parts)

    async def look(self) -> None:
        """Ask for everything open in one request, and act on what is found."""
        open_now = self._parts.book.by_nonce()[:MOST_FOLLOWED]
        mined = self._parts.settlement.mined_and_due()
        if not open_now and not mined and not self._parts.gate.is_paused:
            return
        questions = [Question(one, self._is_due(one)) for one in open_now]
        questions += [Question(one, False) for one in mined]
        answers = await ask(
            self._parts.rpc, self._parts.address, questions, asks_balance=self._parts.gate.is_paused
        )
        sightings = answers.sightings[: len(open_now)]
        if answers.balance_wei is not None:
            self._parts.gate.see_balance(answers.balance_wei)
        await self._parts.settlement.finish(
            (one, sighting.receipt)
            for one, sighting in zip(open_now, sightings, strict=True)
            if sighting.receipt is not None
        )
        await self._parts.settlement.review(mined, answers.sightings[len(open_now) :])
        for one, sighting in zip(open_now, sightings, strict=True):
            if sighting.receipt is None and self._parts.book.get(one.transaction_id) is not None:
                await self._treat(one, sighting, answers.mined_count)
        if answers.mined_count is not None and self._parts.gate.problem is None:
            self._gaps.see(answers.mined_count)
            if self._gaps.is_due:
                async with self._parts.queue.turn(AT_ONCE):
                    await self._gaps.fill_next()

    async def reread(self, mined: list[Transaction]) -> None:
        """Look again for what was mined: what is gone is open again, what moved gets its new block."""
        for one in self._parts.book.by_nonce():
            self._parts.book.progress(one).found()
        answers = await ask(self._parts.rpc, self._parts.address, [Question(one, False) for one in mined])
        await self._parts.settlement.review(mined, answers.sightings, at_once=True)

    async def resend_below(self, nonce: int) -> None:
        """Send the predecessors again, lowest first: the endpoint says that one is missing. Within a turn."""
        now_s = self._parts.clock.monotonic()
        for one in self._parts.book.by_nonce():
            sent_s = self._parts.book.progress(one).sent_s
            if one.nonce < nonce and (sent_s is None or now_s - sent_s >= RESEND_BELOW_S):
                await self._send_again(one, GAP_BELOW)

    # --- one transaction ---------------------------------------------------------------------------

    async def _treat(self, transaction: Transaction, sighting: Sighting, mined_count: int | None) -> None:
        if mined_count is not None and mined_count > transaction.nonce:
            if sighting.is_certain and not sighting.is_in_block:
                self._miss(transaction)
            return
        self._parts.book.progress(transaction).found()
        if self._parts.gate.problem is not None:
            return
        if isinstance(self._step(transaction, sighting, mined_count), Wait):
            self._wait(transaction, sighting, mined_count)
            return
        async with self._parts.queue.turn(AT_ONCE):  # a first send may be under way
            current = self._parts.book.get(transaction.transaction_id)
            if current is not None and self._parts.gate.problem is None:
                await self._act(current, self._step(current, sighting, mined_count))

    def _wait(self, transaction: Transaction, sighting: Sighting, mined_count: int | None) -> None:
        current = self._parts.book.get(transaction.transaction_id)
        step = self._step(transaction, sighting, mined_count)
        if current is None or not isinstance(step, Wait):
            return
        state = TransactionState.SENT if sighting.is_known else current.state
        self._parts.book.change(current, state=state, waiting_for=step.why)

    async def _act(self, transaction: Transaction, step: Step) -> None:
        match step:
            case Wait():
                self._parts.book.change(transaction, waiting_for=step.why)
            case Resend():
                log.info("sending again", hash=transaction.hash, nonce=transaction.nonce, why=step.why)
                await self._send_again(transaction, step.why)
            case Raise():
                await self._raise(transaction, step.fees, step.why)
            case FillGap():
                await self._gaps.replace(transaction, step.why)

    async def _send_again(self, transaction: Transaction, why: str) -> None:
        error = await self._parts.broadcaster.send(transaction)
        if error is None:
            self._parts.book.change(transaction, waiting_for=why)
            return
        self._parts.broadcaster.refused_again(transaction, error)
        meaning = classify(error)
        if meaning is SendError.NO_FUNDS:
            self._pause(transaction, error)
        elif meaning is SendError.NONCE_TOO_HIGH:  # its predecessors went out before it, in this same look
            self._parts.book.change(transaction, waiting_for=GAP_BELOW)

    async def _raise(self, transaction: Transaction, fees: Fees, why: str) -> None:
        try:
            again = self._parts.stream.sign_again(transaction, fees)
        except ProblemError as error:  # the day's gas budget, the disk
            self._parts.book.change(transaction, waiting_for=error.problem.what)
            return
        if again is None:
            self._parts.book.change(transaction, waiting_for=BYTES_ONLY)
            return
        log.info("fees raised", nonce=again.nonce, attempt=again.attempts[-1].number, why=why)
        await self._send_again(again, f"fees raised: {why}")

    def _pause(self, transaction: Transaction, error: RpcError) -> None:
        fees = fees_of(transaction)
        needed_wei = (transaction.gas_limit or 0) * (fees.max_fee_wei if fees else 0)
        self._parts.gate.pause(refusal(error, self._parts.address).problem, needed_wei)

    def _step(self, transaction: Transaction, sighting: Sighting, mined_count: int | None) -> Step:
        progress = self._parts.book.progress(transaction)
        prices = self._parts.prices()
        blocks_waited = 0
        if prices.block_number is not None and progress.fees_block is not None:
            blocks_waited = max(0, prices.block_number - progress.fees_block)
        others = [one for one in self._parts.book.at_nonce(transaction.nonce) if one is not transaction]
        situation = Situation(
            prices=prices,
            fees=fees_of(transaction),
            is_known=sighting.is_known,
            is_next=mined_count is None or mined_count == transaction.nonce,
            is_gap_below=mined_count is not None and self._gaps.is_below(mined_count, transaction.nonce),
            has_no_op=transaction.kind is not TransactionKind.NO_OP
            and any(one.kind is TransactionKind.NO_OP for one in others),
            since_sent_s=None if progress.sent_s is None else self._parts.clock.monotonic() - progress.sent_s,
            blocks_waited=blocks_waited,
            refusals=progress.refusals,
            last_refusal=progress.last_refusal,
        )
        return next_step(situation, self._parts.rules)

    def _is_due(self, transaction: Transaction) -> bool:
        """Tell whether the endpoint is asked if it knows the transaction: not right after sending it."""
        progress = self._parts.book.progress(transaction)
        if progress.sent_s is None or progress.missing_looks:
            return True
        return self._parts.clock.monotonic() - progress.sent_s >= self._parts.rules.rebroadcast_s

    # --- settling ----------------------------------------------------------------------------------

    def _miss(self, transaction: Transaction) -> None:
        """Count a nonce that is used on chain by nothing we know; enough of it is somebody else."""
        mined = (TransactionState.MINED, TransactionState.REVERTED)
        earlier = self._parts.log.at_nonce(self._parts.address, transaction.nonce)
        if any(one.state in mined for one in earlier):
            self._parts.book.settle(*replaced([transaction], NONCE_GONE))
            return
        progress, now_s = self._parts.book.progress(transaction), self._parts.clock.monotonic()
        progress.missing_looks += 1
        progress.missing_since_s = now_s if progress.missing_since_s is None else progress.missing_since_s
        is_early = now_s - progress.missing_since_s < REPLACED_PATIENCE_S
        if progress.missing_looks < LOOKS_UNTIL_REPLACED or is_early:
            if progress.missing_looks > 1:  # a block that comes between two answers is no news
                self._parts.book.change(transaction, waiting_for=NO_RECEIPT_YET)
            return
        if self._parts.settlement.reopen_rivals(earlier):
            return
        is_shared = self._parts.stream.is_shared(transaction)
        if transaction.nonce >= self.adopted_below and not is_shared:
            self._parts.gate.shut(foreign.foreign_key_use(self._parts.address, transaction.nonce))
        current = self._parts.book.get(transaction.transaction_id) or transaction
        self._parts.book.settle(*replaced([current], foreign.TAKEN_BY_WALLET if is_shared else foreign.TAKEN))


def fees_of(transaction: Transaction) -> Fees | None:
    """Return what the newest attempt offers, None where an older journal did not keep it."""
    newest = transaction.attempts[-1]
    if newest.max_fee_wei is None or newest.priority_fee_wei is None:
        return None
    return Fees(max_fee_wei=int(newest.max_fee_wei), priority_fee_wei=int(newest.priority_fee_wei))
