"""A node that answers on a real socket, with the real messages, what a test has told it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from cortensor_tui.domain.problems import Problem
from cortensor_tui.node.messages import (
    MAX_LINE_BYTES,
    Done,
    Refused,
    Reply,
    ReplyBody,
    Request,
    RequestBody,
    Stop,
)

Answer = ReplyBody | Callable[[RequestBody], ReplyBody]


class ScriptedNode:
    """Answers by the type of the request; refuses what it has no answer for. Keeps what it was asked.

    The types in `unanswered` get no answer at all; `was_kept_waiting` is set once one has come.
    """

    def __init__(self, answers: dict[type, Answer]) -> None:
        self.answers = answers
        self.unanswered: set[type] = set()
        self.was_kept_waiting = asyncio.Event()
        self.requests: list[RequestBody] = []

    @asynccontextmanager
    async def listening(self, socket_path: Path) -> AsyncIterator[ScriptedNode]:
        """Serve on the socket while the block runs."""
        server = await asyncio.start_unix_server(self._talk, str(socket_path), limit=MAX_LINE_BYTES)
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = msgspec.json.Decoder(Request)
        while line := await reader.readline():
            request = decoder.decode(line)
            self.requests.append(request.body)
            if type(request.body) in self.unanswered:
                self.was_kept_waiting.set()
                continue
            reply = Reply(request_id=request.request_id, body=self._answer(request.body))
            writer.write(msgspec.json.encode(reply) + b"\n")
            await writer.drain()
            if isinstance(request.body, Stop) and isinstance(reply.body, Done):
                break
        writer.close()

    def _answer(self, body: RequestBody) -> ReplyBody:
        answer = self.answers.get(type(body))
        if answer is None:
            return Refused(Problem(code="unscripted", what=f"No answer for {type(body).__name__}"))
        return answer(body) if callable(answer) else answer
