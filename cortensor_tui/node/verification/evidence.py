"""What a verification stands on, read from disk, journal and chain, with nothing concluded yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TypeVar

import msgspec
from eth_utils.crypto import keccak

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.lookup import (
    DecodedTransaction,
    FoundBlock,
    FoundReceipt,
    FoundTransaction,
    QueueEvent,
    find_block,
    find_queue_events,
    find_receipt,
    find_transaction,
    read_signed,
)
from cortensor_tui.chain.rpc.client import Rpc
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import MinerResult, TaskKey, TaskOnChain
from cortensor_tui.domain.transactions import Transaction, TransactionKind
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.storage.content_id import content_address
from cortensor_tui.storage.local_store import LocalStore

STEPS = (TransactionKind.ACK, TransactionKind.PRECOMMIT, TransactionKind.COMMIT)
# The contract says with either that nobody may precommit any more.
CLOSING_EVENTS = frozenset({"TaskAllPrecommitted", "TaskPrecommitEnded"})
T = TypeVar("T")


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """Where a verification reads: one chain, one node's journal and store.

    `is_watching`: the journal is one of what was seen on chain; it has no signed bytes and no promises.
    """

    rpc: Rpc
    reader: ContractReader
    journal: Journal
    store: LocalStore
    node: str
    finality: int | str
    log_span_blocks: int
    is_watching: bool = False


class Unread(msgspec.Struct, frozen=True):
    """Stands for a value that could not be read; never for its absence."""

    why: str


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One of the node's transactions. `signed` is from the journal's own bytes, the rest from the endpoint.

    `block` is the one on the chain now at the number that the receipt, or else the journal, names.
    """

    journaled: Transaction
    signed: DecodedTransaction | Unread
    transaction: FoundTransaction | Unread | None
    receipt: FoundReceipt | Unread | None
    block: FoundBlock | Unread | None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one task. `record` is None where the journal does not have the task.

    `result` is what the answer is on chain: itself, or its address. `found_cids` has the content id that each
    file's bytes have by the id it is kept by.
    """

    key: TaskKey
    node: str
    reader: ContractReader
    is_watching: bool
    task: TaskOnChain | Unread
    results: tuple[MinerResult, ...] | Unread
    head: FoundBlock | Unread | None
    final_number: int | Unread
    record: TaskRecord | None = None
    prompt: bytes | Unread = Unread("the journal does not have the task")
    answer: bytes | Unread = Unread("this node has no answer to the task")
    result: bytes | Unread = Unread("this node has no answer to the task")
    found_cids: Mapping[str, str] = {}
    queue_agrees: bool | Unread = Unread("there is no stored answer to ask with")
    traces: Mapping[TransactionKind, Trace] = {}
    payload_hashes: Mapping[TransactionKind, str | None] = {}
    closing: QueueEvent | Unread | None = Unread("precommit and commit are not both found")


async def gather_evidence(ground: Ground, key: TaskKey) -> Evidence:
    """Read everything, and mark what cannot be read."""
    node, reader, store, finality = ground.node, ground.reader, ground.store, ground.finality
    task, results, head, finalized = await asyncio.gather(
        _tried(reader.task(key)),
        _tried(reader.results(key)),
        _tried(find_block(ground.rpc, "latest")),
        _tried(find_block(ground.rpc, finality if isinstance(finality, str) else "latest")),
    )
    evidence = Evidence(
        key=key,
        node=node,
        reader=reader,
        is_watching=ground.is_watching,
        task=task,
        results=results,
        head=head,
        final_number=_final_number(finalized, 0 if isinstance(finality, str) else finality),
    )
    record = ground.journal.tasks.get(key)
    if record is None:
        return evidence
    answer = evidence.answer if record.answer_cid is None else _stored(store, record.answer_cid)
    prompt, result = _stored(store, record.prompt_cid), _result(record, answer)
    traces, queue_agrees = await asyncio.gather(_traces(ground, key), _queue_agrees(reader, record, result))
    return msgspec.structs.replace(
        evidence,
        record=record,
        prompt=prompt,
        answer=answer,
        result=result,
        found_cids={
            cid: store.id_of(cid, data)
            for cid, data in ((record.prompt_cid, prompt), (record.answer_cid or "", answer))
            if not isinstance(data, Unread)
        },
        queue_agrees=queue_agrees,
        traces=traces,
        payload_hashes={} if ground.is_watching else _promises(ground, key),
        closing=await _closing(ground, key, traces),
    )


def _promises(ground: Ground, key: TaskKey) -> dict[TransactionKind, str | None]:
    kinds = (TransactionKind.PRECOMMIT, TransactionKind.COMMIT)
    return {kind: ground.journal.payload_hash(key, ground.node, kind.value) for kind in kinds}


def _final_number(block: FoundBlock | Unread | None, depth: int) -> int | Unread:
    """Return the newest block that is final: the one tagged so, or one so many blocks under the head."""
    if block is None:
        return Unread("the endpoint does not tell which block is final")
    return block if isinstance(block, Unread) else max(0, block.number - depth)


def _stored(store: LocalStore, cid: str) -> bytes | Unread:
    try:
        return store.read_unchecked(cid)
    except ProblemError as error:
        return Unread(error.problem.sentence())


def _result(record: TaskRecord, answer: bytes | Unread) -> bytes | Unread:
    """Return what is on chain for an answer: its address is known whether or not the file is there."""
    if record.details.is_answer_addressed and record.answer_cid is not None:
        return content_address(record.answer_cid).encode()
    return answer


async def _queue_agrees(reader: ContractReader, record: TaskRecord, result: bytes | Unread) -> bool | Unread:
    if isinstance(result, Unread):
        return result
    try:
        text = result.decode("utf-8")
        digest = bytes.fromhex((record.answer_hash or "").removeprefix("0x"))
    except ValueError:
        return Unread("the stored answer or its hash is not what it should be")
    if len(digest) != 32:
        return Unread("the journal has no hash of the answer")
    return await _tried(reader.agrees_on_hash(text, "0x" + digest.hex()))


async def _traces(ground: Ground, key: TaskKey) -> dict[TransactionKind, Trace]:
    journaled = {kind: ground.journal.transactions.of_task(key, kind) for kind in STEPS}
    present = {kind: one for kind, one in journaled.items() if one is not None}
    traces = await asyncio.gather(*(_trace(ground, one) for one in present.values()))
    return dict(zip(present, traces, strict=True))


async def _trace(ground: Ground, journaled: Transaction) -> Trace:
    transaction, receipt = await asyncio.gather(
        _tried(find_transaction(ground.rpc, journaled.hash)),
        _tried(find_receipt(ground.rpc, ground.reader, journaled.hash)),
    )
    number = receipt.block_number if isinstance(receipt, FoundReceipt) else journaled.block_number
    block: FoundBlock | Unread | None = Unread("its block is not known")
    if number is not None:
        block = await _tried(find_block(ground.rpc, number))
    return Trace(
        journaled=journaled,
        signed=_signed(ground.journal, journaled),
        transaction=transaction,
        receipt=receipt,
        block=block,
    )


def _signed(journal: Journal, journaled: Transaction) -> DecodedTransaction | Unread:
    """Return what was signed: the mined attempt, or the newest where none has that hash."""
    if not journaled.attempts:
        return Unread("the journal has no signed bytes of it")
    numbers = [attempt.number for attempt in journaled.attempts if attempt.hash == journaled.hash]
    raw = journal.transactions.raw(journaled.transaction_id, numbers[-1] if numbers else None)
    try:
        return read_signed(raw)
    except ValueError:  # what is there says nothing that could hold
        return DecodedTransaction(hash="0x" + keccak(raw).hex(), sender="", to="", calldata="0x")


async def _closing(
    ground: Ground, key: TaskKey, traces: Mapping[TransactionKind, Trace]
) -> QueueEvent | Unread | None:
    """Return the first event that closed the precommits, looked for from our precommit to our commit."""
    receipts = [traces[kind].receipt for kind in STEPS[1:] if kind in traces]
    numbers = [receipt.block_number for receipt in receipts if isinstance(receipt, FoundReceipt)]
    if len(numbers) != 2:
        return Unread("precommit and commit are not both found")
    first, last = numbers
    if not first <= last < first + ground.log_span_blocks:
        return Unread(f"the {abs(last - first)} blocks between precommit and commit are too many to read")
    events = await _tried(find_queue_events(ground.rpc, ground.reader, first, last))
    if isinstance(events, Unread):
        return events
    ours = (event for event in events if (event.session_id, event.task_id) == (key.session_id, key.task_id))
    return next((event for event in ours if event.name in CLOSING_EVENTS), None)


async def _tried(reading: Awaitable[T]) -> T | Unread:
    try:
        return await reading
    except ProblemError as error:
        return Unread(error.problem.sentence())
