"""Who has the engine where sessions ask for several models: few changes, and nobody left out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.inference.switching import ModelWish
from cortensor_tui.miner.turns import Turns
from tests.support.clock import StandingClock


class Wanted(NamedTuple):
    """A run: its model, and in how many seconds it is due."""

    model: str
    due_s: float


class Shelf:
    """Models that are changed when a test says so; those of `broken` leave the one before in place."""

    def __init__(self, broken: str = "") -> None:
        self.loaded = "a"
        self.changes: list[str] = []
        self.coming = ""
        self.broken = set(broken)

    @property
    def is_changing(self) -> bool:
        return bool(self.coming)

    def answers(self, model: str) -> str:
        return "a" if model in self.broken and model not in self.coming else model

    def is_loaded(self, wish: ModelWish) -> bool:
        return self.answers(str(wish.path)) == self.loaded

    def change(self, wish: ModelWish) -> None:
        assert not self.is_changing
        self.coming = self.answers(str(wish.path))
        self.changes.append(self.coming)

    def done(self) -> None:
        self.loaded, self.coming = self.coming, ""


class Hall:
    """Runs that end when told to."""

    def __init__(self, slots: int, broken: str = "") -> None:
        self.clock = StandingClock()
        self.shelf = Shelf(broken)
        self.turns = Turns(lambda: slots, self.clock, self.shelf)
        self.running: dict[int, asyncio.Event] = {}
        self.begun: list[int] = []
        self.ran_under: dict[int, str] = {}
        self.tasks: list[asyncio.Task[None]] = []

    def ask(self, model: str, due_s: float = 60.0) -> int:
        self.tasks.append(asyncio.create_task(self._run(len(self.tasks), model, due_s)))
        return len(self.tasks) - 1

    async def _run(self, number: int, model: str, due_s: float) -> None:
        wish = ModelWish(session_id=1, path=Path(model))
        async with self.turns.taken(self.clock.now() + due_s, wish=wish):
            assert not self.shelf.is_changing
            self.begun.append(number)
            self.ran_under[number] = self.shelf.loaded
            self.running[number] = asyncio.Event()
            try:
                await self.running[number].wait()
            finally:
                del self.running[number]

    async def end(self, number: int) -> None:
        self.running[number].set()
        await settle()

    async def changed(self) -> None:
        self.shelf.done()
        self.turns.review()
        await settle()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_model_is_changed_when_the_last_run_of_the_old_one_has_ended() -> None:
    hall = Hall(slots=2)
    hall.ask("a"), hall.ask("a"), hall.ask("b")
    await settle()
    await hall.end(0)
    assert (set(hall.running), hall.shelf.coming) == ({1}, "")
    await hall.end(1)
    assert (set(hall.running), hall.shelf.coming) == (set(), "b")
    hall.ask("b")
    await settle()
    assert not hall.running, "nobody begins before the model is there"
    await hall.changed()
    assert set(hall.running) == {2, 3}


async def test_runs_of_the_loaded_model_go_on_until_another_has_waited_half_of_its_time() -> None:
    hall = Hall(slots=1)
    hall.ask("a")
    await settle()
    hall.ask("b", due_s=60)
    hall.ask("a", due_s=90)
    hall.ask("a", due_s=90)
    await settle()
    hall.clock.pass_s(29)
    await hall.end(0)
    assert set(hall.running) == {2}, "due later, but its model is there"
    hall.clock.pass_s(1)
    await hall.end(2)
    assert hall.shelf.coming == "b", "the one that waits longer than half of its time goes before the last"
    await hall.changed()
    await hall.end(1)
    assert hall.shelf.coming == "a"


async def test_a_change_serves_all_who_waited_for_it_before_the_next_one() -> None:
    hall = Hall(slots=1)
    hall.ask("a", due_s=400)
    await settle()
    waiting = [hall.ask(model, due_s=100) for model in "bababa"]
    await settle()
    hall.clock.pass_s(60)
    await hall.end(0)
    while len(hall.begun) < 1 + len(waiting):
        if hall.shelf.is_changing:
            await hall.changed()
        await hall.end(next(iter(hall.running)))
    assert hall.shelf.changes == ["b", "a"], (
        "all of them are pressed for time, and still there are two changes"
    )


async def test_a_model_that_cannot_be_loaded_leaves_its_runs_to_the_one_that_is_there() -> None:
    hall = Hall(slots=1)
    hall.ask("a")
    await settle()
    hall.ask("b")
    await settle()
    await hall.end(0)
    hall.shelf.coming, hall.shelf.broken = "a", {"b"}
    await hall.changed()
    assert hall.ran_under == {0: "a", 1: "a"}


WANTED = st.lists(st.builds(Wanted, st.sampled_from("abc"), st.integers(1, 200)), max_size=12)


@given(WANTED, st.integers(1, 3), st.sampled_from(["", "c"]), st.data())
def test_every_run_gets_its_turn_under_the_model_that_it_asks_for(
    wanted: list[Wanted], slots: int, broken: str, data: st.DataObject
) -> None:
    asyncio.run(_through(Hall(slots, broken), wanted, data))


async def _through(hall: Hall, wanted: list[Wanted], data: st.DataObject) -> None:
    for one in wanted:
        hall.ask(one.model, one.due_s)
    await settle()
    while hall.running or hall.shelf.is_changing:
        hall.clock.pass_s(data.draw(st.integers(0, 2)))
        if hall.shelf.is_changing:
            assert not hall.running
            await hall.changed()
        else:
            await hall.end(data.draw(st.sampled_from(sorted(hall.running))))
    assert all(task.done() for task in hall.tasks)
    assert hall.ran_under == {n: hall.shelf.answers(one.model) for n, one in enumerate(wanted)}
    assert len(hall.shelf.changes) <= 2 * len({one.model for one in wanted})
