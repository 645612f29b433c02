"""What a receipt says of a transaction, and why it reverted if it did."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cortensor_tui.chain.contracts.abi import decode_log, load_interface, revert_sentence
from cortensor_tui.chain.rpc.client import Rpc, RpcError, quantity
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.journal.database import LARGEST_STORED

_TASK_MADE: Final = "TaskSubmitted"  # the same event in every generation of SessionV2
UNREADABLE = "it reverted; the reason could not be read"
OVERTAKEN = "it reverted; the same call succeeds at the end of its block, so another transaction came first"


def settled_by(transaction: Transaction, receipt: dict[str, Any], now: float) -> Transaction:
    """Return the transaction as its receipt has it. Raises `ProblemError` "bad_answer" for a bad receipt."""
    succeeded = quantity(receipt.get("status")) == 1
    gas_used = quantity(receipt.get("gasUsed"), LARGEST_STORED)
    price = quantity(receipt.get("effectiveGasPrice") or "0x0")
    return msgspec.structs.replace(
        transaction,
        state=TransactionState.MINED if succeeded else TransactionState.REVERTED,
        hash=str(receipt.get("transactionHash") or transaction.hash),
        mined_at=now,
        block_number=quantity(receipt.get("blockNumber"), LARGEST_STORED),
        block_hash=str(receipt.get("blockHash") or "") or None,
        gas_used=gas_used,
        fee_wei=str(gas_used * price),
        error="",
        waiting_for="",
        task_key=_task_made(transaction, receipt) or transaction.task_key,
    )


def _task_made(transaction: Transaction, receipt: dict[str, Any]) -> TaskKey | None:
    """Return the task that a submit has made, None for anything else and where its event is not found."""
    if transaction.kind is not TransactionKind.SUBMIT:
        return None
    events = load_interface("SessionV2").events
    try:
        for entry in receipt["logs"]:
            event = events.get(entry["topics"][0] if entry["topics"] else "")
            if event is None or event.name != _TASK_MADE or entry["address"].lower() != receipt["to"].lower():
                continue
            found = decode_log(event, entry["topics"], entry["data"])
            if found["sessionId"] == transaction.session_id and found["taskId"] <= LARGEST_STORED:
                return TaskKey(found["sessionId"], found["taskId"])
    except (KeyError, TypeError, ValueError, AttributeError):  # an odd receipt: that it was mined still holds
        return None
    return None


def is_receipt_of(answer: Any, digest: str) -> bool:
    """Tell whether an answer is the receipt that was asked for."""
    return isinstance(answer, dict) and str(answer.get("transactionHash", digest)).lower() == digest.lower()


async def why_reverted(rpc: Rpc, transaction: Transaction) -> str:
    """Return the contract's sentence for a mined revert: the call is made again on the block's state."""
    if transaction.block_number is None:
        return UNREADABLE
    try:
        sent = await rpc.call("eth_getTransactionByHash", transaction.hash)
        call = {"from": transaction.sender, "to": sent["to"], "data": sent["input"]}
        await rpc.call("eth_call", call, hex(transaction.block_number))
    except RpcError as error:
        return revert_sentence(error.data, error.message)
    except (ProblemError, KeyError, TypeError):
        return UNREADABLE
    return OVERTAKEN
