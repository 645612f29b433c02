"""The transactions: signed by this node, in a block of this chain, with our payload and their event."""

from __future__ import annotations

from cortensor_tui.chain.contracts.abi import decode_arguments
from cortensor_tui.chain.lookup import DecodedTransaction, FoundBlock, FoundReceipt, FoundTransaction
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.domain.verification import Place, ProofCheck
from cortensor_tui.node.verification.checks import equal, holds_if, unknown
from cortensor_tui.node.verification.evidence import Evidence, Trace, Unread
from cortensor_tui.node.verification.payloads import keccak_hex

EVENTS = {
    TransactionKind.ACK: "TaskAcked",
    TransactionKind.PRECOMMIT: "TaskPrecommitted",
    TransactionKind.COMMIT: "TaskCommitted",
}
SIGNED_ELSEWHERE = "the endpoint says so; the signed bytes are with the node that has the key"
_STAGES_BEFORE = {
    TransactionKind.ACK: (Stage.QUEUED, Stage.ASSIGNED),
    TransactionKind.PRECOMMIT: (Stage.QUEUED, Stage.ASSIGNED, Stage.ACKED),
    TransactionKind.COMMIT: (Stage.QUEUED, Stage.ASSIGNED, Stage.ACKED, Stage.PRECOMMITTED),
}


def step_checks(evidence: Evidence, kind: TransactionKind) -> list[ProofCheck]:
    """Return the checks of one of the node's transactions; a single one where there is none."""
    trace = evidence.traces.get(kind)
    if trace is None:
        return [
            unknown(f"{kind}_transaction", f"{kind}: this node's transaction", _why_absent(evidence, kind))
        ]
    place = place_of(trace)
    return [
        _transaction_check(evidence, trace, kind, place),
        _block_check(trace, kind, place),
        _calldata_check(evidence, trace, kind, place),
        _event_check(evidence, trace, kind, place),
    ]


def place_of(trace: Trace) -> Place:
    """Return where the transaction is, as far as known."""
    receipt = trace.receipt if isinstance(trace.receipt, FoundReceipt) else None
    block = trace.block if isinstance(trace.block, FoundBlock) else None
    number = receipt.block_number if receipt else trace.journaled.block_number
    return Place(
        transaction_hash=trace.journaled.hash,
        block_number=number,
        block_hash=receipt.block_hash if receipt else block.hash if block else None,
        block_at=block.mined_at if block else None,
    )


def _why_absent(evidence: Evidence, kind: TransactionKind) -> str:
    record = evidence.record
    if record is None or record.stage is Stage.MISSED:
        note = f": {record.note}" if record is not None and record.note else ""
        return f"it was never sent; the task was missed{note}"
    if record.stage in _STAGES_BEFORE[kind]:
        return f"it is not sent yet; the task is {record.stage}"
    return "the journal does not have it, though the task went on"


def _transaction_check(evidence: Evidence, trace: Trace, kind: TransactionKind, place: Place) -> ProofCheck:
    name, title = f"{kind}_transaction", f"{kind}: signed by this node, for the queue, and on this chain"
    expected = trace.journaled.hash
    if evidence.is_watching:
        return _watched_check(evidence, trace, kind, place)
    if isinstance(trace.signed, Unread):
        return unknown(name, title, trace.signed.why, expected=expected, place=place)
    wrong = _wrong_signature(evidence, trace.signed, expected)
    if wrong is not None:
        found = trace.signed.hash
        return holds_if(name, title, False, expected=expected, found=found, detail=wrong, place=place)
    if isinstance(trace.transaction, FoundTransaction):
        wrong = _wrong_copy(evidence, trace.transaction, trace.signed)
        found = trace.transaction.hash
        detail = wrong or ""
        return holds_if(
            name, title, wrong is None, expected=expected, found=found, detail=detail, place=place
        )
    if isinstance(trace.transaction, Unread):
        return unknown(name, title, trace.transaction.why, expected=expected, place=place)
    if isinstance(trace.block, FoundBlock):  # the endpoint has the block, so it can tell
        is_there = expected in trace.block.transaction_hashes
        detail = f"block {trace.block.number} does not hold it, and the endpoint does not know it"
        return holds_if(name, title, is_there, expected=expected, detail=detail, place=place)
    return unknown(name, title, "the endpoint does not know it; it may not be mined", expected=expected)


def _watched_check(evidence: Evidence, trace: Trace, kind: TransactionKind, place: Place) -> ProofCheck:
    """What an endpoint says of another's transaction can refute, and never prove."""
    name, title = f"{kind}_transaction", f"{kind}: signed by the watched node, for the queue"
    expected, copy = trace.journaled.hash, trace.transaction
    if not isinstance(copy, FoundTransaction):
        why = copy.why if isinstance(copy, Unread) else "the endpoint does not know it"
        return unknown(name, title, why, expected=expected, place=place)
    wrong = None
    if copy.sender != evidence.node:
        wrong = f"the endpoint says it is from {copy.sender}"
    elif copy.to != evidence.reader.contracts.session_queue_v2:
        wrong = f"the endpoint says it calls {copy.to}, not the queue"
    if wrong is not None:
        return holds_if(name, title, False, expected=expected, found=copy.hash, detail=wrong, place=place)
    return unknown(name, title, SIGNED_ELSEWHERE, expected=expected, place=place)


def _wrong_signature(evidence: Evidence, signed: DecodedTransaction, expected: str) -> str | None:
    """Say what the journal's own bytes contradict; they need no endpoint."""
    if signed.hash != expected:
        return "the signed bytes in the journal have another hash"
    if signed.sender != evidence.node:
        return f"the signed bytes are signed by {signed.sender or 'nobody'}"
    if signed.to != evidence.reader.contracts.session_queue_v2:
        return f"the signed bytes call {signed.to}, not the queue"
    return None


