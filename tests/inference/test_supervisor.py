"""One life after another of a process that a test makes up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.inference.problems import engine_died
from cortensor_tui.inference.restarts import RestartLimits
from cortensor_tui.inference.supervisor import Supervisor
from cortensor_tui.inference.told_health import ToldHealth
from tests.support.clock import StandingClock

LIMITS = RestartLimits(deaths=3, deaths_within_s=60.0, first_backoff_s=0.0)


class MadeUp:
    """A process that is ready or dies when the test says so; each life is counted."""

    def __init__(self) -> None:
        self.lives = 0
        self.died: asyncio.Queue[str] = asyncio.Queue()
        self.given_up: list[str] = []
        unstarted = EngineHealth(state=EngineState.STOPPED, engine="made up", model="none")
        self.health = ToldHealth(unstarted, None)
        self.supervisor: Supervisor[int] = Supervisor(
            self.live_once, self.health, LIMITS, StandingClock(), lambda why: self.given_up.append(why.code)
        )

    async def live_once(self) -> Problem:
        self.lives += 1
        try:
            self.supervisor.ready(self.lives)
            return engine_died(await self.died.get())
        finally:
            self.supervisor.lost()


@pytest.fixture
async def process() -> AsyncIterator[MadeUp]:
    """A process that is not started."""
    process = MadeUp()
    yield process
    await process.supervisor.stop()


async def test_who_waits_gets_the_life_that_is_ready(process: MadeUp) -> None:
    with pytest.raises(ProblemError, match="stopped"):
        await process.supervisor.until_ready()
    process.supervisor.start()
    process.supervisor.start()
    assert await process.supervisor.until_ready() == 1

    process.died.put_nowait("it was killed")
    while process.supervisor.is_ready:
        await asyncio.sleep(0)

    assert await process.supervisor.until_ready() == 2
    now = process.health.now
    assert (now.state, now.restarts, now.death) == (EngineState.STARTING, 1, "it was killed")
    assert process.given_up == []


async def test_what_keeps_dying_is_given_up_with_its_last_words_and_can_be_started_again(
    process: MadeUp,
) -> None:
    for how in ("it broke", "it broke", "it broke for good"):
        process.died.put_nowait(how)
    process.supervisor.start()
    while not process.given_up:
        await asyncio.sleep(0)

    with pytest.raises(ProblemError, match="It broke for good") as caught:
        await process.supervisor.until_ready()
    assert process.lives == 3
    assert process.health.now.state is EngineState.FAILED
    assert process.health.now.error == caught.value.problem.sentence()
    process.supervisor.start()
    assert await process.supervisor.until_ready() == 4
    assert process.health.now.restarts == 3


async def test_stopping_ends_the_life_and_those_who_wait(process: MadeUp) -> None:
    process.supervisor.start()
    await process.supervisor.until_ready()
    process.supervisor.lost()
    waiting = asyncio.create_task(process.supervisor.until_ready())
    await asyncio.sleep(0)

    await process.supervisor.stop()

    with pytest.raises(ProblemError, match="stopped"):
        await waiting
    assert process.health.now.state is EngineState.STOPPED
    assert not process.supervisor.is_ready
