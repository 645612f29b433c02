"""A proxy between a node and its chain endpoint that can be made faulty, and counts what passes.

It speaks HTTP JSON-RPC, single calls and batches. Each fault is switched on and off at any time; several may
be on. WebSocket upgrades are refused, as the public endpoints do.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from tests.support.chain_lies import ChainLies, Message, Sent
from tests.support.faults import (
    Cut,
    Fault,
    Latency,
    RateLimited,
    Reset,
    Silent,
    Sliced,
    StaleHead,
    Truncated,
)
from tests.support.ports import lasting_port

_LINGER_RST = struct.pack("ii", 1, 0)  # closing sends RST


class FaultProxy:
    """Stands in front of one endpoint. `affected` counts by fault, `methods` by JSON-RPC method."""

    def __init__(self, target: str, seed: int = 0) -> None:
        self.target = target
        self.affected: Counter[str] = Counter()
        self.methods: Counter[str] = Counter()
        self.requests = 0
        self._faults: dict[type[Any], Fault] = {}
        self._random = random.Random(seed)
        self._lies = ChainLies(self._faults, self.affected, self._random)
        self._times: deque[float] = deque(maxlen=100_000)
        self._silence_over = asyncio.Event()
        self._port = lasting_port()
        self._runner: web.ServerRunner | None = None
        self._upstream: aiohttp.ClientSession | None = None
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Return the address that a node is given."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def sent(self) -> list[Sent]:
        """Return every raw transaction that came by, in order."""
        return self._lies.sent

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return the faults that are on."""
        return tuple(self._faults.values())

    def requests_in(self, last_s: float) -> int:
        """Return how many HTTP requests came in the last seconds."""
        since = time.monotonic() - last_s
        return sum(at >= since for at in self._times)

    async def start(self) -> None:
        """Listen."""
        self._upstream = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        self._runner = web.ServerRunner(web.Server(self._serve), shutdown_timeout=0.1)
        await self._runner.setup()
        await self._listen()

    async def stop(self) -> None:
        """End every connection and free the port."""
        self._close_listener()
        self._silence_over.set()
        if self._runner is not None:
            self._hang_up()
            await self._runner.cleanup()
        if self._upstream is not None:
            await self._upstream.close()

    async def switch_on(self, fault: Fault) -> None:
        """Let a fault begin; one of the same kind that is on is replaced."""
        if isinstance(fault, StaleHead):
            self._lies.frozen_head = int(await self._ask_upstream("eth_blockNumber"), 16)
        self._faults[type(fault)] = fault
        if isinstance(fault, Silent):
            self._silence_over = asyncio.Event()
        if isinstance(fault, Cut):
            self.affected[Cut.__name__] += 1
            self._close_listener()
            self._hang_up()

    async def switch_off(self, kind: type[Any]) -> None:
        """Let a fault end, if it is on. Whoever was kept waiting by silence is hung up on."""
        if self._faults.pop(kind, None) is None:
            return
        self._lies.forget(kind)
        if kind is Cut:
            await self._listen()
        elif kind is Silent:
            self._silence_over.set()

    async def heal(self) -> None:
        """Let every fault end."""
        for kind in list(self._faults):
            await self.switch_off(kind)

    # --- the line ----------------------------------------------------------------------------------

    async def _listen(self) -> None:
        assert self._runner is not None
        assert self._runner.server is not None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._runner.server, "127.0.0.1", self._port)

    def _close_listener(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _hang_up(self) -> None:
        assert self._runner is not None
        assert self._runner.server is not None
        for connection in list(self._runner.server.connections):
            if connection.transport is not None:
                connection.transport.abort()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests += 1
        self._times.append(time.monotonic())
        if request.headers.get("Upgrade"):
            return web.Response(status=403, text="no WebSocket here")
        if self._is_on(Silent):
            await self._silence_over.wait()
            return self._reset(request)
        limit = self._faults.get(RateLimited)
        if isinstance(limit, RateLimited) and self.requests_in(1.0) > limit.per_s:
            self.affected[RateLimited.__name__] += 1
            wait_s = str(limit.retry_after_s)
            return web.Response(status=429, headers={"Retry-After": wait_s}, text="slow down")
        body = await request.read()
        reset = self._faults.get(Reset)
        is_reset = isinstance(reset, Reset) and self._random.random() < reset.share
        if is_reset and isinstance(reset, Reset) and not reset.is_passed_on:
            return self._reset(request)
        try:
            status, answer = await self._pass_on(body)
        except (
            TimeoutError,
            aiohttp.ClientError,
            OSError,
        ):  # the chain is down, and so is whoever asks for it
            self.affected["chain down"] += 1
            return self._reset(request)
        if is_reset:
            return self._reset(request)
        await self._be_late()
        try:
            return await self._write(request, status, answer)
        except ConnectionError:  # whoever asked is gone, or the line was cut meanwhile
            return web.Response()

    def _is_on(self, kind: type[Any]) -> bool:
        if kind not in self._faults:
            return False
        self.affected[kind.__name__] += 1
        return True

    async def _be_late(self) -> None:
        latency = self._faults.get(Latency)
        if isinstance(latency, Latency):
            self.affected[Latency.__name__] += 1
            await asyncio.sleep(latency.delay_s + self._random.uniform(0, latency.jitter_s))

    def _reset(self, request: web.BaseRequest) -> web.StreamResponse:
        self.affected[Reset.__name__] += 1
        if request.transport is not None:
            found = request.transport.get_extra_info("socket")
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RST)
            request.transport.abort()
        return web.Response()

    async def _write(self, request: web.BaseRequest, status: int, answer: bytes) -> web.StreamResponse:
        truncated, sliced = self._faults.get(Truncated), self._faults.get(Sliced)
        response = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
        response.content_length = len(answer)
        await response.prepare(request)
        if isinstance(truncated, Truncated) and len(answer) > truncated.most_bytes:
            self.affected[Truncated.__name__] += 1
            await response.write(answer[: truncated.most_bytes])
            if request.transport is not None:
                request.transport.close()
            return response
        if isinstance(sliced, Sliced):
            self.affected[Sliced.__name__] += 1
            for start in range(0, len(answer), sliced.piece_bytes):
                await response.write(answer[start : start + sliced.piece_bytes])
                await asyncio.sleep(sliced.pause_s)
        else:
            await response.write(answer)
        await response.write_eof()
        return response

    # --- what is said ------------------------------------------------------------------------------

    async def _pass_on(self, body: bytes) -> tuple[int, bytes]:
        try:
            asked = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return await self._post(body)
        requests = asked if isinstance(asked, list) else [asked]
        if not all(isinstance(one, dict) for one in requests):
            return await self._post(body)
        self.methods.update(str(one.get("method")) for one in requests)
        answers: dict[int, Message] = {}
        passed: dict[int, Message] = {}
        for index, one in enumerate(requests):
            changed, answer = self._lies.asked(one)
            if answer is None:
                passed[index] = changed
            else:
                answers[index] = answer
        status = 200
        if passed:
            status, found = await self._answers_of(list(passed.values()), is_batch=isinstance(asked, list))
            if isinstance(found, bytes):
                return status, found
            for (index, _), answer in zip(passed.items(), found, strict=True):
                answers[index] = self._lies.answered(requests[index], answer)
        ordered = [answers[index] for index in range(len(requests))]
        return status, msgspec.json.encode(ordered if isinstance(asked, list) else ordered[0])

    async def _answers_of(
        self, requests: list[Message], *, is_batch: bool
    ) -> tuple[int, list[Message] | bytes]:
        """Return the chain's answers in the order asked, or its bytes where they are no such answers."""
        status, body = await self._post(msgspec.json.encode(requests if is_batch else requests[0]))
        try:
            answer = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return status, body
        if not is_batch:
            return status, [answer] if isinstance(answer, dict) else body
        if not isinstance(answer, list) or not all(isinstance(one, dict) for one in answer):
            return status, body
        by_id = {one.get("id"): one for one in answer}
        unanswered = {"jsonrpc": "2.0", "error": {"code": -32603, "message": "no answer"}}
        return status, [by_id.get(one.get("id"), {**unanswered, "id": one.get("id")}) for one in requests]

    async def _post(self, body: bytes) -> tuple[int, bytes]:
        assert self._upstream is not None
        headers = {"Content-Type": "application/json"}
        async with self._upstream.post(self.target, data=body, headers=headers) as response:
            return response.status, await response.read()

    async def _ask_upstream(self, method: str) -> str:
        _, body = await self._post(
            msgspec.json.encode({"jsonrpc": "2.0", "id": 0, "method": method, "params": []})
        )
        return str(msgspec.json.decode(body)["result"])


@asynccontextmanager
async def open_proxy(target: str, seed: int = 0) -> AsyncIterator[FaultProxy]:
    """Run a proxy in front of an endpoint until the block is left."""
    proxy = FaultProxy(target, seed)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
