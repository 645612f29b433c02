"""The texts: what is on disk, what the journal says of it, and what the contract keeps."""

from __future__ import annotations

import msgspec
from eth_utils.crypto import keccak

from cortensor_tui.domain.envelope import Envelope, digest_of
from cortensor_tui.domain.tasks import MinerResult
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.domain.verification import ProofCheck
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.node.verification.checks import equal, holds_if, noted, unknown
from cortensor_tui.node.verification.evidence import Evidence, Unread
from cortensor_tui.storage.content_id import addressed_content_id, parse_content_id
from cortensor_tui.storage.unixfs import file_id, is_file_of

NO_ANSWER = "this node has no answer to the task"


def keccak_hex(data: bytes) -> str:
    """Return keccak256 of bytes, 0x hex: what a precommit carries."""
    return "0x" + keccak(data).hex()


def assignment_check(evidence: Evidence) -> ProofCheck:
    """The contract knows the task and gave it to this node."""
    name, title = "assigned", "the task is on chain, assigned to this node"
    task, node = evidence.task, evidence.node
    if isinstance(task, Unread):
        return unknown(name, title, task.why, expected=node)
    miners = ", ".join(task.assigned_miners)
    if node in task.assigned_miners:
        return holds_if(name, title, True, expected=node, found=node)
    who = f"it is assigned to {miners}" if miners else "it is assigned to nobody"
    if evidence.record is None:
        return noted(name, "the task is on chain, not assigned to this node", who)
    return holds_if(name, title, False, expected=node, found=miners, detail=who)


def prompt_checks(evidence: Evidence) -> list[ProofCheck]:
    """The prompt's file is what the journal names, and the chain has the same bytes."""
    record = evidence.record
    if record is None:
        return []
    stored, on_chain = "the prompt's file has its content id", "the prompt on chain is the stored one"
    if isinstance(evidence.prompt, Unread):
        file_check = unknown("prompt_file", stored, evidence.prompt.why, expected=record.prompt_cid)
    else:
        found = evidence.found_cids[record.prompt_cid]
        file_check = equal("prompt_file", stored, record.prompt_cid, found, "the file on disk was changed")
    if isinstance(evidence.task, Unread):
        chain_check = unknown("prompt", on_chain, evidence.task.why, expected=record.prompt_cid)
    else:
        found = _prompt_cid_on_chain(evidence.task.data, record)
        chain_check = equal("prompt", on_chain, record.prompt_cid, found, "the chain has another prompt")
    return [file_check, chain_check]


def _prompt_cid_on_chain(data: str, record: TaskRecord) -> str:
    """Return the id of the prompt that the chain has, or names; the journal's for the same bytes."""
    addressed = addressed_content_id(data) if record.details.is_prompt_addressed else None
    if addressed is not None:
        return addressed
    text = data.encode("utf-8", "surrogatepass")
    is_same = is_file_of(parse_content_id(record.prompt_cid), text)
    return record.prompt_cid if is_same else str(file_id(text))


def answer_checks(evidence: Evidence) -> list[ProofCheck]:
    """The answer's file is what the journal names, and hashes to what the journal says was promised."""
    record = evidence.record
    if record is None:
        return []
    stored, hashed = "the answer's file has its content id", "the answer's bytes hash to the journal's hash"
    if record.answer_cid is None:
        return [unknown("answer_file", stored, NO_ANSWER)]
    if isinstance(evidence.answer, Unread):
        return [
            unknown("answer_file", stored, evidence.answer.why, expected=record.answer_cid),
            unknown("answer_hash", hashed, evidence.answer.why, expected=record.answer_hash or ""),
        ]
    found_cid = evidence.found_cids[record.answer_cid]
    checks = [equal("answer_file", stored, record.answer_cid, found_cid, "the file on disk was changed")]
    if isinstance(evidence.result, Unread):
        return checks
    found_hash = keccak_hex(evidence.result)
    if record.answer_hash is None:
        return [*checks, unknown("answer_hash", hashed, "the journal has no hash of the answer")]
    return [
        *checks,
        equal(
            "answer_hash", hashed, record.answer_hash, found_hash, "file and journal do not belong together"
        ),
    ]


def envelope_checks(evidence: Evidence) -> list[ProofCheck]:
    """What made the answer, which is told, and that its parameters are those the journal has."""
    record = evidence.record
    if record is None or record.answer_cid is None or evidence.is_watching:
        return []
    if record.envelope is None:
        return [noted("envelope", "what made the answer", "not kept by the version that answered")]
    made = record.envelope
    told = _made_by(made)
    if made.parameters_sha256 is None or record.details.applied is None:
        return told
    found = digest_of(record.details.applied)
    name, same = "parameters", "the parameters in the journal are those of the run"
    return [*told, equal(name, same, made.parameters_sha256, found, "the journal has other parameters")]


