"""The transactions of an address, as far as the contracts' events tell: one that reverted leaves none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from cortensor_tui.chain.contracts.abi import checksum
from cortensor_tui.chain.contracts.call_text import KnownContract, call_text
from cortensor_tui.chain.rpc.client import Call, Rpc, quantity
from cortensor_tui.chain.transactions.receipts import is_receipt_of, settled_by
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import Transaction, TransactionState
from cortensor_tui.journal.database import LARGEST_STORED
from cortensor_tui.journal.transaction_rows import SavedCall
from cortensor_tui.journal.transactions import TransactionLog
from cortensor_tui.node.watching.sightings import SeenStep

log = structlog.get_logger(__name__)

TAKEN_BACK = "the chain was reorganised, and its block is gone"


class WatchedTransactions:
    """Keeps each in the journal; `on_change` is told of every change."""

    def __init__(
        self,
        rpc: Rpc,
        transactions: TransactionLog,
        contracts: Sequence[KnownContract],
        on_change: Callable[[Transaction], None],
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._rpc = rpc
        self._log = transactions
        self._contracts = contracts
        self._on_change = on_change
        self._clock = clock

    async def see(self, steps: Sequence[SeenStep], mined_at: Mapping[int, float]) -> None:
        """Read the transactions of these steps; `mined_at` has the times of their blocks.

        Raises `ProblemError` when the endpoint does not answer; one that it cannot tell is left out.
        """
        for step in steps:
            if step.is_removed:
                self._take_back(step)
        standing = [step for step in steps if not step.is_removed]
        for step, (sent, receipt) in zip(standing, await self._read(standing), strict=True):
            if not isinstance(sent, dict) or not is_receipt_of(receipt, step.hash):
                log.warning("a transaction of an event was not told", hash=step.hash)
                continue
            try:
                seen = self._seen(step, sent, receipt, mined_at)
            except (KeyError, TypeError, ValueError, ProblemError) as error:
                log.warning("a transaction cannot be read", hash=step.hash, why=str(error)[:200])
                continue
            self._on_change(self._log.save_seen(seen, _call(sent, seen)))

    async def _read(self, steps: Sequence[SeenStep]) -> list[tuple[Any, Any]]:
        calls: list[Call] = []
        for step in steps:
            calls += [
                ("eth_getTransactionByHash", (step.hash,)),
                ("eth_getTransactionReceipt", (step.hash,)),
            ]
        answers = await self._rpc.batch(calls) if calls else []
        return list(zip(answers[::2], answers[1::2], strict=True))

    def _seen(
        self, step: SeenStep, sent: dict[str, Any], receipt: dict[str, Any], mined_at: Mapping[int, float]
    ) -> Transaction:
        block_number = quantity(receipt.get("blockNumber"), LARGEST_STORED)
        at, now = mined_at.get(block_number), self._clock.now()
        transaction = Transaction(
            transaction_id=0,  # the journal gives it one
            kind=step.kind,
            state=TransactionState.SENT,
            sender=checksum(str(sent["from"])),
            nonce=quantity(sent.get("nonce"), LARGEST_STORED),
            hash=step.hash,
            created_at=now if at is None else at,
            session_id=step.key.session_id,
            task_key=step.key,
            gas_limit=quantity(sent.get("gas"), LARGEST_STORED),
            call=call_text(sent.get("to"), str(sent.get("input") or ""), self._contracts),
        )
        settled = settled_by(transaction, receipt, transaction.created_at)
        return msgspec.structs.replace(settled, mined_at=at)

    def _take_back(self, step: SeenStep) -> None:
        known = self._log.with_hash(step.hash)
        if known is None:
            return
        gone = msgspec.structs.replace(
            known,
            state=TransactionState.REPLACED,
            mined_at=None,
            block_number=None,
            block_hash=None,
            gas_used=None,
            fee_wei=None,
            error=TAKEN_BACK,
        )
        self._on_change(self._log.save_seen(gone))


def _call(sent: dict[str, Any], seen: Transaction) -> SavedCall | None:
    """Return what a transaction calls, None for one that makes a contract."""
    target, data = sent.get("to"), sent.get("input")
    if not isinstance(target, str) or not isinstance(data, str) or seen.gas_limit is None:
        return None
    return SavedCall(target=checksum(target), data=data, gas_limit=seen.gas_limit)
