"""What the contract refuses is tried again while it may pass, and not for ever."""

from __future__ import annotations

from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.miner.delivery import REVERTED, REVERTED_ON_CHAIN
from cortensor_tui.miner.refusals import (
    LONGEST_PAUSE_S,
    MOST_REVERTS,
    SHORTEST_PATIENCE_S,
    Refusals,
)
from tests.support.clock import StandingClock

ASKED = Problem(code=REVERTED, what="refused")
MINED = Problem(code=REVERTED_ON_CHAIN, what="refused")


def waited_s(refusals: Refusals, clock: StandingClock, problem: Problem, deadline_at: float | None) -> float:
    """Try until it is given up; return how long that took."""
    began = clock.seconds
    while (pause_s := refusals.pause_s(problem, Stage.ASSIGNED, deadline_at)) is not None:
        assert 0 < pause_s <= LONGEST_PAUSE_S
        clock.pass_s(pause_s)
    return clock.seconds - began


def test_a_step_is_tried_until_it_is_due() -> None:
    clock = StandingClock()
    took_s = waited_s(Refusals(clock), clock, ASKED, clock.now() + 60)
    assert 60 <= took_s <= 60 + LONGEST_PAUSE_S


def test_an_overdue_step_is_tried_for_a_while_too() -> None:
    clock = StandingClock()
    for deadline_at in (None, clock.now() - 5):
        took_s = waited_s(Refusals(clock), clock, ASKED, deadline_at)
        assert SHORTEST_PATIENCE_S <= took_s <= SHORTEST_PATIENCE_S + LONGEST_PAUSE_S


def test_what_costs_gas_is_tried_a_few_times_only() -> None:
    refusals = Refusals(StandingClock())
    pauses = [refusals.pause_s(MINED, Stage.ACKED, None) for _ in range(MOST_REVERTS)]
    assert [pause_s is None for pause_s in pauses] == [False] * (MOST_REVERTS - 1) + [True]


def test_the_next_stage_begins_anew() -> None:
    clock = StandingClock()
    refusals = Refusals(clock)
    waited_s(refusals, clock, ASKED, None)
    assert refusals.is_lasting
    assert refusals.pause_s(ASKED, Stage.ACKED, None) is not None
    assert not refusals.is_lasting


def test_other_problems_are_not_its_business() -> None:
    elsewhere = Problem(code="guard_refused", what="")
    assert Refusals(StandingClock()).pause_s(elsewhere, Stage.ACKED, 1e10) is None
