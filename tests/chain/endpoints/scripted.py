"""An endpoint that answers as a test tells it to and counts what it was asked; a clock that stands still."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

GENESIS = "0x" + "11" * 32
HASH = "0x" + "ab" * 32
RAW = "0x02f86c"
Messages = list[dict[str, Any]]
Manner = Callable[[web.Request, Messages], web.StreamResponse | None]


class ScriptedEndpoint:
    """A chain's endpoint. `manner` may answer a request in its own way; None leaves it to the script."""

    def __init__(self) -> None:
        self.chain_id = 31337
        self.genesis = GENESIS
        self.head = 100
        self.answers: dict[str, Any] = {}
        self.errors: dict[str, dict[str, Any]] = {}
        self.manner: Manner | None = None
        self.is_silent = False
        self.is_reset = False
        self.requests: list[list[str]] = []
        app = web.Application()
        app.router.add_post("/{path:.*}", self._post)
        self._server = TestServer(app)
        self._hanging = asyncio.Event()

    @property
    def url(self) -> str:
        return str(self._server.make_url("/v3/SECRETTOKEN"))

    @property
    def asked(self) -> list[str]:
        """Every method it was asked, in order."""
        return [method for methods in self.requests for method in methods]

    async def start(self) -> None:
        await self._server.start_server(access_log=None)  # it would tell the path, which is a token

    async def stop(self) -> None:
        self._hanging.set()
        await self._server.close()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        message = json.loads(await request.read())
        messages: Messages = message if isinstance(message, list) else [message]
        self.requests.append([one["method"] for one in messages])
        if self.is_silent:
            await self._hanging.wait()
        if self.is_reset:
            assert request.transport is not None
            request.transport.abort()
        if self.manner is not None and (answer := self.manner(request, messages)) is not None:
            return answer
        answers = [self.answer(one) for one in messages]
        return web.json_response(answers if isinstance(message, list) else answers[0])

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON-RPC answer to one call."""
        method, identity = message["method"], {"jsonrpc": "2.0", "id": message["id"]}
        if method in self.errors:
            return {**identity, "error": self.errors[method]}
        standard = {
            "eth_chainId": hex(self.chain_id),
            "eth_blockNumber": hex(self.head),
            "eth_getBlockByNumber": {"hash": self.genesis, "number": hex(self.head)},
            "eth_sendRawTransaction": HASH,
        }
        return {**identity, "result": {**standard, **self.answers}.get(method, method)}


def status(code: int, **headers: str) -> Manner:
    """Answer with nothing but an HTTP status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, messages: web.Response(status=code, headers=named)


def body(content: bytes) -> Manner:
    """Answer with these bytes."""
    return lambda request, messages: web.Response(body=content, content_type="application/json")
