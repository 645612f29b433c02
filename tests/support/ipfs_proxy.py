"""Stands before an IPFS node and misbehaves when told to: it lies, or keeps silent in the middle."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web


class IpfsProxy:
    """`lies`: the last byte of each block is another one. `stalls`: blocks begin and never end.

    `refusal` is what the node says no to everything with, as Kubo does. `words` are what it answers with
    instead, `status` with which status.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.url = ""
        self.lies = False
        self.stalls = False
        self.refusal = ""
        self.words: bytes | None = None
        self.status = 200
        self.calls: Counter[str] = Counter()
        self._over = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[IpfsProxy]:
        """Listen until the block is left."""
        runner = web.ServerRunner(web.Server(self._serve), shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        sockets = site._server.sockets  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            self._over.set()
            await runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        call = request.path.removeprefix("/api/v0/")
        self.calls[call] += 1
        if self.refusal:
            return web.json_response({"Message": self.refusal, "Code": 0, "Type": "error"}, status=500)
        if self.words is not None:
            await request.content.read()
            return web.Response(status=self.status, body=self.words)
        headers = {"Content-Type": request.headers.get("Content-Type", "")}
        async with aiohttp.ClientSession() as session:
            url, body = f"{self.target}{request.path_qs}", await request.content.read()
            async with session.post(url, data=body, headers=headers) as response:
                status, told = response.status, await response.read()
        if call != "block/get":
            return web.Response(status=status, body=told)
        if self.lies:
            told = told[:-1] + bytes([told[-1] ^ 1])
        if not self.stalls:
            return web.Response(status=status, body=told)
        begun = web.StreamResponse()
        await begun.prepare(request)
        await begun.write(told[:1])
        await self._over.wait()
        return begun
