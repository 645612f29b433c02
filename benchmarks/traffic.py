"""An endpoint in front of an endpoint that counts the HTTP requests it passes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
from aiohttp import ClientSession, web

from benchmarks.processes import BenchmarkError, running
from benchmarks.served import PROGRAM
from cortensor_tui.domain.health import Verdict
from tests.world import World, until_verdict

SETTLING_S = 5.0  # what a start sets off must not fall into an idle minute
MOST_BYTES = 64 * 1024 * 1024


class Counter:
    """How many requests went through."""

    def __init__(self) -> None:
        self.requests = 0


class IdleTraffic(msgspec.Struct, frozen=True, kw_only=True):
    """HTTP requests a second of an idle node."""

    in_use_per_s: float
    standby_per_s: float
    seconds: int


@asynccontextmanager
async def counted(url: str) -> AsyncIterator[tuple[str, Counter]]:
    """Serve an address that passes every request on to `url`; yield it with its counter."""
    counter = Counter()
    async with ClientSession() as session:

        async def pass_on(request: web.Request) -> web.Response:
            counter.requests += 1
            headers = {"Content-Type": "application/json"}
            async with session.post(url, data=await request.read(), headers=headers) as answer:
                return web.Response(status=answer.status, body=await answer.read(), headers=headers)

        application = web.Application(client_max_size=MOST_BYTES)
        application.router.add_post("/", pass_on)
        runner = web.AppRunner(application)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            yield f"http://127.0.0.1:{port}", counter
        finally:
            await runner.cleanup()


async def idle_traffic(world: World, seconds: int) -> IdleTraffic:
    """Run a node with two endpoints, bound to a session that nobody uses, and count what it asks them."""
    session_id = await world.create_session("idle")
    await world.bind(session_id)
    async with AsyncExitStack() as stack:
        in_use_url, in_use = await stack.enter_async_context(counted(world.info.rpc_url))
        standby_url, standby = await stack.enter_async_context(counted(world.info.rpc_url))
        settings = _settings(world, in_use_url, standby_url)
        process = await stack.enter_async_context(
            running(*PROGRAM, "node", "run", "--env", str(settings), stderr=asyncio.subprocess.PIPE)
        )
        try:
            await until_verdict(settings, Verdict.SERVING, process)
        except AssertionError as error:  # it has the node's own words
            raise BenchmarkError(str(error)) from error
        await asyncio.sleep(SETTLING_S)
        before = (in_use.requests, standby.requests)
        await asyncio.sleep(seconds)
        return IdleTraffic(
            in_use_per_s=(in_use.requests - before[0]) / seconds,
            standby_per_s=(standby.requests - before[1]) / seconds,
            seconds=seconds,
        )


def _settings(world: World, in_use_url: str, standby_url: str) -> Path:
    return world.settings(
        "idle", HOST=in_use_url, RPC_HOST_0=standby_url, NUM_RPC_HOST="1", ENABLE_MULTIPLE_RPC_HOST="1"
    )
