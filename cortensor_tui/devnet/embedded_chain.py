"""The embedded chain as its server sees it: reads and calls in the worker thread, blocks filed in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog
from eth_typing import Address

from cortensor_tui.devnet.block_index import BlockIndex, BlockRecord
from cortensor_tui.devnet.embedded_calls import CallOutcome, CallRequest
from cortensor_tui.devnet.embedded_evm import BLOCK_GAS_LIMIT, Evm
from cortensor_tui.devnet.embedded_pool import AlreadyKnownError, Mempool
from cortensor_tui.devnet.embedded_transactions import SignedTransaction, decode_transaction

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


class EmbeddedChain:
    """One chain. Index and pool belong to the event loop, the virtual machine to one worker thread."""

    def __init__(self, chain_id: int, evm: Evm, worker: ThreadPoolExecutor) -> None:
        self.chain_id = chain_id
        self.index = BlockIndex(evm.genesis)
        self.pool = Mempool()
        self.arrival = asyncio.Event()
        self._evm = evm
        self._worker = worker

    @classmethod
    async def create(cls, chain_id: int, funded: Mapping[Address, int]) -> EmbeddedChain:
        """Make a chain whose only block is its genesis, one second old so that block 1 may come at once."""
        worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="devnet-evm")
        loop = asyncio.get_running_loop()
        evm = await loop.run_in_executor(worker, Evm, chain_id, dict(funded), int(time.time()) - 1)
        return cls(chain_id, evm, worker)

    async def close(self) -> None:
        """End the worker once its present job is done; what waits behind it is cancelled."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)

    def next_base_fee(self) -> int:
        """Return the base fee of the block to come."""
        return self._evm.next_base_fee(self.index.head)

    def next_transactions(self) -> list[SignedTransaction]:
        """Return what the block to come would mine, best first."""
        return self.pool.executable(self.next_base_fee())

    async def send(self, raw: bytes) -> bytes:
        """Take a signed transaction and return its hash. Raises TransactionRefusedError."""
        head = self.index.head
        transaction, nonce, balance_wei = await self._in_worker(lambda: self._admit(raw, head))
        transaction_hash = transaction.record.hash
        if self.index.transaction_place(transaction_hash) is not None:
            raise AlreadyKnownError("already known")
        self.pool.add(transaction, nonce, balance_wei)
        self.arrival.set()
        return transaction_hash

    def _admit(self, raw: bytes, head: BlockRecord) -> tuple[SignedTransaction, int, int]:
        transaction = decode_transaction(raw, self.chain_id, BLOCK_GAS_LIMIT)
        sender = transaction.record.sender
        return transaction, self._evm.nonce(head, sender), self._evm.balance(head, sender)

    async def mine(self, timestamp: int) -> BlockRecord:
        """Mine the next block with all that fits. Only one caller at a time."""
        self.arrival.clear()
        parent, transactions = self.index.head, self.next_transactions()
        executed = await self._in_worker(lambda: self._evm.execute(parent, timestamp, transactions))
        self.index.append(executed.block)
        for transaction_hash, reason in executed.dropped:
            _log.warning("devnet.transaction_dropped", hash="0x" + transaction_hash.hex(), reason=reason)
        self.pool.settle(executed.block, (transaction_hash for transaction_hash, _ in executed.dropped))
        return executed.block

    async def call(self, block: BlockRecord, request: CallRequest, *, is_pending: bool) -> CallOutcome:
        """Run a message after a block, or in the block to come. Raises CallTimeoutError."""
        timestamp = self.next_timestamp() if is_pending else None
        return await self._in_worker(lambda: self._evm.call(block, request, timestamp))

    async def estimate(self, block: BlockRecord, request: CallRequest, *, is_pending: bool) -> CallOutcome:
        """Return in `gas_used` a gas limit with which the message succeeds. Raises CallTimeoutError."""
        timestamp = self.next_timestamp() if is_pending else None
        return await self._in_worker(lambda: self._evm.estimate(block, request, timestamp))

    def next_timestamp(self) -> int:
        """Return the time the block to come would carry if it were mined now or as soon as it may."""
        return max(int(time.time()), self.index.head.timestamp + 1)

    async def balance(self, block: BlockRecord, address: Address) -> int:
        """Return an account's wei after a block."""
        return await self._in_worker(lambda: self._evm.balance(block, address))

    async def nonce(self, block: BlockRecord, address: Address) -> int:
        """Return how many transactions of an account are mined up to a block."""
        return await self._in_worker(lambda: self._evm.nonce(block, address))

    async def code(self, block: BlockRecord, address: Address) -> bytes:
        """Return a contract's code after a block, empty for other accounts."""
        return await self._in_worker(lambda: self._evm.code(block, address))

    async def storage(self, block: BlockRecord, address: Address, slot: int) -> int:
        """Return one storage slot after a block."""
        return await self._in_worker(lambda: self._evm.storage(block, address, slot))

    async def _in_worker(self, job: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, job)
