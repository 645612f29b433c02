"""When the node looks again: by its intervals, at once with news, never more often than an idle node may."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.chain.networks.profiles import choose_profile
from cortensor_tui.devnet.anvil import CHAIN_ID
from cortensor_tui.node.pace import IDLE_LOOKS_PER_S, Pace
from tests.support.clock import StandingClock


class Office:
    """A pace, its clock, and whether there is work."""

    def __init__(self) -> None:
        self.clock = StandingClock()
        self.is_busy = False
        self.pace = Pace(choose_profile(CHAIN_ID), lambda: self.is_busy, self.clock)

    def left_s(self) -> float:
        return self.pace.left_s(self.clock.monotonic())


def test_an_idle_node_waits_longer_than_a_busy_one() -> None:
    office = Office()
    assert round(office.left_s(), 6) == 0.55
    office.is_busy = True
    assert round(office.left_s(), 6) == 0.1


async def test_a_feed_that_tells_of_news_lets_an_idle_node_look_less_often_until_it_is_lost() -> None:
    office = Office()
    office.pace.fed(True)
    assert round(office.left_s(), 6) == 2
    office.pace.news()
    assert office.left_s() <= 0, "which it tells of at once"
    await office.pace.rest()
    resting = asyncio.create_task(office.pace.rest())
    await asyncio.sleep(0)
    office.clock.pass_s(0.6)
    office.pace.fed(False)
    await asyncio.wait_for(resting, 30)
    office.is_busy = True
    office.pace.fed(True)
    assert round(office.left_s(), 6) == 0.1


async def test_news_ends_a_wait_at_once() -> None:
    office = Office()
    resting = asyncio.create_task(office.pace.rest())
    await asyncio.sleep(0)
    office.pace.news()
    await asyncio.wait_for(resting, 30)
    assert office.clock.seconds == 1000.0  # no time has passed
    assert round(office.left_s(), 6) == 0.55  # and the news is used up


def test_what_an_idle_node_asks_besides_is_made_up_for() -> None:
    office = Office()
    for _ in range(10):
        office.pace.asked()
    assert office.left_s() > 3 / IDLE_LOOKS_PER_S
    office.is_busy = True
    for _ in range(1000):
        office.pace.asked()
    office.is_busy = False
    assert office.left_s() < 10 / IDLE_LOOKS_PER_S


async def test_work_that_comes_while_it_waits_shortens_the_wait() -> None:
    office = Office()
    resting = asyncio.create_task(office.pace.rest())
    await asyncio.sleep(0)
    office.is_busy = True
    office.clock.pass_s(0.2)
    office.pace.changed()
    await asyncio.wait_for(resting, 30)


@given(st.lists(st.floats(0, 2), min_size=1, max_size=200))
def test_news_of_others_does_not_make_an_idle_node_ask_more_often(pauses_s: list[float]) -> None:
    async def count() -> None:
        office, looks = Office(), 0
        for pause_s in pauses_s:
            office.clock.pass_s(pause_s)
            office.pace.news()
            office.clock.pass_s(max(0.0, office.left_s()) + 1e-9)
            await office.pace.rest()
            looks += 1
        passed_s = office.clock.seconds - 1000.0
        assert looks <= 2 * IDLE_LOOKS_PER_S + passed_s * IDLE_LOOKS_PER_S + 1e-3

    asyncio.run(count())
