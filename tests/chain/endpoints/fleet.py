"""Endpoints that a test scripts, pools over them, and the time they live in."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from cortensor_tui.chain.endpoints import EndpointPool
from cortensor_tui.domain.endpoints import EndpointState
from cortensor_tui.domain.problems import ProblemError
from tests.chain.endpoints.scripted import ScriptedEndpoint
from tests.support.clock import StandingClock

LOOK_S = 10.0


class Fleet:
    """Starts endpoints and opens pools; `stack` stops and closes them."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.clock = StandingClock()
        self._stack = stack

    async def start(self, count: int) -> list[ScriptedEndpoint]:
        """Start so many endpoints."""
        endpoints = [ScriptedEndpoint() for _ in range(count)]
        for endpoint in endpoints:
            await endpoint.start()
            self._stack.push_async_callback(endpoint.stop)
        return endpoints

    def open_pool(
        self, *endpoints: ScriptedEndpoint, known_genesis: str | None = None, per_s: float = 1e6
    ) -> EndpointPool:
        """Open a pool over endpoints; the first is HOST."""
        pool = EndpointPool(
            [endpoint.url for endpoint in endpoints],
            chain_id=31337,
            known_genesis=known_genesis,
            requests_per_s=per_s,
            clock=self.clock,
        )
        self._stack.push_async_callback(pool.close)
        return pool

    async def look(self, pool: EndpointPool, after_s: float = LOOK_S) -> None:
        """Let time pass, look at the chain as the node does, and let the pool see after the others."""
        self.clock.pass_s(after_s)
        await pool.call("eth_blockNumber")
        await pool.tend()

    async def admitted(self, count: int, per_s: float = 1e6) -> tuple[list[ScriptedEndpoint], EndpointPool]:
        """Start so many endpoints and a pool that has asked each of them who it is."""
        endpoints = await self.start(count)
        pool = self.open_pool(*endpoints, per_s=per_s)
        await self.look(pool)
        return endpoints, pool


def states(pool: EndpointPool) -> list[EndpointState]:
    return [health.state for health in pool.health()]


async def ask_in_vain(pool: EndpointPool, times: int = 3) -> None:
    """Ask what nobody answers; three times in a row give an endpoint a rest."""
    for _ in range(times):
        with pytest.raises(ProblemError):
            await pool.call("eth_gasPrice")
