"""The virtual machine under the embedded chain: py-evm's Prague rules over a state in memory.

It stands on py-evm's state and transaction classes directly, without its chain and block database, since
the blocks live in our own index. Everything here runs in the one worker thread and may block.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec
import rlp
import structlog
from eth.abc import BlockHeaderAPI
from eth.constants import (
    BLANK_ROOT_HASH,
    GENESIS_PARENT_HASH,
    POST_MERGE_DIFFICULTY,
    POST_MERGE_NONCE,
    ZERO_ADDRESS,
)
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth.db.trie import make_trie_root_and_nodes
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.london.headers import calculate_expected_base_fee_per_gas
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.blocks import PragueBlock, PragueBlockHeader
from eth.vm.forks.prague.state import PragueState
from eth_bloom.bloom import BloomFilter
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError

from cortensor_tui.devnet.block_index import BlockRecord, LogRecord, ReceiptRecord
from cortensor_tui.devnet.embedded_calls import CallOutcome, CallRequest, TimedState, estimate_gas, run_call
from cortensor_tui.devnet.embedded_pruning import STATES_KEPT, StatePruner
from cortensor_tui.devnet.embedded_transactions import SignedTransaction

BLOCK_GAS_LIMIT = 30_000_000
COINBASE = ZERO_ADDRESS
ANCESTOR_HASHES = 256  # how far back the BLOCKHASH opcode sees
_GENESIS_BASE_FEE = 1_000_000_000
_ROOTS_IN_RESERVE = 16  # for reads that wait in the worker's queue while blocks are mined
_STATUS = {True: b"\x01", False: b""}

_Action = Callable[[TimedState, CallRequest], CallOutcome]

_log = structlog.get_logger(__name__)


class ExecutedBlock(msgspec.Struct, frozen=True):
    """A new block and the hashes of the transactions that can never be mined, each with its reason."""

    block: BlockRecord
    dropped: tuple[tuple[bytes, str], ...]


class _Applied(msgspec.Struct, frozen=True):
    """A transaction that ran; `encodable` is py-evm's own receipt, for the block's roots."""

    transaction: SignedTransaction
    receipt: ReceiptRecord
    encodable: Any


class Evm:
    """The state of one chain. Not safe for more than one thread."""

    def __init__(self, chain_id: int, funded: Mapping[Address, int], timestamp: int) -> None:
        self.chain_id = chain_id
        nodes: dict[bytes, bytes] = {}
        self._database = AtomicDB(MemoryDB(nodes))
        self._pruner = StatePruner(nodes)
        self._recent_roots: deque[Hash32] = deque(maxlen=STATES_KEPT + _ROOTS_IN_RESERVE)
        self._hashes: list[Hash32] = []
        self._reading: tuple[tuple[int, int | None], TimedState] | None = None
        self.genesis = self._make_genesis(funded, timestamp)

    def _make_genesis(self, funded: Mapping[Address, int], timestamp: int) -> BlockRecord:
        header = _header(0, timestamp, GENESIS_PARENT_HASH, _GENESIS_BASE_FEE)
        state = PragueState(self._database, self._context(header), BLANK_ROOT_HASH)
        for address, balance_wei in funded.items():
            state.set_balance(address, balance_wei)
        state.persist()
        return self._seal(header.copy(state_root=state.state_root), ())

    def next_base_fee(self, parent: BlockRecord) -> int:
        """Return the base fee of the block after `parent`, by EIP-1559."""
        return int(calculate_expected_base_fee_per_gas(cast(BlockHeaderAPI, parent)))

    def execute(
        self, parent: BlockRecord, timestamp: int, transactions: Sequence[SignedTransaction]
    ) -> ExecutedBlock:
        """Run transactions in the given order and return the block after `parent`.

        What does not fit into the block is left out and stays possible; what cannot run is in `dropped`.
        """
        del self._hashes[parent.number + 1 :]  # left by a block that failed half-way
        header = self._child_header(parent, timestamp)
        state = PragueState(self._database, self._context(header), parent.state_root)
        applied, dropped = _apply_in_order(state, transactions)
        state.persist()
        bloom = BloomFilter()
        for one in applied:
            bloom |= one.encodable.bloom
        header = header.copy(
            state_root=state.state_root,
            gas_used=applied[-1].receipt.cumulative_gas_used if applied else 0,
            bloom=int(bloom),
            transaction_root=make_trie_root_and_nodes([one.transaction.executable for one in applied])[0],
            receipt_root=make_trie_root_and_nodes([one.encodable for one in applied])[0],
        )
        block = self._seal(header, applied)
        self._pruner.after_block((self.genesis.state_root, *self._recent_roots))
        return ExecutedBlock(block, dropped)

    def _child_header(self, parent: BlockRecord, timestamp: int) -> BlockHeaderAPI:
        return _header(parent.number + 1, timestamp, parent.hash, self.next_base_fee(parent))

    def _seal(self, header: BlockHeaderAPI, applied: Sequence[_Applied]) -> BlockRecord:
        block = PragueBlock(header, [one.transaction.executable for one in applied], [], [])
        self._hashes.append(header.hash)
        self._recent_roots.append(header.state_root)
        return BlockRecord(
            number=header.block_number,
            hash=header.hash,
            parent_hash=header.parent_hash,
            timestamp=header.timestamp,
            state_root=header.state_root,
            transactions_root=header.transaction_root,
            receipts_root=header.receipt_root,
            gas_limit=header.gas_limit,
            gas_used=header.gas_used,
            base_fee_per_gas=header.base_fee_per_gas or 0,
            size=len(rlp.encode(block)),
            transactions=tuple(one.transaction.record for one in applied),
            receipts=tuple(one.receipt for one in applied),
        )

    def _context(self, header: BlockHeaderAPI) -> ExecutionContext:
        number = header.block_number
        ancestors = self._hashes[max(0, number - ANCESTOR_HASHES) : number]
        return ExecutionContext(
            coinbase=header.coinbase,
            timestamp=header.timestamp,
            block_number=number,
            difficulty=header.difficulty,
            mix_hash=header.mix_hash,
            gas_limit=header.gas_limit,
            prev_hashes=tuple(reversed(ancestors)),
            chain_id=self.chain_id,
            base_fee_per_gas=header.base_fee_per_gas,
            excess_blob_gas=header.excess_blob_gas,
        )

    def balance(self, block: BlockRecord, address: Address) -> int:
        """Return an account's wei after a block."""
        return int(self._state_after(block).get_balance(address))

    def nonce(self, block: BlockRecord, address: Address) -> int:
        """Return how many transactions of an account are mined up to a block."""
        return int(self._state_after(block).get_nonce(address))

    def code(self, block: BlockRecord, address: Address) -> bytes:
        """Return a contract's code after a block, empty for other accounts."""
        return bytes(self._state_after(block).get_code(address))

    def storage(self, block: BlockRecord, address: Address, slot: int) -> int:
        """Return one storage slot after a block."""
        return int(self._state_after(block).get_storage(address, slot))

    def call(self, block: BlockRecord, request: CallRequest, pending_timestamp: int | None) -> CallOutcome:
        """Run a message on the state after a block and forget its effects.

        With `pending_timestamp` the message sees the number, time and base fee of the block to come.
        """
        return self._run(block, pending_timestamp, run_call, request)

    def estimate(
        self, block: BlockRecord, request: CallRequest, pending_timestamp: int | None
    ) -> CallOutcome:
        """Return in `gas_used` the gas limit with which the message succeeds, or why it cannot."""
        return self._run(block, pending_timestamp, estimate_gas, request)

    def _run(
        self, block: BlockRecord, pending_timestamp: int | None, action: _Action, request: CallRequest
    ) -> CallOutcome:
        state = self._state_after(block, pending_timestamp)
        # Should anything but the EVM's own errors end the run, its half-made changes go with the state.
        self._reading = None
        outcome = action(state, request)
        self._reading = ((block.number, pending_timestamp), state)
        return outcome

    def _state_after(self, block: BlockRecord, pending_timestamp: int | None = None) -> TimedState:
        key = (block.number, pending_timestamp)
        if self._reading is not None and self._reading[0] == key:
            return self._reading[1]
        if pending_timestamp is not None:
            header = self._child_header(block, pending_timestamp)
        else:
            header = _header(block.number, block.timestamp, block.parent_hash, block.base_fee_per_gas)
        state = TimedState(self._database, self._context(header), block.state_root)
        self._reading = (key, state)
        return state


