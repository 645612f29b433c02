"""The head feed wakes the node; whatever it meets, it never stops trying and never says more than "look"."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from cortensor_tui.chain.endpoints import head_feed
from cortensor_tui.chain.endpoints.head_feed import HeadFeed
from cortensor_tui.domain.endpoints import NO_WEBSOCKET
from tests.devnet.devnet_on_anvil import DevnetOnAnvil

Serve = Callable[[web.WebSocketResponse], Awaitable[None]]
CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"


class Told:
    """Counts the news, and lets a test wait for the next; keeps how the feed stood."""

    def __init__(self) -> None:
        self.count = 0
        self.stood: list[bool] = []
        self._more = asyncio.Event()

    def news(self) -> None:
        self.count += 1
        self._more.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30):
            while self.count < count:
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def following(url: str, *addresses: str) -> AsyncIterator[tuple[HeadFeed, Told]]:
    told = Told()
    feed = HeadFeed(url, addresses or (CONTRACT,), told.news, told.stood.append)
    task = asyncio.create_task(feed.run())
    try:
        yield feed, told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await serve(socket)
        return socket

    app = web.Application()
    app.router.add_get("/v3/SECRETTOKEN", answer)
    async with TestServer(app) as server:
        yield f"ws://127.0.0.1:{server.port}/v3/SECRETTOKEN"


@asynccontextmanager
async def answering(status: int) -> AsyncIterator[tuple[str, list[int]]]:
    """Serve HTTP only, and count who asked for more."""
    asked: list[int] = []

    async def refuse(_: web.Request) -> web.Response:
        asked.append(status)
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/", refuse)
    async with TestServer(app) as server:
        yield f"ws://127.0.0.1:{server.port}/", asked


async def subscribe(socket: web.WebSocketResponse) -> None:
    for _ in range(2):
        asked = await socket.receive_json()
        await socket.send_json({"jsonrpc": "2.0", "id": asked["id"], "result": f"0x{asked['id']}"})


def notice(subscription: str) -> dict[str, object]:
    params = {"subscription": subscription, "result": {}}
    return {"jsonrpc": "2.0", "method": "eth_subscription", "params": params}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_feed, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(head_feed, "LONGEST_PAUSE_S", 0.01)


@pytest.mark.real
async def test_a_log_of_the_contracts_is_news_and_another_block_is_not(devnet: DevnetOnAnvil) -> None:
    url = "ws" + devnet.rpc.url.removeprefix("http")
    async with following(url, devnet.contracts.session_v2) as (feed, told):
        await told.until(1)  # the connection itself: something may have been missed
        assert feed.health == "connected"
        for _ in range(3):
            await devnet.rpc.call("evm_mine")
        assert told.count == 1
        await devnet.create_session()
        await told.until(2)


async def test_after_each_loss_it_subscribes_anew() -> None:
    async def drop(socket: web.WebSocketResponse) -> None:
        await subscribe(socket)
        await socket.close()

    async with serving(drop) as url, following(url) as (_, told):
        await told.until(3)
        assert told.stood[:4] == [True, False, True, False], "each loss is told"


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[]",
        "[" * 5000,
        '{"id": 1, "error": {"code": -32601, "message": "no such method"}}',
        '{"id": 1, "result": 7}',
        "x" * (head_feed.MAX_FRAME_BYTES + 1),
    ],
    ids=["text", "list", "deep", "refused", "odd id", "huge"],
)
async def test_nonsense_ends_the_connection_and_is_no_news(frame: str) -> None:
    connections = asyncio.Semaphore(0)

    async def talk_nonsense(socket: web.WebSocketResponse) -> None:
        connections.release()
        await socket.receive_json()
        await socket.send_str(frame)
        await socket.receive()

    async with serving(talk_nonsense) as url, following(url) as (feed, told):
        async with asyncio.timeout(30):
            for _ in range(3):
                await connections.acquire()
        assert feed.health.startswith("lost: ")
        assert "SECRETTOKEN" not in feed.health
        assert told.count == 0


async def test_notices_of_heads_and_of_other_subscriptions_are_no_news() -> None:
    async def tell(socket: web.WebSocketResponse) -> None:
        await subscribe(socket)
        for subscription in ("0x1", "0x9", "0x1", "0x2"):
            await socket.send_json(notice(subscription))
        await socket.receive()

    async with serving(tell) as url, following(url) as (_, told):
        await told.until(2)
        assert told.count == 2  # the connection, and the one log


async def test_a_silent_feed_is_taken_for_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_feed, "SILENCE_S", 0.02)

    async def fall_silent(socket: web.WebSocketResponse) -> None:
        await subscribe(socket)
        await socket.receive()

    async with serving(fall_silent) as url, following(url) as (feed, told):
        await told.until(3)
        assert feed.error in ("", "it is silent")


async def test_an_endpoint_without_a_websocket_is_told(unused_tcp_port: int) -> None:
    app = web.Application()
    async with TestServer(app) as server, following(f"ws://127.0.0.1:{server.port}/SECRETTOKEN") as (feed, _):
        async with asyncio.timeout(30):
            while not feed.error:
                await asyncio.sleep(0)
        assert feed.health == "lost: HTTP 404 instead of a WebSocket"


@pytest.mark.parametrize("status", [404, 405, 200])
async def test_a_feed_that_was_only_guessed_is_calm_about_an_endpoint_without_one(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(head_feed, "ABSENT_PAUSE_S", 3600.0)
    with capture_logs() as lines:
        async with answering(status) as (url, asked), asyncio.timeout(30):
            feed = HeadFeed(url, (CONTRACT,), lambda: None, is_guessed=True)
            task = asyncio.create_task(feed.run())
            try:
                while feed.health == "connecting":
                    await asyncio.sleep(0)
                assert feed.report().health == NO_WEBSOCKET
                await asyncio.sleep(0.1)  # ten of the pauses after a loss
                assert asked == [status], "it is asked again rarely"
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
    assert {line["log_level"] for line in lines} == {"info"}


@pytest.mark.parametrize("status", [503, 429])
async def test_a_guessed_feed_whose_endpoint_is_in_trouble_is_lost_and_asked_again_soon(status: int) -> None:
    async with answering(status) as (url, asked), asyncio.timeout(30):
        feed = HeadFeed(url, (CONTRACT,), lambda: None, is_guessed=True)
        task = asyncio.create_task(feed.run())
        try:
            while len(asked) < 3:
                await asyncio.sleep(0)
            assert feed.health == f"lost: HTTP {status} instead of a WebSocket"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_fault_of_our_own_shows_as_lost_and_it_starts_again() -> None:
    """Without news every look comes late, and a feed that is said to be connected lets nobody know."""
    calls = 0
    recovered = asyncio.Event()

    async def tell(socket: web.WebSocketResponse) -> None:
        await subscribe(socket)
        await socket.receive()

    def fail_at_first() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise KeyError("SECRETTOKEN")
        recovered.set()

    async with serving(tell) as url, asyncio.timeout(30):
        feed = HeadFeed(url, (CONTRACT,), fail_at_first)
        task = asyncio.create_task(feed.run())
        try:
            while not feed.error:
                await asyncio.sleep(0)
            assert feed.health == "lost: KeyError"
            await recovered.wait()
            assert feed.health == "connected"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert not feed.is_connected, "what nobody follows is not connected"
