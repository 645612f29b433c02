"""Says from the evidence alone what went wrong in a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from cortensor_tui.domain.tasks import TaskKey
from tests.chaos.evidence import Evidence, FaultSpan, MinedTransaction, TaskSeen
from tests.chaos.payloads import Payload

RECOVERY_S = 10.0  # what a node is given after a fault; less time than this left, a task is late, not lost


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """One run's outcome; each entry is a sentence. `late` could not be answered in time any more."""

    lost: tuple[str, ...]
    late: tuple[str, ...]
    conflicting: tuple[str, ...]
    double_sends: tuple[str, ...]
    crashes: tuple[str, ...]
    longest_recovery_s: float

    @property
    def is_clean(self) -> bool:
        """Tell whether everything that is promised held."""
        broken = self.lost or self.conflicting or self.double_sends or self.crashes
        return not broken and self.longest_recovery_s <= RECOVERY_S


def judge(evidence: Evidence) -> Judgement:
    """Return what the evidence shows."""
    missed = [task for task in evidence.tasks if not task.is_committed]
    lost = [task for task in missed if _could_be_answered(task, evidence.faults)]
    return Judgement(
        lost=tuple(map(_missed_line, lost)),
        late=tuple(_missed_line(task) for task in missed if task not in lost),
        conflicting=tuple(_conflicts(evidence)),
        double_sends=tuple(_double_sends(evidence)),
        crashes=evidence.crashes,
        longest_recovery_s=max(evidence.recoveries_s, default=0.0),
    )


def _missed_line(task: TaskSeen) -> str:
    state = "ended" if task.is_ended else "still open"
    return f"task {task.key} {state}, last {task.phase}: {task.note or 'the node gave no cause'}"


def _could_be_answered(task: TaskSeen, faults: Iterable[FaultSpan]) -> bool:
    """Tell whether the node had `RECOVERY_S` without a fault within the phase that it missed."""
    if not task.is_ended:
        return True  # it was waited for long enough
    free_since = task.open_since
    for fault in sorted(faults, key=lambda one: one.began_at):
        if fault.ended_at < task.open_since:
            continue
        if min(fault.began_at, task.open_until) - free_since >= RECOVERY_S:
            return True
        free_since = max(free_since, fault.ended_at)
    return task.open_until - free_since >= RECOVERY_S


def _conflicts(evidence: Evidence) -> Iterable[str]:
    """Find tasks for which more than one answer was signed, by whatever way it became known."""
    answers: dict[TaskKey, set[str]] = defaultdict(set)
    for payload in _all_payloads(evidence):
        if payload.step is not None and payload.step.payload_hash:
            answers[payload.step.key].add(payload.step.payload_hash)
    for promise in evidence.promises:
        answers[promise.key].add(promise.payload_hash)
    for key, hashes in sorted(answers.items()):
        if len(hashes) > 1:
            yield f"task {key} has {len(hashes)} answers: {', '.join(sorted(hashes))}"


def _all_payloads(evidence: Evidence) -> Iterable[Payload]:
    yield from (one.payload for one in evidence.sent)
    yield from evidence.signed
    yield from (one.payload for one in evidence.mined)


def _double_sends(evidence: Evidence) -> Iterable[str]:
    """Find steps that the chain has, or was given, twice. A replacement has the nonce of what it replaces."""
    mined: dict[tuple[TaskKey, str], list[MinedTransaction]] = defaultdict(list)
    for one in evidence.mined:
        if (found := _place(one.payload)) is not None:
            mined[found].append(one)
    accepted: dict[tuple[TaskKey, str], set[int]] = defaultdict(set)
    for sent in evidence.sent:
        if sent.is_accepted and (found := _place(sent.payload)) is not None:
            accepted[found].add(sent.payload.nonce)
    settled = {one.payload.nonce: one for one in evidence.mined}
    for place in sorted({*mined, *accepted}):
        name = f"the {place[1]} of task {place[0]}"
        successes = [index for index, one in enumerate(mined[place]) if one.succeeded]
        if successes and successes[0] < len(mined[place]) - 1:
            yield f"{name} was mined again after it had succeeded"
            continue
        # A second nonce is right only where the first can bring nothing any more.
        *earlier, _ = sorted(accepted[place]) or (0,)
        for nonce in earlier:
            taken = settled.get(nonce)
            if taken is None or (taken.succeeded and _place(taken.payload) == place):
                yield f"{name} was sent again beside nonce {nonce}"
                break


def _place(payload: Payload) -> tuple[TaskKey, str] | None:
    return None if payload.step is None else (payload.step.key, payload.step.kind)
