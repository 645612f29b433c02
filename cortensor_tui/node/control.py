"""The node's two sockets: one takes commands, one only tells.

What goes out passes the connection's `Sight`: a viewer gets no payload, and nobody a private one unasked.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog

from cortensor_tui.domain.commands import command_for
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.node.audit import Peer, note_private, note_reveal, peer_of
from cortensor_tui.node.hub import Hub
from cortensor_tui.node.messages import (
    LATER_CHANGES,
    MAX_LINE_BYTES,
    Attach,
    Change,
    Done,
    Refused,
    Reply,
    ReplyBody,
    Request,
    RequestBody,
    Reveal,
    SessionsChanged,
    Snapshot,
    SomeSessionsChanged,
    StatusChanged,
)
from cortensor_tui.node.redaction import Sight
from cortensor_tui.settings.model import PrivateSessions

log = structlog.get_logger(__name__)

MOST_CLIENTS = 32
MOST_REQUESTS_AT_ONCE = 16
WRITE_TIMEOUT_S = 30.0

TOO_MANY = Problem(
    code="too_many_clients",
    what="The node has as many clients as it takes",
    why=f"{MOST_CLIENTS} are connected",
    remedy="Close a dashboard or wait",
)

NOTHING_PRIVATE = PrivateSessions()

Answer = Callable[[RequestBody], Awaitable[ReplyBody]]
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Request)


class ControlServer:
    """Serves both sockets, mode 0600."""

    def __init__(self, hub: Hub, answer: Answer, private: PrivateSessions = NOTHING_PRIVATE) -> None:
        self._hub = hub
        self._answer = answer
        self._private = private
        self._servers: list[asyncio.Server] = []
        self._paths: list[Path] = []
        self._clients: set[asyncio.Task[None]] = set()
        self._sights: set[Sight] = set()

    async def start(self, commands: Path, viewers: Path, settings_path: Path | None = None) -> None:
        """Listen. A socket left by a node that died is replaced; one that answers is not.

        `settings_path` is named in what to do about a node that runs already.
        """
        for path in (commands, viewers):
            if await _answers(path):
                raise _runs_already(path, settings_path)
            await self._listen(path, is_viewer=path is viewers)

    def take_private(self, private: PrivateSessions) -> None:
        """Go by other private sessions, for every connection; who follows the changes gets all anew.

        What waits to be sent passes the new sight; what was sent is out.
        """
        if private == self._private:
            return
        self._private = private
        note_private(private.text)
        for sight in self._sights:
            sight.take_private(private)
        self._hub.tell_anew()

    def stop_listening(self) -> None:
        """Remove the sockets: whoever comes now finds no node."""
        for path in self._paths:
            path.unlink(missing_ok=True)
        for server in self._servers:
            server.close()

    async def hang_up(self) -> None:
        """End every connection; to the clients, this is the end of the node."""
        for client in tuple(self._clients):
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _listen(self, path: Path, *, is_viewer: bool) -> None:
        path.unlink(missing_ok=True)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(reader, writer, is_viewer=is_viewer)

        mask = os.umask(0o177)  # the socket is never open to others, not even for a moment
        try:
            self._servers.append(await asyncio.start_unix_server(serve, path, limit=MAX_LINE_BYTES))
        finally:
            os.umask(mask)
        self._paths.append(path)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_viewer: bool
    ) -> None:
        task = asyncio.current_task()
        if task is None or len(self._clients) >= MOST_CLIENTS:
            writer.write(_encoder.encode(Reply(request_id=0, body=Refused(TOO_MANY))) + b"\n")
            writer.close()
            return
        self._clients.add(task)
        sight = Sight(self._private, is_viewer=is_viewer)
        self._sights.add(sight)
        peer = peer_of(writer.get_extra_info("socket"))
        connection = _Connection(self._hub, self._answer, writer, sight, peer, is_viewer=is_viewer)
        try:
            await connection.serve(reader)
        except (OSError, ValueError, TimeoutError) as error:
            log.info("client dropped", why=str(error)[:200])
        except asyncio.CancelledError:
            log.debug("client dropped: the node stops")  # asyncio would print a cancelled handler
        finally:
            self._clients.discard(task)
            self._sights.discard(sight)
            await connection.close()


class _Connection:
    """One client."""

    def __init__(
        self,
        hub: Hub,
        answer: Answer,
        writer: asyncio.StreamWriter,
        sight: Sight,
        peer: Peer,
        *,
        is_viewer: bool,
    ) -> None:
        self._hub = hub
        self._answer = answer
        self._writer = writer
        self._sight = sight
        self._peer = peer
        self._is_viewer = is_viewer
        self._work: set[asyncio.Task[None]] = set()
        self._is_attached = False

    async def serve(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            request = _decoder.decode(line)
            if len(self._work) >= MOST_REQUESTS_AT_ONCE:
                await self._refuse(request, Problem(code="busy", what="Too many requests at once"))
                continue
            task = asyncio.create_task(self._handle(request))
            self._work.add(task)
            task.add_done_callback(self._work.discard)

    async def close(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        if self._writer.transport.get_write_buffer_size():
            self._writer.transport.abort()  # nobody reads it
        self._writer.close()

    async def _handle(self, request: Request) -> None:
        if isinstance(request.body, Attach):
            if not self._is_attached:
                self._is_attached = True
                await self._tell(request.body.takes)
            return
        if self._is_viewer:
            problem = Problem(
                code="read_only",
                what="This socket only tells",
                remedy="Use the node's main socket for commands",
            )
            await self._refuse(request, problem)
            return
        try:
            body = await self._answered(request.body)
        except ProblemError as error:
            await self._refuse(request, error.problem)
        except Exception:
            log.exception("a request failed", request=type(request.body).__name__)
            fault = Problem(
                code="internal",
                what="The node failed at this request",
                why="a fault of the program",
                remedy="See the node's log",
            )
            await self._refuse(request, fault)
        else:
            await self._write(Reply(request_id=request.request_id, body=body))

    async def _answered(self, body: RequestBody) -> ReplyBody:
        if not isinstance(body, Reveal):
            return await self._answer(self._sight.asking(body))
        await self._reveal(body)
        return Done()

    async def _reveal(self, asked: Reveal) -> None:
        """Show or hide a session's texts here; who follows the changes needs what they build on anew."""
        if asked.is_hidden:
            is_news = self._sight.hide(asked.session_id)
        else:
            is_news = self._sight.hides(asked.session_id)
            if is_news:
                note_reveal(self._peer, asked.session_id)
            self._sight.reveal(asked.session_id)
        if is_news and self._is_attached:
            await self._write(self._hub.snapshot())

    async def _tell(self, takes: tuple[str, ...]) -> None:
        with self._hub.listening() as changes:
            await self._write(self._hub.snapshot())
            while (change := await changes.get()) is not None:
                await self._write(self._known(change, takes))
        self._writer.transport.abort()  # too far behind

    def _known(self, message: Change | Snapshot, takes: tuple[str, ...]) -> Change | Snapshot:
        """Return what a client takes in the place of a change that it does not know."""
        if isinstance(message, Snapshot) or not isinstance(message.body, LATER_CHANGES):
            return message
        if message.body.__struct_config__.tag in takes:
            return message
        if isinstance(message.body, SomeSessionsChanged):
            return Change(sequence=message.sequence, body=SessionsChanged(self._hub.sessions))
        return Change(sequence=message.sequence, body=StatusChanged(self._hub.status))

    async def _refuse(self, request: Request, problem: Problem) -> None:
        await self._write(Reply(request_id=request.request_id, body=Refused(problem)))

    async def _write(self, message: Snapshot | Change | Reply) -> None:
        """Send one line; a client that does not read is hung up on, so that it attaches anew."""
        self._writer.write(_encoded(self._sight.of(message)) + b"\n")
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                await self._writer.drain()
        except (TimeoutError, OSError) as error:
            log.info("client does not read", why=str(error)[:200])
            self._writer.transport.abort()


def _encoded(message: Snapshot | Change | Reply) -> bytes:
    """Return the message as JSON; a lone surrogate, as in a file's name, becomes a question mark."""
    try:
        return _encoder.encode(message)
    except UnicodeEncodeError:
        plain = json.dumps(msgspec.to_builtins(message), ensure_ascii=False)
        return plain.encode("utf-8", "replace")


def _runs_already(path: Path, settings_path: Path | None) -> ProblemError:
    return problem_error(
        "node_running",
        "A node is already running for these settings",
        f"it answers on {path}",
        f"Attach to it with: {command_for(settings_path)}",
    )


async def _answers(path: Path) -> bool:
    try:
        async with asyncio.timeout(1.0):
            _, writer = await asyncio.open_unix_connection(str(path))
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
