"""Many tasks at once: each its own answer, and none takes the others with it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.inference.params import asked_from_llm_params
from cortensor_tui.journal.tasks import TaskDetails, TaskRecord
from cortensor_tui.miner.answering import Answering, PromptSettings
from cortensor_tui.miner.retries import MOST_RUNS
from cortensor_tui.miner.turns import GRACE_S
from cortensor_tui.settings.model import ReproducibleSessions
from cortensor_tui.storage.local_store import LocalStore
from tests.support.clock import StandingClock
from tests.support.engines import UNHEARD, SharedEngine

REPRODUCIBLE = 9
PROMPTS = PromptSettings(
    default_system_prompt="",
    raw_prompt="verbatim",
    seed=1,
    reproducible=ReproducibleSessions(frozenset({REPRODUCIBLE})),
)


class Desk:
    """Asks for answers to prompts that are named by a letter, the deadline of each a second later."""

    def __init__(self, folder: Path, slots: int = 4) -> None:
        self.engine = SharedEngine(slots)
        self.clock = StandingClock()
        self.store = LocalStore(folder)
        self.answering = Answering(
            self.engine, self.store, PROMPTS, UNHEARD, self.clock, sleep=lambda pause_s: asyncio.sleep(0)
        )
        self._asked = 0

    def ask(self, prompt: str, session_id: int = 0, due_s: float = 60.0) -> asyncio.Task[TaskRecord]:
        """Have a prompt answered, due in so many seconds."""
        self._asked += 1
        record = TaskRecord(
            key=TaskKey(session_id, self._asked),
            stage=Stage.ACKED,
            prompt_cid=self.store.put(prompt.encode()),
            details=TaskDetails(prompt_type=1, prompt_template="", asked=asked_from_llm_params((64,) * 7)),
            assigned_at=self.clock.now(),
            deadline_at=self.clock.now() + due_s,
        )
        return asyncio.create_task(self.answering.answer(record, lambda record: None))

    def text(self, answered: asyncio.Task[TaskRecord]) -> str:
        """Return an answer that is there."""
        cid = answered.result().answer_cid
        assert cid is not None
        return self.store.get(cid).decode()

    async def end_all(self) -> None:
        """Let every run come to its end, one after the other, and those that wait too."""
        await settle()
        while self.engine.going_on:
            self.engine.end(min(self.engine.going_on))
            await settle()


async def settle() -> None:
    """Let everything go on that can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_as_many_run_at_once_as_the_engine_has_slots(tmp_path: Path) -> None:
    desk = Desk(tmp_path, slots=3)
    answers = {prompt: desk.ask(prompt) for prompt in "abcde"}
    await settle()
    assert desk.engine.going_on == {*"abc"}
    desk.engine.end("b")
    await settle()
    assert desk.engine.going_on == {*"acd"}, "the next one joins as soon as there is room"
    await desk.end_all()
    assert {prompt: desk.text(answer) for prompt, answer in answers.items()} == {p: p for p in "abcde"}


@pytest.mark.parametrize("has_room", [False, True])
async def test_a_late_run_gives_way_to_one_that_the_engine_has_no_room_for(
    tmp_path: Path, has_room: bool
) -> None:
    desk = Desk(tmp_path)
    desk.engine.without_room = set() if has_room else {"b"}
    greedy, other = desk.ask("a", due_s=10), desk.ask("b", due_s=60)
    await settle()
    assert desk.engine.going_on == {*"ab"}
    desk.clock.pass_s(10 + GRACE_S)
    desk.answering.on_health(desk.engine.health)
    await settle()
    assert desk.engine.going_on == ({*"ab"} if has_room else {"b"})
    await desk.end_all()
    assert desk.text(other) == "b"
    if not has_room:
        with pytest.raises(ProblemError) as caught:
            greedy.result()
        assert caught.value.problem.code == "answer_too_late"


async def test_the_engine_is_told_when_a_run_is_due_and_whose_it_is(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.ask("a", session_id=7, due_s=30)
    desk.ask("b", session_id=REPRODUCIBLE, due_s=40)
    await desk.end_all()
    told = [(one.session_id, one.deadline_at, one.is_reproducible) for one in desk.engine.asked]
    assert told == [(7, desk.clock.now() + 30, False), (REPRODUCIBLE, desk.clock.now() + 40, True)]


async def test_a_cancelled_task_leaves_its_place_to_the_next(tmp_path: Path) -> None:
    desk = Desk(tmp_path, slots=2)
    answers = [desk.ask(prompt) for prompt in "abcd"]
    await settle()
    answers[0].cancel()
    answers[2].cancel()
    await settle()
    assert desk.engine.going_on == {*"bd"}
    await desk.end_all()
    assert desk.engine.begun == [*"abd"]


async def test_a_reproducible_task_has_the_engine_to_itself(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.ask("before")
    await settle()
    desk.ask("alone", session_id=REPRODUCIBLE)
    desk.ask("after")
    await settle()
    assert desk.engine.going_on == {"before"}, "who comes later does not pass it"
    desk.engine.end("before")
    await settle()
    assert desk.engine.going_on == {"alone"}
    desk.engine.end("alone")
    await settle()
    assert desk.engine.going_on == {"after"}


async def test_when_the_engine_dies_every_run_is_repeated_each_by_itself(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    answers = {prompt: desk.ask(prompt) for prompt in "abc"}
    await settle()
    desk.engine.die()
    await settle()
    for prompt in "abc":
        assert desk.engine.going_on == {prompt}, "any of them may be what it died of"
        desk.engine.end(prompt)
        await settle()
    assert [desk.text(answer) for answer in answers.values()] == [*"abc"]
    assert [len(answer.result().details.lost_runs) for answer in answers.values()] == [1, 1, 1]


async def test_a_prompt_that_kills_the_engine_every_time_takes_no_other_with_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    answers = {prompt: desk.ask(prompt) for prompt in ("good", "killer", "well")}
    later = None
    await settle()
    while desk.engine.going_on:
        if "killer" in desk.engine.going_on:
            desk.engine.die()
            later = later or desk.ask("later")
        else:
            desk.engine.end(min(desk.engine.going_on))
        await settle()
    assert later is not None
    with pytest.raises(ProblemError) as given_up:
        answers["killer"].result()
    assert given_up.value.problem.code == "engine_died"
    assert desk.engine.begun.count("killer") == MOST_RUNS
    assert [desk.engine.begun.count(prompt) for prompt in ("good", "well", "later")] == [2, 2, 1]
    assert [desk.text(answers["good"]), desk.text(answers["well"]), desk.text(later)] == [
        "good",
        "well",
        "later",
    ]


async def test_a_run_past_its_deadline_gives_way_to_a_task_that_can_be_in_time(tmp_path: Path) -> None:
    desk = Desk(tmp_path, slots=1)
    greedy = desk.ask("greedy", due_s=60)
    await settle()
    desk.clock.pass_s(600)
    await settle()
    assert desk.engine.going_on == {"greedy"}, "nobody waits for it: it may still be of use"
    waiting = desk.ask("waiting", due_s=60)
    await asyncio.wait({greedy})
    with pytest.raises(ProblemError) as refused:
        greedy.result()
    assert refused.value.problem.code == "answer_too_late"
    assert "its deadline passed 540 s ago" in refused.value.problem.why
    await desk.end_all()
    assert desk.text(waiting) == "waiting"
