"""Looks up single transactions, receipts and blocks, and reads what was signed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import rlp
from eth_account import Account
from eth_utils.crypto import keccak

from cortensor_tui.chain.contracts.abi import checksum, decode_log
from cortensor_tui.chain.contracts.decoding import saturated
from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.rpc.client import Rpc, quantity
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.journal.database import LARGEST_STORED

_TYPE_2 = b"\x02"
_TO, _DATA = 5, 7  # places in an EIP-1559 transaction's list


class DecodedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """What signed bytes say of themselves; `sender` is recovered from the signature."""

    hash: str
    sender: str
    to: str
    calldata: str


class FoundTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction as the endpoint tells it."""

    hash: str
    sender: str
    to: str
    calldata: str


class QueueEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the queue contract about one task."""

    name: str
    session_id: int
    task_id: int
    miners: tuple[str, ...]
    transaction_hash: str
    block_number: int


class FoundReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt, with the queue's events that could be decoded."""

    is_success: bool
    block_number: int
    block_hash: str
    events: tuple[QueueEvent, ...]


class FoundBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A block with the hashes of its transactions; `mined_at` is its timestamp, unix seconds."""

    number: int
    hash: str
    mined_at: float
    transaction_hashes: frozenset[str]


def read_signed(raw: bytes) -> DecodedTransaction:
    """Return what signed bytes of an EIP-1559 transaction hold. Raises `ValueError` when they are none."""
    if raw[:1] != _TYPE_2:
        raise ValueError("they are no signed EIP-1559 transaction")
    try:
        fields = rlp.decode(raw[1:])
        to, data = bytes(fields[_TO]), bytes(fields[_DATA])
        sender = checksum(str(Account.recover_transaction(raw)))
    except Exception as error:  # the decoders raise whatever the bytes make them stumble over
        raise ValueError("they are no signed EIP-1559 transaction") from error
    return DecodedTransaction(
        hash="0x" + keccak(raw).hex(),
        sender=sender,
        to=checksum("0x" + to.hex()),
        calldata="0x" + data.hex(),
    )


async def find_transaction(rpc: Rpc, digest: str) -> FoundTransaction | None:
    """Return a transaction, None where the endpoint does not know it. Raises `ProblemError`."""
    answer = await rpc.call("eth_getTransactionByHash", digest)
    if answer is None:
        return None
    with _readable("a transaction"):
        return FoundTransaction(
            hash=_text(answer["hash"]),
            sender=checksum(answer["from"]),
            to=checksum(answer["to"]),
            calldata=_text(answer["input"]),
        )


async def find_receipt(rpc: Rpc, reader: ContractReader, digest: str) -> FoundReceipt | None:
    """Return a receipt, None where there is none. Raises `ProblemError`."""
    answer = await rpc.call("eth_getTransactionReceipt", digest)
    if answer is None:
        return None
    with _readable("a receipt"):
        return FoundReceipt(
            is_success=quantity(answer["status"]) == 1,
            block_number=quantity(answer["blockNumber"], LARGEST_STORED),
            block_hash=_text(answer["blockHash"]),
            events=queue_events(reader, answer["logs"]),
        )


async def find_block(rpc: Rpc, block: int | str) -> FoundBlock | None:
    """Return a block by its number or tag, None where there is none. Raises `ProblemError`."""
    asked = block if isinstance(block, str) else hex(block)
    answer = await rpc.call("eth_getBlockByNumber", asked, False)
    if answer is None:
        return None
    with _readable("a block"):
        return FoundBlock(
            number=quantity(answer["number"], LARGEST_STORED),
            hash=_text(answer["hash"]),
            mined_at=float(quantity(answer["timestamp"], LARGEST_STORED)),
            transaction_hashes=frozenset(_text(one) for one in answer["transactions"]),
        )


async def find_queue_events(
    rpc: Rpc, reader: ContractReader, first: int, last: int
) -> tuple[QueueEvent, ...]:
    """Return the queue's task events of a range of blocks, in order. Raises `ProblemError`."""
    asked = {"fromBlock": hex(first), "toBlock": hex(last), "address": reader.contracts.session_queue_v2}
    answer = await rpc.call("eth_getLogs", asked)
    with _readable("logs"):
        return queue_events(reader, answer)


def queue_events(reader: ContractReader, logs: list[Any]) -> tuple[QueueEvent, ...]:
    """Return the queue's events about tasks among these logs; what cannot be decoded is left out."""
    found = (_queue_event(reader, entry) for entry in logs)
    return tuple(event for event in found if event is not None)


def _queue_event(reader: ContractReader, entry: dict[str, Any]) -> QueueEvent | None:
    if checksum(entry["address"]) != reader.contracts.session_queue_v2 or not entry["topics"]:
        return None
    event = reader.queue_interface.events.get(entry["topics"][0])
    if event is None:
        return None
    try:
        values = decode_log(event, entry["topics"], entry["data"])
    except ValueError:
        return None
    if "sessionId" not in values or "taskId" not in values:
        return None
    miners = values.get("miners") or ([values["miner"]] if "miner" in values else [])
    return QueueEvent(
        name=event.name,
        session_id=saturated(values["sessionId"]),
        task_id=saturated(values["taskId"]),
        miners=tuple(checksum(miner) for miner in miners),
        transaction_hash=_text(entry["transactionHash"]),
        block_number=quantity(entry["blockNumber"], LARGEST_STORED),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where text was expected")
    return value.lower()


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Turn whatever a malformed answer makes of us into the problem "bad_answer"."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise problem_error(
            "bad_answer",
            f"The chain endpoint answered {what} that cannot be read",
            repr(error)[:120],
            "Use another endpoint if this does not pass",
        ) from error
