"""Puts the checks in the order of the task's way and draws the verdict."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from cortensor_tui.chain.lookup import FoundBlock, FoundReceipt, QueueEvent
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.domain.verification import Finding, Place, ProofCheck, ProofVerdict
from cortensor_tui.node.verification.checks import holds_if, noted, unknown
from cortensor_tui.node.verification.evidence import STEPS, Evidence, Unread
from cortensor_tui.node.verification.payloads import (
    answer_checks,
    assignment_check,
    checks_of_others,
    commitment_check,
    envelope_checks,
    hash_on_chain_checks,
    prompt_checks,
    result_check,
)
from cortensor_tui.node.verification.steps import SIGNED_ELSEWHERE, place_of, step_checks

ONLY_WATCHED = (
    "what is on chain fits together: the result is the answer that was promised. That the model said it, and "
    "that the node signed it, can be proven only where its key and its journal are"
)


def all_checks(evidence: Evidence) -> tuple[ProofCheck, ...]:
    """Return every check, in the order of the task's way."""
    if evidence.record is None:
        return assignment_check(evidence), *checks_of_others(evidence)
    ack, precommit, commit = STEPS
    return (
        assignment_check(evidence),
        *prompt_checks(evidence),
        *step_checks(evidence, ack),
        *answer_checks(evidence),
        *envelope_checks(evidence),
        *commitment_check(evidence, precommit),
        *step_checks(evidence, precommit),
        *hash_on_chain_checks(evidence),
        *commitment_check(evidence, commit),
        *step_checks(evidence, commit),
        *result_check(evidence),
        order_check(evidence),
        finality_line(evidence),
    )


def order_check(evidence: Evidence) -> ProofCheck:
    """The blocks follow one another as the protocol demands; a pair that is known to be wrong is enough."""
    name, title = "block_order", "blocks in order: ack, precommit, all precommitted, commit"
    blocks = _blocks_in_order(evidence)
    known = [(step, number) for step, number in blocks if number is not None]
    shown = ", ".join(f"{step} {'?' if number is None else number}" for step, number in blocks)
    place = None
    if isinstance(evidence.closing, QueueEvent):
        place = Place(
            transaction_hash=evidence.closing.transaction_hash, block_number=evidence.closing.block_number
        )
    for (earlier, first), (later, second) in itertools.pairwise(known):
        if first > second:
            detail = f"the {later} is in block {second}, before the {earlier} in block {first}"
            return holds_if(name, title, False, found=shown, detail=detail, place=place)
    if len(known) == len(blocks):
        return holds_if(name, title, True, found=shown, place=place)
    if evidence.closing is None:
        why = "no event between precommit and commit says that the precommits were closed"
    else:
        why = "not every block is known"
    return unknown(name, title, f"{why} ({shown})", place=place)


def _blocks_in_order(evidence: Evidence) -> list[tuple[str, int | None]]:
    numbers: dict[TransactionKind, int | None] = dict.fromkeys(STEPS)
    for kind, trace in evidence.traces.items():
        if isinstance(trace.receipt, FoundReceipt):
            numbers[kind] = trace.receipt.block_number
    closing = evidence.closing.block_number if isinstance(evidence.closing, QueueEvent) else None
    ack, precommit, commit = STEPS
    return [
        ("ack", numbers[ack]),
        ("precommit", numbers[precommit]),
        ("all precommitted", closing),
        ("commit", numbers[commit]),
    ]


def finality_line(evidence: Evidence) -> ProofCheck:
    """How final the last of our blocks is. It decides nothing: what is not final yet may still be undone."""
    name, title = "finality", "how final the last block is"
    places = [place_of(trace) for trace in evidence.traces.values()]
    mined = [place for place in places if place.block_number is not None]
    if not mined:
        return noted(name, title, "nothing is mined")
    last = max(mined, key=lambda place: place.block_number or 0)
    number = last.block_number or 0
    head, final = evidence.head, evidence.final_number
    depth = f"at depth {head.number - number}" if isinstance(head, FoundBlock) else "at a depth not known"
    if isinstance(final, Unread):
        return noted(name, title, f"{depth}; {final.why}", last)
    if number <= final:
        return ProofCheck(
            name=name, title="the last block is final", finding=Finding.HOLDS, detail=depth, place=last
        )
    return noted(name, title, f"not final yet: {depth}, final up to block {final}", last)


def judge(checks: Sequence[ProofCheck]) -> tuple[ProofVerdict, str]:
    """Return the verdict and what decided it: the first check that fails, else the first unknown one."""
    failed = [check for check in checks if check.finding is Finding.FAILS]
    open_ones = [check for check in checks if check.finding is Finding.UNKNOWN]
    unread = [check for check in open_ones if check.detail != SIGNED_ELSEWHERE]
    if failed:
        return ProofVerdict.REFUTED, _reason(failed)
    if unread:
        return ProofVerdict.NOT_PROVEN, _reason(unread)
    if open_ones:
        return ProofVerdict.NOT_PROVEN, ONLY_WATCHED
    final = next((check for check in checks if check.name == "finality"), None)
    caution = "" if final is None or final.finding is Finding.HOLDS else f" ({final.detail})"
    return ProofVerdict.PROVEN, f"the result on chain is the stored answer, byte for byte{caution}"


def _reason(deciding: Sequence[ProofCheck]) -> str:
    first, more = deciding[0], len(deciding) - 1
    detail = f": {first.detail}" if first.detail else ""
    return f"{first.title}{detail}" + (f" (and {more} more)" if more else "")
