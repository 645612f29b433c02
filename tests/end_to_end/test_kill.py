"""Kill -9 after each step that the journal takes: the task still ends, once."""

from __future__ import annotations

import asyncio

import pytest
from eth_utils.crypto import keccak

from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.inference import EngineState
from tests.chaos.steps import STEPS
from tests.end_to_end.dying_node import blocks_go_on, dying
from tests.world import World, until_engine, until_verdict

pytestmark = pytest.mark.real
SENT = [step for step in STEPS if step.endswith("sent")]
"""Here blocks are stopped before the transaction: once mined, it may never be seen sent."""


@pytest.mark.parametrize("step", [step for step in STEPS if step not in SENT])
async def test_the_task_ends_once(world: World, step: str) -> None:
    await end_once(world, step)


@pytest.mark.parametrize("step", SENT)
async def test_the_task_ends_once_where_what_was_sent_is_not_mined_yet(
    ticking_world: World, step: str
) -> None:
    await end_once(ticking_world, step)


async def end_once(world: World, step: str) -> None:
    """Kill a node after a step of a task, and see the task to its end with another."""
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings()
    async with world.node(settings, *dying(step, settings)) as doomed:
        if step in SENT:  # this chain's time goes on, and no task is acked before the model is loaded
            await until_verdict(settings, Verdict.SERVING, doomed)
        key = await world.submit(session_id, "Count to five.")
        assert await asyncio.wait_for(doomed.wait(), 90) == -9
    async with world.node(settings) as process:
        if step in SENT:
            await until_engine(settings, EngineState.READY)
            await blocks_go_on(world)
        await world.until_ended(key)
        await until_verdict(settings, Verdict.SERVING, process)
        [result] = await world.reader.results(key)
        assert result.data
        assert result.hash == "0x" + keccak(result.data.encode()).hex()
    events = await world.events_of(key)
    assert [events[f"Task{name}"] for name in ("Acked", "Precommitted", "Committed", "Ended")] == [1] * 4
    assert await world.transaction_count(world.miner.address) == 3, "one ack, one precommit, one commit"


async def test_the_steps_above_are_all_there_are(ticking_world: World) -> None:
    world = ticking_world
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings()
    async with world.node(settings, *dying("record", settings)) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        key = await world.submit(session_id, "Count to five.")
        await world.until_ended(key)
        steps = settings.with_name(settings.name + ".steps")
        async with asyncio.timeout(30):
            while "ended" not in steps.read_text().splitlines():
                await asyncio.sleep(0.05)
    # Opening the journal is no step of a task: killed there, nothing has begun.
    assert set(steps.read_text().splitlines()) == {*STEPS, "chain known"}
