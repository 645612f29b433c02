"""A model server that speaks OpenAI's interface, and answers as a test tells it to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web

from tests.support.ports import lasting_port

PROPS = {
    "default_generation_settings": {"n_ctx": 1024},
    "total_slots": 2,
    "model_path": "/models/Told-1B.Q4_1.gguf",
    "chat_template": "{{ messages }}",
    "build_info": "b1234-abcdef0",
    "endpoint_slots": True,
}
LLAMA_PAGES: dict[str, Any] = {
    "/v1/models": {"object": "list", "data": [{"id": "told", "owned_by": "llamacpp"}]},
    "/props": PROPS,
    "/slots": [{"id": 0, "is_processing": False}, {"id": 1, "is_processing": False}],
}
VLLM_PAGES: dict[str, Any] = {
    "/v1/models": {"object": "list", "data": [{"id": "told", "owned_by": "vllm", "max_model_len": 100}]},
    "/version": {"version": "0.6.3"},
}
PLAIN_PAGES: dict[str, Any] = {"/v1/models": {"object": "list", "data": [{"id": "plain/one"}, {"id": "two"}]}}


class Script(msgspec.Struct, kw_only=True):
    """How one request is answered: pieces are written as they stand; an event among them is waited for."""

    pieces: Sequence[bytes | asyncio.Event] = ()
    status: int = 200
    headers: dict[str, str] = {}
    is_broken_off: bool = False


class Failing(msgspec.Struct, frozen=True):
    """A page that fails."""


class Asked(msgspec.Struct, frozen=True):
    """One request that came; `port` is the client's end of the connection."""

    path: str
    payload: Any
    headers: dict[str, str]
    port: int


def event(data: Any) -> bytes:
    """Return one Server-Sent Event with JSON."""
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def piece_of(text: str, **more: Any) -> bytes:
    """Return an event of a chat's stream that adds a text."""
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}], **more})


def end_of(reason: str = "stop", **more: Any) -> bytes:
    """Return the event that ends a stream."""
    return event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}], **more})


DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
HELLO = (
    piece_of("Hel"),
    piece_of("lo"),
    piece_of("!"),
    end_of(),
    event({"choices": [], "usage": USAGE}),
    DONE,
)


class ToldServer:
    """`pages` is what GET gives by path, `scripts` how the next posts are answered, one after the other."""

    def __init__(self, pages: dict[str, Any] | None = None) -> None:
        self.pages: dict[str, Any] = dict(LLAMA_PAGES if pages is None else pages)
        self.page_status = 200
        self.page_words = "Loading model"
        self.may_answer_pages = asyncio.Event()
        self.may_answer_pages.set()
        self.scripts: deque[Script] = deque()
        self.asked: list[Asked] = []
        self.gone = asyncio.Event()  # set when a client has left a stream
        self.token = ""
        self.port = lasting_port()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def posts(self) -> list[Asked]:
        """Return the runs it was asked for."""
        return [one for one in self.asked if one.payload is not None]

    async def start(self) -> None:
        """Listen, at the same port each time."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def stop(self) -> None:
        """Hang up on everybody and listen no more."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        if runner.server is not None:
            for connection in list(runner.server.connections):
                if connection.transport is not None:
                    connection.transport.abort()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        payload = await request.json() if request.can_read_body else None
        peer = request.transport.get_extra_info("peername") if request.transport else None
        self.asked.append(Asked(request.path, payload, dict(request.headers), peer[1] if peer else 0))
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            said = f"no such token: {request.headers.get('Authorization', '')}"
            return web.json_response({"error": {"message": said}}, status=401)
        return await (self._page(request) if payload is None else self._post(request))

    async def _page(self, request: web.Request) -> web.StreamResponse:
        await self.may_answer_pages.wait()
        if self.page_status != 200:
            error = {"error": {"message": self.page_words, "code": self.page_status}}
            return web.json_response(error, status=self.page_status)
        page = self.pages.get(request.path)
        if isinstance(page, Failing):
            return web.Response(status=500)
        if page is None:
            return web.json_response({"error": {"message": "File Not Found"}}, status=404)
        return web.Response(body=page) if isinstance(page, bytes) else web.json_response(page)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        script = self.scripts.popleft() if self.scripts else Script(pieces=HELLO)
        headers = {"Content-Type": "text/event-stream", **script.headers}
        response = web.StreamResponse(status=script.status, headers=headers)
        try:
            await response.prepare(request)
            for piece in script.pieces:
                await (response.write(piece) if isinstance(piece, bytes) else piece.wait())
        except (asyncio.CancelledError, ConnectionError):
            self.gone.set()
            raise
        if script.is_broken_off and request.transport is not None:
            request.transport.abort()
        return response


@asynccontextmanager
async def told_server(pages: dict[str, Any] | None = None) -> AsyncIterator[ToldServer]:
    """A server that listens."""
    server = ToldServer(pages)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
