"""The chain's pulse: the worst of each ten seconds, blank where nobody looked or nothing was known."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.folding import from_snapshot
from cortensor_tui.dashboard.present.pulse import STEP_S, STEPS, Pulse
from cortensor_tui.domain.health import ChainHealth

from . import samples

CHAIN = samples.status().chain
NOW = samples.NOW
VIEW = from_snapshot(samples.snapshot())


def told(chain: ChainHealth, heard_at: float) -> FeedState:
    """Return the state of the feed of a node that said this of the chain."""
    status = msgspec.structs.replace(VIEW.status, chain=chain)
    view = msgspec.structs.replace(VIEW, status=status)
    return FeedState(link=Link.LIVE, since=0.0, heard_at=heard_at, view=view)


def test_the_worst_of_ten_seconds_is_kept_and_the_newest_is_said() -> None:
    pulse = Pulse()
    for ago_s, latency_ms, age_s in ((9.0, 30.0, 1.0), (8.0, 90.0, 12.0), (7.0, 40.0, 2.0)):
        at = NOW - ago_s
        chain = msgspec.structs.replace(CHAIN, latency_ms=latency_ms, head_seen_at=at - age_s)
        pulse.see(told(chain, at), at)
    latency, age = pulse.series(NOW - 5)
    assert (latency.now, age.now) == ("40 ms", "2 s")
    assert (latency.values[-1], age.values[-1]) == (90.0, 12.0)
    assert set(latency.values[:-1]) == {None}


def test_what_is_not_known_leaves_a_blank() -> None:
    pulse = Pulse()
    pulse.see(told(CHAIN, NOW - STEP_S), NOW - STEP_S)
    pulse.see(told(msgspec.structs.replace(CHAIN, latency_ms=None, head_seen_at=None), NOW), NOW)
    latency, age = pulse.series(NOW)
    assert (latency.now, age.now) == ("–", "–")
    assert (latency.values[-2], latency.values[-1]) == (4.2, None)


def test_a_chain_that_does_not_answer_has_no_latency_and_a_head_that_grows_old() -> None:
    pulse = Pulse()
    chain = msgspec.structs.replace(CHAIN, error="no answer", head_seen_at=NOW - 70)
    pulse.see(told(chain, NOW), NOW)
    latency, age = pulse.series(NOW)
    assert (latency.now, age.now) == ("–", "70 s")
    assert (latency.values[-1], age.values[-1]) == (None, 70.0)


def test_a_silent_node_tells_nothing_new_of_the_chain() -> None:
    pulse = Pulse()
    pulse.see(told(CHAIN, NOW), NOW)
    pulse.see(told(CHAIN, NOW), NOW + 30)
    latency, age = pulse.series(NOW + 30)
    assert (latency.now, age.now) == ("–", "–")
    assert (latency.values[-4], latency.values[-1], age.values[-1]) == (4.2, None, None)


@given(st.lists(st.floats(0, 5_000), max_size=200))
def test_it_stays_as_long_as_it_is_however_long_it_is_looked_at(moments: list[float]) -> None:
    pulse = Pulse()
    for at in sorted(moments):
        pulse.see(told(CHAIN, NOW + at), NOW + at)
    for series in pulse.series(NOW + 5_000):
        assert len(series.values) == STEPS