def _made_by(made: Envelope) -> list[ProofCheck]:
    model = noted("model", "the model that answered", made.model_file or "not known")
    engine = made.build or made.engine or "an engine not known"
    seed = "unknown" if made.seed is None else made.seed
    return [
        msgspec.structs.replace(model, found=made.model_sha256 or ""),
        noted("engine", "what it ran in", f"{engine}, seed {seed}"),
    ]


def commitment_check(evidence: Evidence, kind: TransactionKind) -> list[ProofCheck]:
    """The row that forbids a second answer holds the stored answer's hash."""
    if kind not in evidence.payload_hashes or isinstance(evidence.result, Unread):
        return []
    name, title = f"{kind}_commitment", f"{kind}: the promise in the journal is the stored answer's hash"
    expected, found = keccak_hex(evidence.result), evidence.payload_hashes[kind]
    if found is None:
        why = f"the journal has no promise for a {kind} of this task"
        return [unknown(name, title, why, expected=expected)]
    return [equal(name, title, expected, found, "another answer was promised")]


def hash_on_chain_checks(evidence: Evidence) -> list[ProofCheck]:
    """The contract keeps the stored answer's hash, and its own hash of the answer is the same."""
    if isinstance(evidence.result, Unread):
        return []
    name, title = "hash_on_chain", "the hash that the contract keeps is the stored answer's"
    expected = keccak_hex(evidence.result)
    ours = _result_of(evidence)
    if isinstance(ours, Unread):
        check = unknown(name, title, ours.why, expected=expected)
    else:
        check = equal(name, title, expected, ours.hash.lower(), "the contract keeps another hash")
    return [check, _queue_agrees(evidence, expected)]


def result_check(evidence: Evidence) -> list[ProofCheck]:
    """The result that the contract keeps is the stored answer."""
    if isinstance(evidence.result, Unread):
        return []
    name, title = "result", "the result that the contract keeps is the stored answer"
    expected = keccak_hex(evidence.result)
    ours = _result_of(evidence)
    if isinstance(ours, Unread):
        return [unknown(name, title, ours.why, expected=expected)]
    if not ours.data and evidence.result:
        return [unknown(name, title, "the contract has no result of this node yet", expected=expected)]
    found = ours.data.encode("utf-8", "surrogatepass")
    detail = "the contract keeps another text"
    is_same = found == evidence.result
    return [holds_if(name, title, is_same, expected=expected, found=keccak_hex(found), detail=detail)]


def checks_of_others(evidence: Evidence) -> list[ProofCheck]:
    """What can be told of a task that this node's journal does not have."""
    if isinstance(evidence.results, Unread):
        return [unknown("results", "the miners' results", evidence.results.why)]
    checks = [_matches_itself(result) for result in evidence.results]
    is_ours = not isinstance(evidence.task, Unread) and evidence.node in evidence.task.assigned_miners
    why = (
        "this node's journal does not have the task"
        if is_ours
        else "only the node that answered has its stored answer, its signed bytes and its journal"
    )
    return [*checks, unknown("model_said", "the result is what the model said", why)]


def _matches_itself(result: MinerResult) -> ProofCheck:
    title = f"the result of {result.miner} is what it precommitted"
    if not result.data:
        return unknown("own_hash", title, "it has not committed", expected=result.hash)
    found = keccak_hex(result.data.encode("utf-8", "surrogatepass"))
    return equal("own_hash", title, result.hash.lower(), found, "precommitted hash and committed text differ")


def _queue_agrees(evidence: Evidence, expected: str) -> ProofCheck:
    name, title = "queue_agrees", "the queue's own verifyHash accepts answer and hash"
    if isinstance(evidence.queue_agrees, Unread):
        return unknown(name, title, evidence.queue_agrees.why, expected=expected)
    return holds_if(
        name,
        title,
        evidence.queue_agrees,
        expected=expected,
        detail="it says that they do not belong together",
    )


def _result_of(evidence: Evidence) -> MinerResult | Unread:
    if isinstance(evidence.results, Unread):
        return evidence.results
    ours = next((one for one in evidence.results if one.miner == evidence.node), None)
    return ours or Unread("the contract has no precommit of this node")
