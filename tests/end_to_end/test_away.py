"""A node that stood still, and one that was killed, tell what they missed, once."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.tasks import TaskKey
from tests.world import World, status_of, until_verdict

pytestmark = pytest.mark.real


async def until_missed(settings: Path, count: int) -> None:
    async with asyncio.timeout(30):
        while (await status_of(settings)).missed_tasks != count:
            await asyncio.sleep(0.1)


async def missed(world: World, settings: Path) -> dict[str, str]:
    """Return the notes of the missed tasks by their ids."""
    told = await world.command(settings, "tasks", "--filter", "missed")
    return {f"{one['session_id']}/{one['task_id']}": one["note"] for one in told["tasks"]}


async def test_what_ends_while_the_node_is_away_is_missed_once(any_world: World) -> None:
    world = any_world
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings()
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        process.send_signal(signal.SIGSTOP)
        key = await world.submit(session_id, "Count to five.")
        await world.until_ended(key)
        process.send_signal(signal.SIGCONT)
        await until_missed(settings, 1)
        found = await missed(world, settings)
        assert list(found) == [str(key)]
        assert "ack due by" in found[str(key)]
        assert "this process stood still from" in found[str(key)]
        assert "did not answer" not in (await status_of(settings)).reason
        process.kill()
        await process.wait()
    later: TaskKey = await world.submit(session_id, "Count to six.")
    await world.until_ended(later)
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        await until_missed(settings, 2)
        found = await missed(world, settings)
        assert set(found) == {str(key), str(later)}
        assert "this node took no block from" in found[str(later)]
