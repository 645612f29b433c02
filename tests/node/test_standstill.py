"""A process that stood still knows it by a timer that comes far too late."""

from __future__ import annotations

from structlog.testing import capture_logs

from cortensor_tui.miner.causes import Hindrance
from cortensor_tui.node.standstill import STOOD_STILL, Standstills
from tests.support.clock import StandingClock


def test_looks_in_time_tell_nothing() -> None:
    clock = StandingClock()
    standstills = Standstills(1.0, clock)
    for _ in range(5):
        assert standstills.look() == 0.0
        clock.pass_s(1.4)
    assert standstills.found() == ()


def test_a_look_far_too_late_tells_for_how_long_and_is_logged_once() -> None:
    clock = StandingClock()
    standstills = Standstills(1.0, clock)
    standstills.look()
    began_at = clock.now() + 1.0
    clock.pass_s(51.0)
    with capture_logs() as logs:
        assert standstills.look() == 50.0
        clock.pass_s(1.0)
        assert standstills.look() == 0.0
    assert [entry["event"] for entry in logs] == ["this process stood still for 50 s"]
    assert standstills.found() == (
        Hindrance(what=STOOD_STILL, began_at=began_at, lasted_until=began_at + 50.0),
    )


def test_a_clock_that_is_set_is_no_standstill() -> None:
    clock = StandingClock()
    standstills = Standstills(1.0, clock)
    standstills.look()
    clock.wall_ahead_s += 3600.0
    clock.pass_s(1.0)
    assert standstills.look() == 0.0
