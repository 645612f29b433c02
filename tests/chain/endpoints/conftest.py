"""Endpoints that a test scripts, and a pool over them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from cortensor_tui.chain.endpoints import EndpointPool
from tests.chain.endpoints.scripted import ScriptedEndpoint
from tests.support.clock import StandingClock

StartEndpoints = Callable[[int], Awaitable[list[ScriptedEndpoint]]]
OpenPool = Callable[..., EndpointPool]


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
async def start() -> AsyncIterator[StartEndpoints]:
    """Start so many endpoints."""
    async with AsyncExitStack() as stack:

        async def start_some(count: int) -> list[ScriptedEndpoint]:
            endpoints = [ScriptedEndpoint() for _ in range(count)]
            for endpoint in endpoints:
                await endpoint.start()
                stack.push_async_callback(endpoint.stop)
            return endpoints

        yield start_some


@pytest.fixture
async def open_pool(clock: StandingClock) -> AsyncIterator[OpenPool]:
    """Open a pool over endpoints; the first is HOST."""
    async with AsyncExitStack() as stack:

        def opened(
            *endpoints: ScriptedEndpoint,
            chain_id: int | None = 31337,
            known_genesis: str | None = None,
            per_s: float = 1e6,
        ) -> EndpointPool:
            urls = [endpoint.url for endpoint in endpoints]
            pool = EndpointPool(
                urls, chain_id=chain_id, known_genesis=known_genesis, requests_per_s=per_s, clock=clock
            )
            stack.push_async_callback(pool.close)
            return pool

        yield opened
