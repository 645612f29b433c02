"""An engine that goes away between two steps keeps a task waiting, and costs it nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.domain.inference import EngineState, LostRun
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.inference.params import asked_from_llm_params
from cortensor_tui.inference.problems import engine_died
from cortensor_tui.journal.tasks import TaskDetails, TaskRecord
from cortensor_tui.miner.answering import Answering, InferenceFeed
from cortensor_tui.node.hub import Hub
from cortensor_tui.node.live import LiveRuns
from cortensor_tui.storage.local_store import LocalStore
from tests.dashboard import samples
from tests.support.clock import StandingClock
from tests.support.engines import PROMPTS, READY, UNHEARD, SharedEngine, ToldEngine

GONE = msgspec.structs.replace(READY, state=EngineState.STARTING, context_tokens=None)


def asked(store: LocalStore) -> TaskRecord:
    details = TaskDetails(prompt_type=1, prompt_template="", asked=asked_from_llm_params((64,) * 7))
    cid = store.put(b"Is it?")
    return TaskRecord(key=TaskKey(0, 0), stage=Stage.ACKED, prompt_cid=cid, details=details, assigned_at=1.0)


async def let_it_go_on() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_an_engine_that_went_before_the_run_is_waited_for(tmp_path: Path) -> None:
    store, engine = LocalStore(tmp_path), ToldEngine()
    answering = Answering(engine, store, PROMPTS, UNHEARD)
    engine.health = GONE  # nobody was told yet
    answer = asyncio.create_task(answering.answer(asked(store), lambda record: None))
    await let_it_go_on()
    assert not answer.done()
    assert engine.runs == 0
    engine.health = READY
    answering.on_health(READY)
    assert (await answer).answer_cid is not None
    assert engine.runs == 1


async def test_an_engine_that_went_again_at_once_is_not_taken_for_ready(tmp_path: Path) -> None:
    store, engine = LocalStore(tmp_path), ToldEngine()
    engine.health = GONE
    answering = Answering(engine, store, PROMPTS, UNHEARD)
    waiting = asyncio.create_task(answering.ready())
    await let_it_go_on()
    answering.on_health(READY)
    answering.on_health(GONE)
    await let_it_go_on()
    assert not waiting.done()
    answering.on_health(READY)
    await waiting


async def test_who_waits_for_an_engine_that_is_down_is_told_why(tmp_path: Path) -> None:
    engine = ToldEngine()
    engine.health = msgspec.structs.replace(GONE, failure=engine_died("it was killed by SIGKILL"))
    answering = Answering(engine, LocalStore(tmp_path), PROMPTS, UNHEARD)
    told: list[Problem] = []
    waiting = asyncio.create_task(answering.ready(told.append))
    await let_it_go_on()
    assert told == [engine.health.failure]
    answering.on_health(READY)
    await waiting


async def test_a_run_lost_with_its_engine_is_kept_with_when_and_why(tmp_path: Path) -> None:
    store, engine, clock = LocalStore(tmp_path), ToldEngine(), StandingClock()
    engine.deaths = ["it was killed by SIGKILL", "it did not answer for 15 s"]
    started: list[TaskRecord] = []
    told: list[TaskRecord] = []
    began_at = clock.now()
    answering = Answering(engine, store, PROMPTS, UNHEARD, clock, sleep=clock.sleep)
    answered = await answering.answer(asked(store), started.append, on_lost=told.append)
    lost = tuple(
        LostRun(at=began_at + pauses_s, why=why) for why, pauses_s in zip(engine.deaths, (0, 1), strict=True)
    )
    assert [record.details.lost_runs for record in told] == [lost[:1], lost], "before the next run begins"
    assert answered.details.lost_runs == lost
    assert [record.details.lost_runs for record in started] == [(), lost[:1], lost]


async def test_a_run_that_ends_while_it_waits_inside_the_engine_was_never_begun(tmp_path: Path) -> None:
    store, engine = LocalStore(tmp_path), SharedEngine()
    engine.without_room.add("Is it?")
    told: list[str] = []
    feed = InferenceFeed(
        on_start=lambda key, prompt: told.append(f"started {key}"),
        on_event=lambda key, event: told.append(f"{event} of {key}"),
        on_stop=lambda key, problem: told.append(f"stopped {key}"),
    )
    answering = Answering(engine, store, PROMPTS, feed)
    answer = asyncio.create_task(
        answering.answer(asked(store), lambda record: told.append(f"journaled {record.key}"))
    )
    await let_it_go_on()
    assert engine.going_on == {"Is it?"}
    answer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answer
    assert told == []


async def test_a_run_whose_beginning_cannot_be_journaled_is_told_with_that_cause(tmp_path: Path) -> None:
    store, hub = LocalStore(tmp_path), Hub(samples.status())
    live = LiveRuns(hub)
    feed = InferenceFeed(on_start=live.start, on_event=live.event, on_stop=live.stop)

    def full_disk(record: TaskRecord) -> None:
        raise problem_error("journal_unwritable", "The disk is full")

    answering = Answering(ToldEngine(), store, PROMPTS, feed)
    with pytest.raises(ProblemError, match="The disk is full"):
        await answering.answer(asked(store), full_disk)
    assert hub.snapshot().runs == ()


async def test_a_server_that_fails_for_a_while_is_asked_until_it_answers(tmp_path: Path) -> None:
    store, engine, clock = LocalStore(tmp_path), ToldEngine(), StandingClock()
    engine.health = msgspec.structs.replace(READY, is_ours=False)
    engine.deaths = ["HTTP 502"] * 10
    due = msgspec.structs.replace(asked(store), deadline_at=clock.now() + 300)
    answering = Answering(engine, store, PROMPTS, UNHEARD, clock, sleep=clock.sleep)
    began_at = clock.now()
    answered = await answering.answer(due, lambda record: None)
    assert answered.answer_cid is not None
    assert len(answered.details.lost_runs) == 10
    assert clock.now() - began_at == 1 + 2 + 4 + 8 + 16 * 6


async def test_a_server_that_fails_to_the_end_is_asked_no_longer_than_the_answer_is_wanted(
    tmp_path: Path,
) -> None:
    store, engine, clock = LocalStore(tmp_path), ToldEngine(), StandingClock()
    engine.health = msgspec.structs.replace(READY, is_ours=False)
    engine.deaths = ["HTTP 502"] * 1_000
    deadline_at = clock.now() + 60
    due = msgspec.structs.replace(asked(store), deadline_at=deadline_at)
    with pytest.raises(ProblemError) as given_up:
        await Answering(engine, store, PROMPTS, UNHEARD, clock, sleep=clock.sleep).answer(
            due, lambda record: None
        )
    assert "HTTP 502" in given_up.value.problem.sentence()
    assert deadline_at - 16 <= clock.now() < deadline_at


async def test_an_engine_that_is_ready_and_does_not_say_its_context_is_told(tmp_path: Path) -> None:
    store, engine = LocalStore(tmp_path), ToldEngine()
    engine.health = msgspec.structs.replace(READY, context_tokens=None)
    with pytest.raises(ProblemError) as refused:
        await Answering(engine, store, PROMPTS, UNHEARD).answer(asked(store), lambda record: None)
    assert refused.value.problem.code == "engine_unready"


async def test_a_run_tells_when_it_began_and_when_its_answer_was_stored(tmp_path: Path) -> None:
    store, engine, clock = LocalStore(tmp_path), ToldEngine(), StandingClock()
    answering = Answering(engine, store, PROMPTS, UNHEARD, clock)
    began: list[float | None] = []

    def started(record: TaskRecord) -> None:
        began.append(record.times.run_began_at)
        clock.pass_s(2)

    answered = await answering.answer(asked(store), started)
    assert began == [clock.now() - 2]
    assert answered.times.run_began_at == clock.now() - 2
    assert answered.times.answer_stored_at == clock.now()
