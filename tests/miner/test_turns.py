"""Who has the engine, whatever comes and goes: never too many, none beside one alone, none left out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.miner.turns import GRACE_S, Turns
from tests.support.clock import StandingClock


class Wish(NamedTuple):
    """A run that is wanted: due in so many seconds, cancelled where nobody asks for it any more."""

    due_s: int
    is_alone: bool
    is_cancelled: bool


class Hall:
    """Runs that end when told to; `running` and `ended` have their numbers.

    Those `without_room` were let in, and wait inside the engine.
    """

    def __init__(self, slots: int) -> None:
        self.clock = StandingClock()
        self.turns = Turns(lambda: slots, self.clock)
        self.running: dict[int, asyncio.Event] = {}
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.without_room: set[int] = set()

    async def run(self, number: int, wish: Wish) -> None:
        async with self.turns.taken(self.clock.now() + wish.due_s, is_alone=wish.is_alone) as admitted:
            self.begun.append(number)
            if number not in self.without_room:
                admitted()
            self.running[number] = asyncio.Event()
            try:
                await self.running[number].wait()
            finally:
                del self.running[number]
            self.ended.append(number)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


WISHES = st.lists(st.builds(Wish, st.integers(1, 100), st.booleans(), st.booleans()), max_size=12)


@given(WISHES, st.integers(1, 4), st.data())
def test_every_run_gets_its_turn_and_no_place_is_lost(
    wishes: list[Wish], slots: int, data: st.DataObject
) -> None:
    asyncio.run(_through(wishes, slots, data))


async def _through(wishes: Sequence[Wish], slots: int, data: st.DataObject) -> None:
    hall = Hall(slots)
    tasks = [asyncio.create_task(hall.run(number, wish)) for number, wish in enumerate(wishes)]
    await settle()
    for task, wish in zip(tasks, wishes, strict=True):
        if wish.is_cancelled:
            task.cancel()
    await settle()
    while hall.running:
        assert len(hall.running) <= slots
        assert len(hall.running) == 1 or not any(wishes[number].is_alone for number in hall.running)
        hall.running[data.draw(st.sampled_from(sorted(hall.running)))].set()
        await settle()
    assert sorted(hall.ended) == [n for n, wish in enumerate(wishes) if not wish.is_cancelled]
    assert all(task.done() for task in tasks)


async def test_the_earliest_deadline_goes_first_and_what_is_late_already_last() -> None:
    hall = Hall(slots=1)
    due_s = [50, -5, 90, 20, -1]
    tasks = [
        asyncio.create_task(hall.run(number, Wish(one, False, False))) for number, one in enumerate(due_s)
    ]
    await settle()
    while hall.running:
        hall.running[min(hall.running)].set()
        await settle()
    assert hall.begun == [0, 3, 2, 1, 4], "the first one found nobody there"
    await asyncio.gather(*tasks)


async def test_a_late_run_does_not_give_way_to_one_that_is_late_too() -> None:
    hall = Hall(slots=1)
    late = asyncio.create_task(hall.run(0, Wish(10, False, False)))
    await settle()
    hall.clock.pass_s(10 + GRACE_S)
    also_late = asyncio.create_task(hall.run(1, Wish(-1, False, False)))
    await settle()
    assert set(hall.running) == {0}
    in_time = asyncio.create_task(hall.run(2, Wish(30, False, False)))
    await asyncio.wait({late})
    with pytest.raises(ProblemError):
        late.result()
    await settle()
    assert set(hall.running) == {2}
    for number in (2, 1):
        hall.running[number].set()
        await settle()
    await asyncio.gather(in_time, also_late)


@pytest.mark.parametrize("is_admitted", [False, True])
async def test_a_late_run_gives_way_to_one_that_waits_inside_the_engine(is_admitted: bool) -> None:
    hall = Hall(slots=2)
    greedy = asyncio.create_task(hall.run(0, Wish(10, False, False)))
    await settle()
    hall.without_room = set() if is_admitted else {1}
    other = asyncio.create_task(hall.run(1, Wish(60, False, False)))
    await settle()
    hall.clock.pass_s(10 + GRACE_S)
    hall.turns.review()
    await settle()
    assert set(hall.running) == ({0, 1} if is_admitted else {1})
    for event in list(hall.running.values()):
        event.set()
    told = await asyncio.gather(greedy, other, return_exceptions=True)
    assert [isinstance(one, ProblemError) for one in told] == [not is_admitted, False]


async def test_a_run_that_was_let_in_just_now_sends_nobody_away() -> None:
    hall = Hall(slots=2)
    late = asyncio.create_task(hall.run(0, Wish(10, False, False)))
    await settle()
    hall.clock.pass_s(10 + GRACE_S)
    hall.without_room = {1}
    other = asyncio.create_task(hall.run(1, Wish(60, False, False)))
    await settle()
    assert set(hall.running) == {0, 1}
    for event in list(hall.running.values()):
        event.set()
    await asyncio.gather(late, other)


async def test_a_moment_after_the_deadline_nobody_is_sent_away() -> None:
    hall = Hall(slots=1)
    nearly_whole = asyncio.create_task(hall.run(0, Wish(10, False, False)))
    await settle()
    hall.clock.pass_s(10 + GRACE_S / 2)
    waiting = asyncio.create_task(hall.run(1, Wish(30, False, False)))
    await settle()
    assert set(hall.running) == {0}
    for number in (0, 1):
        hall.running[number].set()
        await settle()
    await asyncio.gather(nearly_whole, waiting)
