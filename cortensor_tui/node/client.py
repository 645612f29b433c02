"""The client's side of the node's socket."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import msgspec

from cortensor_tui.domain.commands import command_for
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.node.messages import (
    LATER_CHANGES,
    MAX_LINE_BYTES,
    PROTOCOL,
    Attach,
    Change,
    Downstream,
    Refused,
    Reply,
    ReplyBody,
    Request,
    RequestBody,
    Snapshot,
)
from cortensor_tui.node.session_messages import Sending

_encoder = msgspec.json.Encoder()
_TAKES = tuple(str(change.__struct_config__.tag) for change in LATER_CHANGES)


@cache
def _decoder() -> msgspec.json.Decoder[Downstream]:
    """Return the one decoder; to make it takes longer than to draw a screen."""
    return msgspec.json.Decoder(Downstream)


class NodeClient:
    """One connection to a node. Requests may overlap; at most one `attach` a connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        settings_path: Path | None = None,
    ) -> None:
        self._settings_path = settings_path
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[ReplyBody]] = {}
        self._stream: asyncio.Queue[Snapshot | Change | ProblemError] = asyncio.Queue()
        self._gone: ProblemError | None = None
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def connect(
        cls, socket_path: Path, timeout_s: float = 2.0, *, settings_path: Path | None = None
    ) -> NodeClient:
        """Connect to a running node. Raises `ProblemError` with code "no_node" when none answers.

        `settings_path` is named in what to do where the node is gone.
        """
        try:
            async with asyncio.timeout(timeout_s):
                streams = await asyncio.open_unix_connection(str(socket_path), limit=MAX_LINE_BYTES)
        except (OSError, TimeoutError) as error:
            raise problem_error(
                "no_node",
                "No node is running for these settings",
                "nothing answers on its socket",
                f"Start one with: {command_for(settings_path, 'node run')}",
            ) from error
        return cls(*streams, settings_path)

    async def request(self, body: RequestBody, timeout_s: float = 30.0) -> ReplyBody:
        """Ask, and return the answer.

        Raises the node's refusal, "node_gone", "node_timeout", or "no_answer" when this hangs up first.
        """
        if self._gone is not None:
            raise self._gone
        request_id = next(self._ids)
        answer: asyncio.Future[ReplyBody] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = answer
        try:
            await self._send(Request(request_id=request_id, body=body))
            async with asyncio.timeout(timeout_s):
                reply = await answer
        except TimeoutError as error:
            raise problem_error(
                "node_timeout",
                f"The node did not answer within {timeout_s:g} s",
                "it may still be doing what was asked",
                "Look at its transactions before asking again",
            ) from error
        except ProblemError as error:
            raise (_perhaps_sent(error.problem) if isinstance(body, Sending) else error) from error
        finally:
            self._waiting.pop(request_id, None)
        if isinstance(reply, Refused):
            raise ProblemError(reply.problem)
        return reply

    async def attach(self) -> AsyncIterator[Snapshot | Change]:
        """Yield the snapshot, then changes, until the line breaks ("node_gone")."""
        await self._send(Request(request_id=next(self._ids), body=Attach(takes=_TAKES)))
        while True:
            message = await self._stream.get()
            if isinstance(message, ProblemError):
                raise message
            yield message

    async def close(self) -> None:
        """Hang up; the node goes on, and it stays open what came of what it was asked meanwhile."""
        self._end(
            problem_error(
                "no_answer",
                "The node has not answered",
                "the connection was ended here meanwhile",
                "Ask again once it answers; look first whether it was done",
            )
        )
        self._reading.cancel()
        self._writer.close()
        await asyncio.gather(self._reading, self._writer.wait_closed(), return_exceptions=True)

    async def _send(self, request: Request) -> None:
        try:
            self._writer.write(_encoder.encode(request) + b"\n")
            await self._writer.drain()
        except OSError as error:
            raise self._node_gone(str(error)) from error

    async def _read(self) -> None:
        why = "it closed the connection"
        try:
            while line := await self._reader.readline():
                self._take(_decoder().decode(line))
        except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors too
            why = str(error)
        self._end(self._node_gone(why))

    def _end(self, why: ProblemError) -> None:
        if self._gone is not None:
            return
        self._gone = why
        self._stream.put_nowait(self._gone)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(self._gone)

    def _take(self, message: Downstream) -> None:
        if isinstance(message, Reply):
            answer = self._waiting.get(message.request_id)
            if answer is not None and not answer.done():
                answer.set_result(message.body)
            return
        if isinstance(message, Snapshot) and message.protocol != PROTOCOL:
            raise ValueError(f"it speaks protocol {message.protocol}, this program {PROTOCOL}: update both")
        self._stream.put_nowait(message)

    def _node_gone(self, why: str) -> ProblemError:
        return problem_error(
            "node_gone",
            "The node is gone",
            why,
            f"See its log; start it again with: {command_for(self._settings_path, 'node run')}",
        )


def _perhaps_sent(gone: Problem) -> ProblemError:
    """Return what is told of a node that is gone after it was asked to send: to ask again may do it twice."""
    why = "; ".join(part for part in (gone.why, "it may have sent what was asked for") if part)
    remedy = f"{gone.remedy}. It goes on with what it has begun: look at its transactions before asking again"
    return problem_error(gone.code, gone.what, why, remedy)
