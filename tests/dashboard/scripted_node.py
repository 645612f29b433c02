"""A node in the test's own process: a real Unix socket, the real messages, and a script for the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from cortensor_tui.domain.problems import Problem
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import (
    MAX_LINE_BYTES,
    Attach,
    Change,
    ChangeBody,
    Done,
    GetStatus,
    Refused,
    Reply,
    ReplyBody,
    Request,
    RequestBody,
    Snapshot,
    StatusChanged,
)
from cortensor_tui.node.owner_messages import Check
from cortensor_tui.node.session_messages import ActChecked, CheckAct

Answer = Callable[[RequestBody], ReplyBody]
_decoder = msgspec.json.Decoder(Request)
_encoder = msgspec.json.Encoder()


class ScriptedNode:
    """Serves one snapshot, then whatever `change` is given. `answers` maps a request's type to its reply."""

    def __init__(self, path: Path, snapshot: Snapshot) -> None:
        self.path = path
        self.snapshot = snapshot
        self.answers: dict[type[RequestBody], Answer] = {}
        self.otherwise: Answer | None = None
        """Answers what `answers` does not know."""
        self.unanswered: set[type[RequestBody]] = set()
        """Requests that are taken and never answered, as by a node that hangs."""
        self.requests: list[RequestBody] = []
        self.attached = 0
        self._sequence = snapshot.sequence
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._listening: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_unix_server(self._serve, str(self.path), limit=MAX_LINE_BYTES)

    async def stop(self) -> None:
        """Hang up on everyone and listen no more."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.close()
            await asyncio.gather(*self._serving)
            await self._server.wait_closed()
            self._server = None

    async def connect(self) -> NodeClient:
        """Return a real client of this node."""
        return await NodeClient.connect(self.path)

    async def change(self, body: ChangeBody, skip: int = 0) -> None:
        """Tell all listeners of a change; `skip` leaves out sequence numbers, as a fault would."""
        self._sequence += 1 + skip
        line = _encoder.encode(Change(sequence=self._sequence, body=body)) + b"\n"
        for writer in list(self._listening):
            writer.write(line)
            await writer.drain()

    def say(self, line: bytes) -> None:
        """Send raw bytes to all listeners, as no node would."""
        for writer in self._listening:
            writer.write(line)

    def tell_anew(self, snapshot: Snapshot) -> None:
        """Send a fresh snapshot to all listeners, ahead of what is answered next."""
        self.snapshot = snapshot
        self._sequence += 1
        line = _encoder.encode(msgspec.structs.replace(snapshot, sequence=self._sequence)) + b"\n"
        for writer in self._listening:
            writer.write(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while line := await reader.readline():
                request = _decoder.decode(line)
                self.requests.append(request.body)
                if isinstance(request.body, Attach):
                    self.attached += 1
                    self._listening.add(writer)
                    fresh = msgspec.structs.replace(self.snapshot, sequence=self._sequence)
                    writer.write(_encoder.encode(fresh) + b"\n")
                elif type(request.body) not in self.unanswered:
                    body = self._answer(request.body)
                    writer.write(_encoder.encode(Reply(request_id=request.request_id, body=body)) + b"\n")
                await writer.drain()
        except OSError:
            return  # the client has gone, as some tests want
        finally:
            self._serving.discard(task)
            self._writers.discard(writer)
            self._listening.discard(writer)
            writer.close()

    def _answer(self, body: RequestBody) -> ReplyBody:
        answer = self.answers.get(type(body))
        if answer is not None:
            return answer(body)
        if self.otherwise is not None:
            return self.otherwise(body)
        if isinstance(body, GetStatus):
            return StatusChanged(self.snapshot.status)
        if isinstance(body, CheckAct):
            return act_checked()
        return Done()


def act_checked(*checks: Check, **changes: Any) -> ActChecked:
    """Return an act that may be sent, unless a check says otherwise."""
    values: dict[str, Any] = {
        "checks": checks or (Check(name="contract accepts", is_met=True, detail="a trial run succeeds"),),
        "call": "SessionV2.call(7)",
        "contract": "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
        "calldata": "0x7fcbee08",
        "fee_wei": "123000000000000",
        "gas_limit": 120_000,
        "signer": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    }
    return ActChecked(**(values | changes))


def refusal(code: str, what: str, why: str = "", remedy: str = "") -> Refused:
    """Return a refusal in its three parts."""
    return Refused(Problem(code=code, what=what, why=why, remedy=remedy))
