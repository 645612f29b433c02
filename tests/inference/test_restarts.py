"""When an engine is started again, and when it is left dead."""

from __future__ import annotations

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.restarts import RestartLimits, Restarts
from tests.support.clock import StandingClock


def rule(clock: StandingClock, deaths: int = 3) -> Restarts:
    return Restarts(clock, RestartLimits(deaths=deaths, deaths_within_s=60, first_backoff_s=0.5))


def test_one_that_never_started_is_not_tried_again() -> None:
    with pytest.raises(ProblemError) as caught:
        rule(StandingClock()).after_death("it broke", was_ready=False)

    assert caught.value.problem.code == "engine_start_failed"
    assert caught.value.problem.why == "it broke"


def test_pauses_double_and_the_last_death_in_time_ends_it() -> None:
    clock = StandingClock()
    restarts = rule(clock, deaths=4)

    pauses = [restarts.after_death("it broke", was_ready=ready) for ready in (True, False, True)]
    with pytest.raises(ProblemError, match="died 4 times within 60 s") as caught:
        restarts.after_death("it broke", was_ready=True)

    assert pauses == [0.5, 1.0, 2.0]
    assert caught.value.problem.code == "engine_failed"


def test_deaths_long_ago_do_not_count() -> None:
    clock = StandingClock()
    restarts = rule(clock)

    for _ in range(20):
        restarts.after_death("it broke", was_ready=True)
        clock.pass_s(30)
