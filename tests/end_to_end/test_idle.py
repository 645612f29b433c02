"""How often a node asks its endpoints while nothing happens."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from cortensor_tui.domain.endpoints import EndpointState
from cortensor_tui.domain.health import Verdict
from tests.support.fault_proxy import open_proxy
from tests.world import LOOK_S, World, open_world, status_of, until_verdict

pytestmark = pytest.mark.real
BLOCKS = 10  # of a second each, or a little more on a busy machine


async def head(world: World) -> int:
    return int(await world.rpc.call("eth_blockNumber"), 16)


async def until_head(world: World, number: int) -> None:
    async with asyncio.timeout(120):
        while await head(world) < number:
            await asyncio.sleep(LOOK_S)


async def test_an_idle_node_asks_two_requests_a_second_and_a_standby_one_in_ten(
    tmp_path: Path, default_model: Path
) -> None:
    async with (
        open_world(tmp_path, default_model, "anvil") as world,
        open_proxy(world.info.rpc_url) as host,
        open_proxy(world.info.rpc_url) as standby,
    ):
        session_id = await world.create_session()
        await world.bind(session_id)
        settings = world.settings(
            HOST=host.url, ENABLE_MULTIPLE_RPC_HOST="1", NUM_RPC_HOST="1", RPC_HOST_0=standby.url
        )
        async with world.node(settings) as node:
            await until_verdict(settings, Verdict.SERVING, node)
            start = await head(world) + 2
            await until_head(world, start)
            before, methods, began = (host.requests, standby.requests), host.methods.copy(), time.monotonic()
            await until_head(world, start + BLOCKS)
            asked = host.requests - before[0], standby.requests - before[1]
            passed_s = time.monotonic() - began
            endpoints = (await status_of(settings)).chain.endpoints
    assert 5 <= asked[0] <= 2 * passed_s, dict(host.methods - methods)
    assert 1 <= asked[1] <= passed_s / 10 + 1  # one more may fall on the edge
    assert [one.state for one in endpoints] == [EndpointState.IN_USE, EndpointState.STANDBY]
    assert [one.fault for one in endpoints] == [None, None]
