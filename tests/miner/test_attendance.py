"""When nobody looked at the chain is known, with what kept the node from it."""

from __future__ import annotations

from cortensor_tui.domain.problems import Problem
from cortensor_tui.miner.attendance import ABSENT_FROM_S, NO_BLOCK_TAKEN, NOT_LOOKING, Attendance
from cortensor_tui.miner.causes import Hindrance
from tests.support.clock import StandingClock

AWAY_S = ABSENT_FROM_S + 40


def absent(attendance: Attendance, clock: StandingClock, seconds: float = AWAY_S) -> tuple[Hindrance, ...]:
    began_at = clock.now()
    clock.pass_s(seconds)
    attendance.looked()
    return attendance.absences_in(began_at, clock.now())


def test_looks_that_follow_one_another_are_no_absence() -> None:
    clock = StandingClock()
    attendance = Attendance(clock=clock)
    attendance.looked()
    assert absent(attendance, clock, ABSENT_FROM_S) == ()


def test_a_long_pause_between_two_looks_is_one() -> None:
    clock = StandingClock()
    attendance = Attendance(clock=clock)
    attendance.looked()
    began_at = clock.now()
    [found] = absent(attendance, clock)
    assert found == Hindrance(what=NOT_LOOKING, began_at=began_at, lasted_until=clock.now())


def test_looks_that_failed_meanwhile_say_why() -> None:
    clock = StandingClock()
    attendance = Attendance(clock=clock)
    attendance.looked()
    attendance.failed(Problem(code="no_rpc", what="The chain endpoint did not answer"))
    assert [one.what for one in absent(attendance, clock)] == ["The chain endpoint did not answer"]
    assert [one.what for one in absent(attendance, clock)][-1] == NOT_LOOKING, "it passes"


def test_between_two_runs_no_block_was_taken() -> None:
    clock = StandingClock()
    attendance = Attendance(clock.now(), clock=clock)
    assert [one.what for one in absent(attendance, clock)] == [NO_BLOCK_TAKEN]


def test_a_standstill_is_named_in_the_place_of_the_absence_that_it_made() -> None:
    clock = StandingClock()
    stood = Hindrance(
        what="this process stood still", began_at=clock.now(), lasted_until=clock.now() + AWAY_S
    )
    attendance = Attendance(standstills=lambda: [stood], clock=clock)
    attendance.looked()
    assert absent(attendance, clock) == (stood,)
    assert attendance.absences_in(clock.now() + 60, clock.now() + 70) == ()