def _wrong_copy(evidence: Evidence, copy: FoundTransaction, signed: DecodedTransaction) -> str | None:
    """Say what the endpoint's copy of the transaction contradicts."""
    if copy.hash != signed.hash:
        return "the endpoint answered with another transaction"
    if copy.sender != evidence.node:
        return f"the endpoint says it is from {copy.sender}"
    if copy.to != evidence.reader.contracts.session_queue_v2:
        return f"the endpoint says it calls {copy.to}, not the queue"
    if copy.calldata != signed.calldata:
        return "the endpoint's calldata is not what was signed"
    return None


def _block_check(trace: Trace, kind: TransactionKind, place: Place) -> ProofCheck:
    name, title = f"{kind}_block", f"{kind}: succeeded, in a block that is on the chain now"
    receipt, block = trace.receipt, trace.block
    if isinstance(receipt, Unread):
        return unknown(name, title, receipt.why, place=place)
    if receipt is None:
        return unknown(name, title, "the endpoint has no receipt of it", place=place)
    if not receipt.is_success:
        return holds_if(name, title, False, expected=receipt.block_hash, detail="it reverted", place=place)
    if isinstance(block, Unread):
        return unknown(name, title, block.why, expected=receipt.block_hash, place=place)
    if block is None:
        why = f"the endpoint has no block {receipt.block_number}"
        return unknown(name, title, why, expected=receipt.block_hash, place=place)
    journaled = trace.journaled
    if journaled.block_number not in (None, receipt.block_number):
        why = f"the journal has it in block {journaled.block_number}"
        return holds_if(name, title, False, found=receipt.block_hash, detail=why, place=place)
    if journaled.block_hash not in (None, receipt.block_hash):
        why = "the journal has it in another block of that number"
        return equal(name, title, str(journaled.block_hash), receipt.block_hash, why, place)
    if block.hash != receipt.block_hash:
        why = f"block {receipt.block_number} is another one now: the chain was reorganised"
        return equal(name, title, receipt.block_hash, block.hash, why, place)
    is_there = trace.journaled.hash in block.transaction_hashes
    return holds_if(
        name,
        title,
        is_there,
        expected=receipt.block_hash,
        found=block.hash,
        detail=f"block {block.number} does not hold the transaction",
        place=place,
    )


def _calldata_check(evidence: Evidence, trace: Trace, kind: TransactionKind, place: Place) -> ProofCheck:
    name, title = f"{kind}_calldata", _CALLDATA_TITLES[kind]
    calldata = _calldata(trace)
    if isinstance(calldata, Unread):
        return unknown(name, title, calldata.why, place=place)
    reader, key = evidence.reader, evidence.key
    found = decode_arguments(reader.queue_interface.functions[kind.value], calldata)
    if found is None or found[:2] != (key.session_id, key.task_id):
        detail = f"it is no {kind} of task {key}"
        return holds_if(name, title, False, found=calldata[:138], detail=detail, place=place)
    if kind is TransactionKind.ACK:
        return holds_if(name, title, True, expected=str(key), found=str(key), place=place)
    if isinstance(evidence.result, Unread):
        return unknown(name, title, evidence.result.why, place=place)
    expected = keccak_hex(evidence.result)
    if kind is TransactionKind.PRECOMMIT:
        return equal(name, title, expected, "0x" + found[2].hex(), "it carries another hash", place)
    return holds_if(
        name,
        title,
        _is_exact_commit(evidence, calldata, evidence.result),
        expected=expected,
        found=keccak_hex(found[2].encode("utf-8", "surrogatepass")),
        detail="it carries another text",
        place=place,
    )


_CALLDATA_TITLES = {
    TransactionKind.ACK: "ack: its calldata is the ack of this task",
    TransactionKind.PRECOMMIT: "precommit: its calldata carries the stored answer's hash",
    TransactionKind.COMMIT: "commit: its calldata carries the stored answer, byte for byte",
}


def _calldata(trace: Trace) -> str | Unread:
    """Return what was signed where it is known: the hash binds the chain to it."""
    if isinstance(trace.signed, DecodedTransaction):
        return trace.signed.calldata
    if isinstance(trace.transaction, FoundTransaction):
        return trace.transaction.calldata
    return Unread("the transaction could not be read")


def _is_exact_commit(evidence: Evidence, calldata: str, answer: bytes) -> bool:
    """Encode the stored answer anew: a decoded text would hide bytes that are no UTF-8."""
    try:
        text = answer.decode("utf-8")
    except UnicodeDecodeError:
        return False
    key = evidence.key
    return evidence.reader.queue_call("commit", key.session_id, key.task_id, text).data == calldata


def _event_check(evidence: Evidence, trace: Trace, kind: TransactionKind, place: Place) -> ProofCheck:
    event, key = EVENTS[kind], evidence.key
    name, title = f"{kind}_event", f"{kind}: its receipt has {event} of this node"
    receipt = trace.receipt
    if isinstance(receipt, Unread):
        return unknown(name, title, receipt.why, place=place)
    if receipt is None:
        return unknown(name, title, "the endpoint has no receipt of it", place=place)
    is_there = any(
        (one.name, one.session_id, one.task_id, one.miners)
        == (event, key.session_id, key.task_id, (evidence.node,))
        for one in receipt.events
    )
    detail = "the receipt has no such event"
    found = evidence.node if is_there else ""
    return holds_if(name, title, is_there, expected=evidence.node, found=found, detail=detail, place=place)