def _header(number: int, timestamp: int, parent_hash: Hash32, base_fee: int) -> BlockHeaderAPI:
    return PragueBlockHeader(
        difficulty=POST_MERGE_DIFFICULTY,
        block_number=BlockNumber(number),
        gas_limit=BLOCK_GAS_LIMIT,
        timestamp=timestamp,
        coinbase=COINBASE,
        nonce=POST_MERGE_NONCE,
        parent_hash=parent_hash,
        # A devnet has no beacon chain to draw randomness from: PREVRANDAO is the parent's hash.
        mix_hash=parent_hash,
        base_fee_per_gas=base_fee,
    )


def _apply_in_order(
    state: PragueState, transactions: Sequence[SignedTransaction]
) -> tuple[list[_Applied], tuple[tuple[bytes, str], ...]]:
    """Run what fits into a block; return it, and the hashes of what cannot run with the reasons.

    Once one transaction of a sender stays out, the sender's later ones do too.
    """
    applied: list[_Applied] = []
    dropped: list[tuple[bytes, str]] = []
    held_senders: set[bytes] = set()
    gas_used = 0
    for transaction in transactions:
        record = transaction.record
        if record.sender in held_senders:
            continue
        if gas_used + record.gas_limit > BLOCK_GAS_LIMIT:
            held_senders.add(record.sender)
            continue
        try:
            applied.append(_apply(state, transaction, gas_used))
        except ValidationError as error:
            dropped.append((record.hash, str(error)))
            held_senders.add(record.sender)
        else:
            gas_used = applied[-1].receipt.cumulative_gas_used
    return applied, tuple(dropped)


