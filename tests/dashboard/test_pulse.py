"""The chain's pulse: the worst of each ten seconds, blank where nobody looked or nothing was known."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.dashboard.present.pulse import STEP_S, STEPS, Pulse

from . import samples

CHAIN = samples.status().chain
NOW = samples.NOW


def test_the_worst_of_ten_seconds_is_kept_and_the_newest_is_said() -> None:
    pulse = Pulse()
    for ago_s, latency_ms, age_s in ((9.0, 30.0, 1.0), (8.0, 90.0, 12.0), (7.0, 40.0, 2.0)):
        at = NOW - ago_s
        pulse.see(msgspec.structs.replace(CHAIN, latency_ms=latency_ms, head_seen_at=at - age_s), at)
    latency, age = pulse.series(NOW - 5)
    assert (latency.now, age.now) == ("40 ms", "2 s")
    assert (latency.values[-1], age.values[-1]) == (90.0, 12.0)
    assert set(latency.values[:-1]) == {None}


def test_what_is_not_known_leaves_a_blank() -> None:
    pulse = Pulse()
    pulse.see(CHAIN, NOW - STEP_S)
    pulse.see(msgspec.structs.replace(CHAIN, latency_ms=None), NOW)
    latency, age = pulse.series(NOW)
    assert (latency.now, age.now) == ("–", "–")
    assert (latency.values[-2], latency.values[-1]) == (4.2, None)


@given(st.lists(st.floats(0, 5_000), max_size=200))
def test_it_stays_as_long_as_it_is_however_long_it_is_looked_at(moments: list[float]) -> None:
    pulse = Pulse()
    for at in sorted(moments):
        pulse.see(CHAIN, NOW + at)
    for series in pulse.series(NOW + 5_000):
        assert len(series.values) == STEPS
