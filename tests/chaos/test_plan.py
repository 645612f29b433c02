"""A plan comes from its seed alone, and many seeds together do everything to the node."""

from __future__ import annotations

import itertools
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.plan import draw_plan
from tests.chaos.steps import STEPS, VICTIMS
from tests.chaos.world_faults import KilledAtStep, WorldFault
from tests.support.faults import Fault, WrongNonce

PUBLISHED_RUNS = 200


@given(st.integers(min_value=0, max_value=2**32))
def test_the_same_seed_gives_the_same_plan(seed: int) -> None:
    plan = draw_plan(seed)
    assert plan == draw_plan(seed)
    assert 2 <= len(plan.submissions) <= 6
    assert plan.faults


@given(st.integers(min_value=0, max_value=2**32))
def test_two_faults_of_a_kind_never_overlap(seed: int) -> None:
    spans: dict[type, list[tuple[float, float]]] = {}
    for planned in draw_plan(seed).faults:
        spans.setdefault(type(planned.fault), []).append((planned.at_s, planned.at_s + planned.duration_s))
    for alike in spans.values():
        alike.sort()
        assert all(first[1] < second[0] for first, second in itertools.pairwise(alike))


def test_the_published_runs_do_all_there_is_to_do() -> None:
    faults = [planned.fault for seed in range(PUBLISHED_RUNS) for planned in draw_plan(seed).faults]
    kinds = {*get_args(Fault), *get_args(WorldFault)} - {WrongNonce}  # that one lies for ever after
    assert {type(fault) for fault in faults} == kinds
    killed = {(fault.step, fault.victim) for fault in faults if isinstance(fault, KilledAtStep)}
    assert killed == {(step, victim) for step in STEPS for victim in VICTIMS}
