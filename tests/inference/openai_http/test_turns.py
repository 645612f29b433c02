"""Turns: never more at once than there may be, the earliest deadline first, and alone means alone."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.inference.openai_http.turns import Turns
from tests.support.clock import StandingClock


class Work:
    """Takes a turn, and holds it until it is told to end."""

    def __init__(self, name: str, deadline_at: float | None = None, *, alone: bool = False) -> None:
        self.name, self.deadline_at, self.alone = name, deadline_at, alone
        self.may_end = asyncio.Event()

    async def run(self, turns: Turns, going_on: list[str]) -> None:
        async with turns.turn(self.deadline_at, alone=self.alone):
            going_on.append(self.name)
            try:
                await self.may_end.wait()
            finally:
                going_on.remove(self.name)


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_earliest_deadline_goes_first() -> None:
    turns = Turns(1)
    going_on: list[str] = []
    works = [Work("first"), Work("never"), Work("late", 9.0), Work("soon", 3.0)]
    tasks = [asyncio.create_task(work.run(turns, going_on)) for work in works]
    order = []
    for _ in works:
        await settled()
        [name] = going_on
        order.append(name)
        next(work for work in works if work.name == name).may_end.set()
    await asyncio.gather(*tasks)
    assert order == ["first", "soon", "late", "never"]


async def test_one_without_a_deadline_is_not_passed_for_ever() -> None:
    clock = StandingClock()
    turns = Turns(1, clock)
    going_on: list[str] = []
    first, unsaid = Work("first"), Work("unsaid")
    tasks = [asyncio.create_task(work.run(turns, going_on)) for work in (first, unsaid)]
    await settled()
    clock.pass_s(290.0)
    later = Work("later", clock.now() + 30.0)
    tasks.append(asyncio.create_task(later.run(turns, going_on)))
    await settled()
    first.may_end.set()
    await settled()
    assert going_on == ["unsaid"]
    unsaid.may_end.set()
    later.may_end.set()
    await asyncio.gather(*tasks)


async def test_one_that_waits_to_be_alone_is_not_overtaken() -> None:
    turns = Turns(None)
    going_on: list[str] = []
    works = [Work("a"), Work("b"), Work("alone", 5.0, alone=True), Work("c", 7.0)]
    tasks = [asyncio.create_task(work.run(turns, going_on)) for work in works]
    await settled()
    assert going_on == ["a", "b"]
    works[0].may_end.set()
    works[1].may_end.set()
    await settled()
    assert going_on == ["alone"]
    works[2].may_end.set()
    await settled()
    assert going_on == ["c"]
    works[3].may_end.set()
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("steps_between", range(6))
async def test_one_that_leaves_as_it_is_let_in_keeps_nobody_out(steps_between: int) -> None:
    turns = Turns(1)
    going_on: list[str] = []
    works = [Work("holds"), Work("leaves"), Work("waits")]
    tasks = [asyncio.create_task(work.run(turns, going_on)) for work in works]
    await settled()
    works[0].may_end.set()
    for _ in range(steps_between):
        await asyncio.sleep(0)
    tasks[1].cancel()
    await settled()
    assert going_on == ["waits"]
    works[2].may_end.set()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_more_may_run_when_more_are_allowed() -> None:
    turns = Turns(1)
    going_on: list[str] = []
    works = [Work(name) for name in "abc"]
    tasks = [asyncio.create_task(work.run(turns, going_on)) for work in works]
    await settled()
    assert going_on == ["a"]
    turns.allow(3)
    await settled()
    assert going_on == ["a", "b", "c"]
    for work in works:
        work.may_end.set()
    await asyncio.gather(*tasks)


Steps = st.lists(
    st.tuples(
        st.sampled_from(["take", "take alone", "end", "cancel"]), st.integers(0, 20), st.floats(0.0, 100.0)
    ),
    max_size=40,
)


@given(most=st.none() | st.integers(1, 3), steps=Steps)
def test_whoever_comes_and_goes_nobody_is_left_waiting_and_the_limits_hold(
    most: int | None, steps: list[tuple[str, int, float]]
) -> None:
    async def play() -> None:
        turns = Turns(most)
        going_on: list[str] = []
        works: list[tuple[Work, asyncio.Task[None]]] = []
        for verb, index, deadline_at in steps:
            if verb.startswith("take"):
                work = Work(f"{len(works)} {verb}", deadline_at, alone=verb == "take alone")
                works.append((work, asyncio.create_task(work.run(turns, going_on))))
            elif works and verb == "end":
                works[index % len(works)][0].may_end.set()
            elif works:
                works[index % len(works)][1].cancel()
            await settled()
            assert most is None or len(going_on) <= most
            assert len(going_on) == 1 or not any(name.endswith("alone") for name in going_on)
            is_waiting = any(not task.done() for work, task in works if work.name not in going_on)
            assert going_on or not is_waiting
        for work, _ in works:
            work.may_end.set()
        await asyncio.gather(*(task for _, task in works), return_exceptions=True)
        assert going_on == []

    asyncio.run(play())
