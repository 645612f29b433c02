"""When blocks came, as told by the chain itself and not by the node."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
from aiohttp import ClientSession, ClientWebSocketResponse

from benchmarks.processes import BenchmarkError

SUBSCRIBE = '{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}'
START_TIMEOUT_S = 10.0


class Heads:
    """Block number → when its head arrived here, unix seconds."""

    def __init__(self) -> None:
        self.arrived_at: dict[int, float] = {}

    async def follow(self, socket: ClientWebSocketResponse) -> None:
        """Note every head until the connection ends."""
        async for message in socket:
            arrived_at = time.time()
            head = msgspec.json.decode(message.data)["params"]["result"]
            self.arrived_at.setdefault(int(head["number"], 16), arrived_at)


@asynccontextmanager
async def watched_heads(rpc_url: str) -> AsyncIterator[Heads]:
    """Subscribe to the chain's heads until the block is left."""
    heads = Heads()
    async with ClientSession() as session, session.ws_connect(rpc_url.replace("http", "ws", 1)) as socket:
        await socket.send_str(SUBSCRIBE)
        answer = await socket.receive(START_TIMEOUT_S)
        if "result" not in msgspec.json.decode(answer.data):
            raise BenchmarkError(f"the chain takes no subscription: {answer.data}")
        following = asyncio.create_task(heads.follow(socket))
        try:
            yield heads
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
