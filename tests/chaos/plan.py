"""What a run will do, drawn from its seed alone and before anything starts."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from tests.chaos.steps import STEPS, VICTIMS
from tests.chaos.world_faults import (
    BaseFeeSpike,
    ClockJump,
    DiskFull,
    DroppedFromPool,
    Killed,
    KilledAtStep,
    LockedJournal,
    NoBlocks,
    Reorg,
    WorldFault,
)
from tests.support.faults import (
    Cut,
    DroppedSend,
    DuplicateLog,
    ErrorAfterAcceptance,
    Fault,
    Latency,
    MissingLog,
    RateLimited,
    Reset,
    Silent,
    Sliced,
    StaleHead,
    Truncated,
)

SESSIONS = 2
WINDOW_S = (5.0, 8.0)
TASKS = (2, 6)
FAULTS = (4, 7)
_AT_STEP_WAITS_S = 6.0

AnyFault = Fault | WorldFault


class Submission(msgspec.Struct, frozen=True):
    """A prompt, sent to a session this long after the run's begin."""

    at_s: float
    session_id: int
    prompt: str


class PlannedFault(msgspec.Struct, frozen=True):
    """A fault, when it begins and how long it lasts; one at a step waits for it that long at most."""

    at_s: float
    duration_s: float
    fault: AnyFault


class Plan(msgspec.Struct, frozen=True):
    """One run."""

    seed: int
    submissions: tuple[Submission, ...]
    faults: tuple[PlannedFault, ...]


def _drawn_kill_at_step(draw: random.Random) -> KilledAtStep:
    return KilledAtStep(draw.choice(STEPS), draw.choice(VICTIMS), draw.uniform(0.2, 1.5))


# How each is drawn, and between what it lasts, in seconds; those that are over at once last 0.
_KINDS: tuple[tuple[Callable[[random.Random], AnyFault], float, float], ...] = (
    (lambda draw: Latency(draw.uniform(0.05, 1.0), draw.uniform(0.0, 1.0)), 1.0, 4.0),
    (lambda draw: Sliced(draw.randint(20, 200), draw.uniform(0.001, 0.03)), 1.0, 4.0),
    (lambda draw: Cut(), 0.3, 5.0),
    (lambda draw: Silent(), 0.3, 5.0),
    (lambda draw: Reset(draw.choice((0.3, 1.0)), is_passed_on=False), 0.3, 4.0),
    (lambda draw: Reset(draw.choice((0.3, 1.0)), is_passed_on=True), 0.3, 4.0),
    (lambda draw: Truncated(draw.randint(1, 400)), 0.3, 4.0),
    (lambda draw: RateLimited(draw.randint(1, 2), draw.choice((0, 1))), 0.3, 4.0),
    (lambda draw: StaleHead(), 0.5, 5.0),
    (lambda draw: MissingLog(draw.choice((0.3, 1.0))), 0.5, 5.0),
    (lambda draw: DuplicateLog(), 0.5, 5.0),
    (lambda draw: DroppedSend(), 0.5, 4.0),
    (lambda draw: ErrorAfterAcceptance(), 0.5, 4.0),
    (lambda draw: Reorg(draw.randint(1, 5)), 0.0, 0.0),
    (lambda draw: DroppedFromPool(), 0.5, 4.0),
    (lambda draw: NoBlocks(), 0.5, 5.0),
    (lambda draw: BaseFeeSpike(draw.choice((5, 20, 80))), 0.5, 4.0),
    (lambda draw: Killed("node"), 0.1, 2.0),
    (lambda draw: Killed("engine"), 0.0, 0.0),
    (lambda draw: Killed("chain"), 0.1, 3.0),
    (_drawn_kill_at_step, _AT_STEP_WAITS_S, _AT_STEP_WAITS_S),
    (lambda draw: DiskFull(), 0.5, 4.0),
    (lambda draw: LockedJournal(), 0.3, 7.0),
    (lambda draw: ClockJump(draw.choice((-86_400.0, -3_600.0, -30.0, 30.0, 3_600.0, 86_400.0))), 0.5, 4.0),
)


def draw_plan(seed: int) -> Plan:
    """Return the run of a seed. Neighbouring seeds go through every step and victim in turn."""
    draw = random.Random(seed)
    window_s = draw.uniform(*WINDOW_S)
    submissions = sorted(
        (
            Submission(
                at_s=round(draw.uniform(0.0, window_s * 0.8), 3),
                session_id=draw.randrange(SESSIONS),
                prompt=f"Say something about the number {draw.randrange(10**6)}.",
            )
            for _ in range(draw.randint(*TASKS))
        ),
        key=lambda one: one.at_s,
    )
    pairs = [(step, victim) for step in STEPS for victim in VICTIMS]
    step, victim = pairs[seed % len(pairs)]
    first_at_s = max(0.0, submissions[0].at_s - 0.5)
    in_turn = KilledAtStep(step, victim, round(draw.uniform(0.2, 1.5), 3))
    faults = [PlannedFault(round(first_at_s, 3), _AT_STEP_WAITS_S + 2.0, in_turn)]
    for _ in range(draw.randint(*FAULTS) - 1):
        make, shortest_s, longest_s = draw.choice(_KINDS)
        at_s = round(draw.uniform(0.0, window_s), 3)
        faults.append(PlannedFault(at_s, round(draw.uniform(shortest_s, longest_s), 3), make(draw)))
    return Plan(seed, tuple(submissions), tuple(sorted(_apart(faults), key=lambda one: one.at_s)))


def _apart(faults: list[PlannedFault]) -> list[PlannedFault]:
    """Leave out what would overlap with a fault of its own kind: one switch, one fault."""
    kept: list[PlannedFault] = []
    for fault in faults:
        alike = [one for one in kept if type(one.fault) is type(fault.fault)]
        if all(
            fault.at_s > one.at_s + one.duration_s or fault.at_s + fault.duration_s < one.at_s
            for one in alike
        ):
            kept.append(fault)
    return kept
