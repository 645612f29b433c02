"""What an owner does with a session, through the whole node and its guarded key."""

from __future__ import annotations

import asyncio

import pytest

from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.swaps import SwapStage
from tests.world import LOOK_S, World, status_of, until_verdict

pytestmark = pytest.mark.real


async def test_a_swap_waits_for_the_task_then_a_router_is_listed_and_the_session_given_away(
    world: World,
) -> None:
    session_id = await world.create_session()
    await world.bind(session_id)
    session, other = str(session_id), world.stranger.address
    settings = world.settings()
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        key = await world.submit(session_id, "Count from one to two hundred, in words.")
        async with asyncio.timeout(30):
            while not (await world.reader.task(key)).assigned_miners:
                await asyncio.sleep(LOOK_S)
        await world.rpc.call("evm_setAutomine", False)  # the task must not end before the swap waits
        swapping = asyncio.create_task(world.command(settings, "swap", session, "--bind", other, "--wait"))
        async with asyncio.timeout(60):
            while not (swaps := (await status_of(settings)).swaps) and not swapping.done():
                await asyncio.sleep(LOOK_S)
        assert [(one.session_id, one.stage) for one in swaps] == [(session_id, SwapStage.WAITING)]
        await world.rpc.call("evm_setAutomine", True)
        await world.rpc.call("evm_mine")
        assert (await swapping)["bound"]["state"] == "mined"
        assert (await world.reader.task(key)).is_ended
        assert (await world.reader.sessions([session_id]))[0].dedicated_nodes == (other,)

        await world.command(settings, "session", "router", session, other, "--text", "wss://router.example")
        await world.command(settings, "session", "hand-over", session, other, "--yes")

        [listed] = (await world.command(settings, "sessions"))["sessions"]
        assert (listed["owner"], listed["is_mine"]) == (other, False), "no event told of it"
        assert (await status_of(settings)).swaps == ()
    values = await world.reader.session_values(session_id)
    assert values[15] == ("wss://router.example",)
