"""Finds nonces that nothing of ours will use, and fills them: later ones wait for them for ever."""

from __future__ import annotations

import structlog

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.transactions.estimating import estimate_gas
from cortensor_tui.chain.transactions.fees import Fees, fees_for, raised
from cortensor_tui.chain.transactions.parts import KeyParts
from cortensor_tui.chain.transactions.purpose import Purpose
from cortensor_tui.chain.transactions.resubmission import NO_OP_SENT
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import Transaction, TransactionKind

log = structlog.get_logger(__name__)

# An endpoint that lags shows gaps that are none.
PATIENCE_S = 4.0
NO_OP_AFTER_S = 8.0
MOST_GAPS = 1_000


class GapFiller:
    """Sends no-ops, transfers of nothing to ourselves, where no call comes in time to fill the gap."""

    def __init__(self, parts: KeyParts) -> None:
        self._parts = parts
        self._seen_s: dict[int, float] = {}

    def is_below(self, mined_count: int, nonce: int) -> bool:
        """Tell whether a nonce that is not mined and not open lies below this one."""
        used = {one.nonce for one in self._parts.book.by_nonce()}
        return any(one not in used for one in range(mined_count, min(nonce, mined_count + MOST_GAPS)))

    def see(self, mined_count: int) -> None:
        """Take how far the chain is: what is missing for long is free for the next transaction."""
        stream = self._parts.stream
        if any(nonce < mined_count for nonce in stream.nonces.free):
            stream.nonces = stream.nonces.used_elsewhere(mined_count - 1)
        now_s = self._parts.clock.monotonic()
        missing = self._missing(mined_count)
        self._seen_s = {nonce: self._seen_s.get(nonce, now_s) for nonce in missing}
        for nonce, seen_s in self._seen_s.items():
            if now_s - seen_s >= PATIENCE_S and nonce not in stream.nonces.free:
                log.warning("a nonce is missing", nonce=nonce)
                stream.nonces = stream.nonces.released(nonce)

    @property
    def is_due(self) -> bool:
        """Tell whether a gap has waited long enough for a call to fill it."""
        now_s = self._parts.clock.monotonic()
        return any(
            nonce in self._parts.stream.nonces.free and now_s - seen_s >= NO_OP_AFTER_S
            for nonce, seen_s in self._seen_s.items()
        )

    async def fill_next(self) -> None:
        """Send a no-op with the first free nonce. Within a turn."""
        if self.is_due:
            await self._send_no_op(fees_for(self._parts.prices(), self._parts.rules.fee_cap_wei), None, None)

    async def replace(self, transaction: Transaction, why: str) -> None:
        """Send a no-op with the nonce of a transaction that no endpoint takes; one of both is mined."""
        log.warning("a no-op takes the nonce", nonce=transaction.nonce, kind=transaction.kind, why=why)
        fees = fees_for(self._parts.prices(), self._parts.rules.fee_cap_wei)
        newest = transaction.attempts[-1]
        if newest.max_fee_wei is not None and newest.priority_fee_wei is not None:
            before = Fees(max_fee_wei=int(newest.max_fee_wei), priority_fee_wei=int(newest.priority_fee_wei))
            fees = raised(before, self._parts.prices(), self._parts.rules.fee_cap_wei) or fees
        if await self._send_no_op(fees, transaction.nonce, transaction):
            self._parts.book.change(transaction, waiting_for=NO_OP_SENT)

    async def _send_no_op(self, fees: Fees, nonce: int | None, instead_of: Transaction | None) -> bool:
        """Sign and send a no-op; False when it could not be signed, as for a key that is elsewhere."""
        call = ContractCall(to=self._parts.address, data="0x", text="no-op")
        purpose = Purpose(
            kind=TransactionKind.NO_OP,
            task_key=instead_of.task_key if instead_of else None,
            session_id=instead_of.session_id if instead_of else None,
        )
        try:
            estimate = await estimate_gas(self._parts.rpc, self._parts.address, call, fees)
            no_op = self._parts.stream.sign(call, purpose, estimate, nonce)
        except ProblemError as error:
            log.warning("no-op not sent", why=error.problem.sentence())
            return False
        refused = await self._parts.broadcaster.send(no_op)
        if refused is not None:
            self._parts.broadcaster.refused_again(no_op, refused)
        return True

    def _missing(self, mined_count: int) -> list[int]:
        """Return the nonces below the highest open one that are neither mined nor open, nor ours on chain."""
        used = {one.nonce for one in self._parts.book.by_nonce()}
        highest = min(max(used, default=0), mined_count + MOST_GAPS)
        missing = [nonce for nonce in range(mined_count, highest) if nonce not in used]
        if not missing:
            return []
        ours = {one.nonce for one in self._parts.log.mined_with_nonces(self._parts.address, mined_count)}
        return [nonce for nonce in missing if nonce not in ours]