def _apply(state: PragueState, transaction: SignedTransaction, gas_used_before: int) -> _Applied:
    """Run one transaction.

    Raises ValidationError, with the state as it was, when the transaction may not run.
    """
    executable = transaction.executable
    state.lock_changes()
    snapshot = state.snapshot()
    try:
        computation = state.apply_transaction(executable)
    except ValidationError:
        state.revert(snapshot)
        raise
    except Exception as error:  # the edge to py-evm: what it cannot digest must not stop the chain
        state.revert(snapshot)
        _log.exception("devnet.transaction_failed_inside", hash="0x" + transaction.record.hash.hex())
        raise ValidationError("the virtual machine could not run the transaction") from error
    state.commit(snapshot)
    gas_used = PragueVM.finalize_gas_used(executable, computation)
    entries = computation.get_log_entries()
    succeeded = not computation.is_error
    encodable = executable.make_receipt(_STATUS[succeeded], gas_used_before + gas_used, entries)
    base_fee = state.execution_context.base_fee_per_gas or 0
    is_deployment = transaction.record.to is None
    record = ReceiptRecord(
        succeeded=succeeded,
        gas_used=gas_used,
        cumulative_gas_used=gas_used_before + gas_used,
        effective_gas_price=base_fee + transaction.record.effective_tip(base_fee),
        contract_address=Address(computation.msg.storage_address) if is_deployment else None,
        logs=tuple(
            LogRecord(Address(address), tuple(topic.to_bytes(32, "big") for topic in topics), bytes(data))
            for address, topics, data in entries
        ),
    )
    return _Applied(transaction, record, encodable)
