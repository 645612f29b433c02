"""A time limit that ran out while this process stood still is no fault of the endpoint's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from cortensor_tui.chain.rpc import exchange
from cortensor_tui.chain.rpc.exchange import ExchangeError, HttpExchange
from cortensor_tui.domain.endpoints import EndpointFault

LIMIT_S = 0.2


class LateEndpoint:
    """Leaves the first request without an answer, and answers those after it at once."""

    def __init__(self) -> None:
        self.requests = 0
        self._closing = asyncio.Event()
        app = web.Application()
        app.router.add_post("/", self._answer)
        self.server = TestServer(app)

    async def _answer(self, request: web.Request) -> web.Response:
        self.requests += 1
        if self.requests == 1:
            await self._closing.wait()
        return web.json_response({"jsonrpc": "2.0", "id": 1, "result": "0x1"})

    async def close(self) -> None:
        self._closing.set()
        await self.server.close()


@pytest.fixture
async def endpoint() -> AsyncIterator[LateEndpoint]:
    endpoint = LateEndpoint()
    await endpoint.server.start_server()
    yield endpoint
    await endpoint.close()


@pytest.fixture
async def asking(endpoint: LateEndpoint) -> AsyncIterator[HttpExchange]:
    asking = HttpExchange(str(endpoint.server.make_url("/")))
    yield asking
    await asking.close()


async def test_after_a_standstill_it_is_asked_again_at_once(
    endpoint: LateEndpoint, asking: HttpExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "STOOD_STILL_FROM_S", -1.0)
    assert (await asking.post({}, LIMIT_S))["result"] == "0x1"
    assert endpoint.requests == 2
    assert asking.latency_ms is not None
    assert asking.latency_ms < LIMIT_S * 1000, "the standstill is no latency"


async def test_an_endpoint_that_is_late_by_itself_is_told_so(
    endpoint: LateEndpoint, asking: HttpExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "STOOD_STILL_FROM_S", 60.0)
    with pytest.raises(ExchangeError) as caught:
        await asking.post({}, LIMIT_S)
    assert caught.value.fault is EndpointFault.TIMEOUT
    assert endpoint.requests == 1
