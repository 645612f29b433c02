"""Of a private session no byte of a prompt or an answer leaves before that connection has asked for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from cortensor_tui.domain.logs import LogLevel, LogLine
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.tasks import MinerResult, Stage, TaskKey, TaskView
from cortensor_tui.domain.transactions import Attempt, Transaction, TransactionKind, TransactionState
from cortensor_tui.domain.verification import Finding, ProofCheck, ProofVerdict, Verification
from cortensor_tui.node.call_messages import Argument, Call, GetCall
from cortensor_tui.node.control import ControlServer
from cortensor_tui.node.history_messages import (
    GetTask,
    GetTasks,
    GetTransactions,
    TaskOutcome,
    Tasks,
    Transactions,
    Verify,
    WaitTask,
)
from cortensor_tui.node.hub import Hub
from cortensor_tui.node.live_messages import (
    InferenceFinished,
    InferenceStarted,
    LiveInference,
    TokensStreamed,
)
from cortensor_tui.node.log_messages import GetLogs, Logs
from cortensor_tui.node.messages import (
    Attach,
    ChangeBody,
    Done,
    Downstream,
    GetSessions,
    Refused,
    Reply,
    ReplyBody,
    Request,
    RequestBody,
    Reveal,
    SessionsChanged,
    Snapshot,
    TaskChanged,
    TransactionChanged,
)
from cortensor_tui.node.owner_messages import Sent, Submit
from cortensor_tui.node.session_messages import CheckSwap, SwapNodes
from cortensor_tui.settings.model import PrivateSessions
from tests.node.scripted import ADDRESS, session_view, status

PRIVATE, OPEN = 7, 8
SECRET = "PAYLOAD"
SECRET_HEX = SECRET.encode().hex() * 20
PROMPT_CID = "bafkreifktd5avzhf7oo25kz2w4qilhoq7klquarg4xomzs4ytajab2n5oy"
ANSWER_CID = "bafkreigkmvy3yhliavevolrxbgcvkpuo6tovp7uuli5z7vvndzybmrhzsm"
ANSWER_HASH = "0x" + "4b" * 32
LIMIT_S = 20.0
_decoder = msgspec.json.Decoder(Downstream)


class Wire:
    """One raw connection that keeps every byte it was sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = 0
        self.received = b""

    @classmethod
    async def open(cls, path: Path) -> Wire:
        return cls(*await asyncio.open_unix_connection(str(path), limit=2**24))

    async def read(self) -> Snapshot | ReplyBody | ChangeBody:
        line = await asyncio.wait_for(self._reader.readline(), LIMIT_S)
        self.received += line
        message = _decoder.decode(line)
        return message if isinstance(message, Snapshot) else message.body

    async def ask(self, body: RequestBody) -> ReplyBody:
        self.send(body)
        while True:
            line = await asyncio.wait_for(self._reader.readline(), LIMIT_S)
            self.received += line
            message = _decoder.decode(line)
            if isinstance(message, Reply):
                return message.body

    def send(self, body: RequestBody) -> None:
        self._ids += 1
        self._writer.write(msgspec.json.encode(Request(request_id=self._ids, body=body)) + b"\n")

    def forget(self) -> None:
        self.received = b""

    @property
    def has_payload(self) -> bool:
        return any(one.encode() in self.received for one in (SECRET, SECRET_HEX, PROMPT_CID, ANSWER_CID))

    def close(self) -> None:
        self._writer.close()


class Served:
    def __init__(self, folder: Path, private: PrivateSessions) -> None:
        self.hub = Hub(status())
        self.commands, self.viewers = folder / "node.sock", folder / "view.sock"
        self.server = ControlServer(self.hub, answer, private)


def task(session_id: int, task_id: int = 0) -> TaskView:
    return TaskView(
        key=TaskKey(session_id, task_id),
        stage=Stage.ENDED,
        prompt=f"{SECRET} prompt",
        answer=f"{SECRET} answer",
        note=f"refused: 0x{SECRET_HEX}: the payload {PROMPT_CID} cannot be read",
        prompt_cid=PROMPT_CID,
        answer_cid=ANSWER_CID,
    )


def transaction(session_id: int, kind: TransactionKind = TransactionKind.COMMIT) -> Transaction:
    return Transaction(
        transaction_id=list(TransactionKind).index(kind),
        kind=kind,
        state=TransactionState.REJECTED,
        sender=ADDRESS,
        nonce=1,
        hash="0x" + "11" * 32,
        created_at=1.0,
        session_id=session_id,
        task_key=TaskKey(session_id, 0) if kind is TransactionKind.COMMIT else None,
        call=f"SessionQueueV2.commit({session_id}, 0, {SECRET} (answer))",
        error=f"bad transaction {SECRET_HEX}",
        waiting_for=f"bad transaction {SECRET_HEX}",
        attempts=(Attempt(number=1, hash="0x" + "11" * 32, signed_at=1.0, error=f"no: 0x{SECRET_HEX}"),),
    )


def running(session_id: int, answer: str = f"{SECRET} so far") -> LiveInference:
    return LiveInference(
        key=TaskKey(session_id, 1), prompt=f"{SECRET} prompt", answer=answer, token_count=3, started_at=1.0
    )


def tokens(session_id: int, count: int) -> TokensStreamed:
    return TokensStreamed(
        key=TaskKey(session_id, 1),
        text=f" {SECRET}{count}",
        token_count=count,
        prompt_tokens=3,
        first_token_ms=1.0,
        tokens_per_s=9.0,
    )


async def answer(body: RequestBody) -> ReplyBody:
    match body:
        case GetTasks():
            return Tasks((task(PRIVATE),))
        case GetTask():
            return Tasks((task(body.key.session_id),))
        case GetTransactions():
            return Transactions((transaction(PRIVATE), transaction(PRIVATE, TransactionKind.PRECOMMIT)))
        case GetCall():
            argument = Argument(name="data", kind="string", value=f"{SECRET} answer", chars=14)
            return Call(
                transaction_id=1,
                kind=TransactionKind.COMMIT,
                target=ADDRESS,
                session_id=PRIVATE,
                arguments=(argument,),
                calldata=f"0x{SECRET_HEX}",
            )
        case GetSessions():
            return SessionsChanged((session_view(PRIVATE), session_view(OPEN)))
        case Submit():
            return Sent(
                transaction=transaction(PRIVATE, TransactionKind.SUBMIT), task_key=TaskKey(PRIVATE, 0)
            )
        case WaitTask():
            result = MinerResult(miner=ADDRESS, data=f"{SECRET} answer", hash="0x")
            return TaskOutcome(key=body.key, stage="ended", is_ended=True, results=(result,))
    return answer_from_elsewhere(body)


def answer_from_elsewhere(body: RequestBody) -> ReplyBody:
    """Answer with what only quotes a payload or leads to one."""
    match body:
        case Verify():
            checks = (
                ProofCheck(
                    name="commit",
                    title="commit",
                    finding=Finding.FAILS,
                    found=f"0x{SECRET_HEX}",
                    detail=SECRET_HEX,
                ),
                ProofCheck(name="prompt", title="prompt", finding=Finding.HOLDS, expected=PROMPT_CID),
                ProofCheck(
                    name="answer_file",
                    title="answer",
                    finding=Finding.FAILS,
                    expected=ANSWER_CID,
                    found=PROMPT_CID,
                    detail=f"The payload {ANSWER_CID} cannot be read",
                ),
                ProofCheck(name="result", title="result", finding=Finding.HOLDS, expected=ANSWER_HASH),
            )
            return Verification(
                key=body.key,
                node_address=ADDRESS,
                chain_id=1,
                queue_address=ADDRESS,
                verdict=ProofVerdict.REFUTED,
                summary=f"0x{SECRET_HEX}: the payload {ANSWER_CID} cannot be read",
                checks=checks,
            )
        case GetLogs():
            lines = tuple(
                LogLine(
                    at=1.0,
                    level=LogLevel.WARNING,
                    room="miner",
                    event=f"The payload {PROMPT_CID} cannot be read",
                    task=key,
                    fields=(("why", f"no such file: /store/{ANSWER_CID}"),),
                )
                for key in (TaskKey(PRIVATE, 0), None)
            )
            return Logs(lines=lines, newest=2)
        case CheckSwap():
            raise problem_error("payload_missing", f"The payload {PROMPT_CID} cannot be read", SECRET_HEX)
    raise AssertionError(body)


ASKED = (
    GetTasks(),
    GetTask(key=TaskKey(PRIVATE, 0)),
    GetTransactions(),
    GetCall(transaction_id=1),
    Submit(session_id=PRIVATE, prompt="from elsewhere"),
    WaitTask(key=TaskKey(PRIVATE, 0)),
    Verify(key=TaskKey(PRIVATE, 0)),
    GetLogs(),
)


@pytest.fixture(params=[PrivateSessions(frozenset({PRIVATE})), PrivateSessions(is_all=True)])
async def served(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    served = Served(tmp_path, request.param)
    await served.server.start(served.commands, served.viewers)
    yield served
    served.server.stop_listening()
    await served.server.hang_up()


@pytest.fixture
async def wire(served: Served) -> AsyncIterator[Wire]:
    wire = await Wire.open(served.commands)
    yield wire
    wire.close()


def fill(hub: Hub, session_id: int) -> None:
    """Have everything in the hub that a snapshot tells."""
    hub.publish(SessionsChanged((session_view(PRIVATE), session_view(OPEN))))
    hub.publish(TaskChanged(task(session_id)))
    hub.publish(TransactionChanged(transaction(session_id)))
    hub.publish(TransactionChanged(transaction(session_id, TransactionKind.SUBMIT)))
    hub.publish(InferenceStarted(running(session_id)))
    hub.publish(tokens(session_id, 4))


async def test_the_snapshot_of_a_private_session_has_no_payload_and_says_so(
    served: Served, wire: Wire
) -> None:
    fill(served.hub, PRIVATE)
    wire.send(Attach())
    snapshot = await wire.read()
    assert isinstance(snapshot, Snapshot)
    assert not wire.has_payload
    assert snapshot.tasks[0].is_private
    assert snapshot.tasks[0].is_hidden
    assert snapshot.sessions[0].is_private
    assert snapshot.live is not None
    assert snapshot.live.is_hidden
    assert snapshot.live.token_count == 4, "what is no payload is told"
    assert {one.call for one in snapshot.transactions} == {"SessionQueueV2.commit(…)"}


@pytest.mark.parametrize("body", ASKED, ids=lambda body: type(body).__name__)
async def test_every_answer_has_its_payload_only_after_the_reveal(wire: Wire, body: RequestBody) -> None:
    await wire.ask(body)
    assert not wire.has_payload
    assert await wire.ask(Reveal(session_id=PRIVATE)) == Done()
    await wire.ask(body)
    assert wire.has_payload
    await wire.ask(Reveal(session_id=PRIVATE, is_hidden=True))
    wire.forget()
    await wire.ask(body)
    assert not wire.has_payload


@pytest.mark.parametrize("body", [GetTasks(), GetTask(key=TaskKey(PRIVATE, 0))], ids=["list", "one"])
async def test_the_content_ids_of_a_private_task_are_kept_back_with_its_texts(
    wire: Wire, body: RequestBody
) -> None:
    """Who can reach the store gets a text by its id."""
    ids = (PROMPT_CID.encode(), ANSWER_CID.encode())
    reply = await wire.ask(body)
    assert isinstance(reply, Tasks)
    assert (reply.tasks[0].prompt_cid, reply.tasks[0].answer_cid) == (None, None)
    assert not any(one in wire.received for one in ids)
    await wire.ask(Reveal(session_id=PRIVATE))
    await wire.ask(body)
    assert all(one in wire.received for one in ids)


async def test_a_proof_says_what_it_keeps_back_and_leaves_what_is_on_chain_for_all(wire: Wire) -> None:
    hidden = await wire.ask(Verify(key=TaskKey(PRIVATE, 0)))
    await wire.ask(Reveal(session_id=PRIVATE))
    shown = await wire.ask(Verify(key=TaskKey(PRIVATE, 0)))

    assert isinstance(hidden, Verification)
    assert isinstance(shown, Verification)
    assert [check.is_hidden for check in hidden.checks] == [True, True, True, False]
    assert hidden.checks[3].expected == ANSWER_HASH
    assert (hidden.is_hidden, shown.is_hidden) == (True, False)
    assert shown.checks[1].expected == PROMPT_CID


async def test_what_names_no_session_may_be_of_a_private_one(wire: Wire) -> None:
    """Neither a refusal nor a line of the log that names no task has what leads to a text, asked or not."""
    await wire.ask(Reveal(session_id=PRIVATE))
    swap = SwapNodes(session_id=PRIVATE, unbind_address=ADDRESS, bind_address=ADDRESS)
    refused = await wire.ask(CheckSwap(swap=swap))
    assert isinstance(refused, Refused)
    assert not wire.has_payload
    logs = await wire.ask(GetLogs())
    assert isinstance(logs, Logs)
    assert PROMPT_CID in logs.lines[0].event, "of a task whose session was asked for"
    assert logs.lines[1].event == "The payload … cannot be read"


async def test_the_content_ids_of_a_private_task_are_in_no_snapshot_and_no_change(
    served: Served, wire: Wire
) -> None:
    served.hub.publish(TaskChanged(task(PRIVATE)))
    wire.send(Attach())
    await wire.read()
    served.hub.publish(TaskChanged(task(PRIVATE, 1)))
    await wire.read()
    assert PROMPT_CID.encode() not in wire.received
    assert ANSWER_CID.encode() not in wire.received


async def test_a_reveal_in_the_middle_of_a_stream_and_hiding_again(served: Served, wire: Wire) -> None:
    wire.send(Attach())
    await wire.read()
    served.hub.publish(InferenceStarted(running(PRIVATE, answer="")))
    for count in range(1, 4):
        served.hub.publish(tokens(PRIVATE, count))
    seen = [await wire.read() for _ in range(4)]
    assert [one.token_count for one in seen if isinstance(one, TokensStreamed)] == [1, 2, 3]
    assert not wire.has_payload

    await wire.ask(Reveal(session_id=PRIVATE))
    assert f"{SECRET}1 {SECRET}2 {SECRET}3".encode() in wire.received, "the fresh snapshot has all so far"
    served.hub.publish(tokens(PRIVATE, 4))
    following = await wire.read()
    assert isinstance(following, TokensStreamed)
    assert SECRET in following.text

    wire.forget()
    await wire.ask(Reveal(session_id=PRIVATE, is_hidden=True))
    served.hub.publish(tokens(PRIVATE, 5))
    served.hub.publish(InferenceFinished(key=TaskKey(PRIVATE, 1), finished=None))
    served.hub.publish(TaskChanged(task(PRIVATE, 1)))
    served.hub.publish(TransactionChanged(transaction(PRIVATE)))
    for _ in range(4):
        await wire.read()
    assert not wire.has_payload


async def test_a_reveal_is_of_one_connection_and_one_session(tmp_path: Path) -> None:
    served = Served(tmp_path, PrivateSessions(is_all=True))
    await served.server.start(served.commands, served.viewers)
    one, other = await Wire.open(served.commands), await Wire.open(served.commands)
    other.send(Attach())
    await other.read()
    await one.ask(Reveal(session_id=PRIVATE))
    await one.ask(GetTask(key=TaskKey(OPEN, 0)))
    await other.ask(GetTask(key=TaskKey(PRIVATE, 0)))
    served.hub.publish(TaskChanged(task(PRIVATE)))
    await other.read()
    assert not one.has_payload
    assert not other.has_payload
    one.close()
    other.close()
    again = await Wire.open(served.commands)
    await again.ask(GetTask(key=TaskKey(PRIVATE, 0)))
    assert not again.has_payload, "a new connection has to ask anew"
    again.close()
    served.server.stop_listening()
    await served.server.hang_up()


async def test_what_is_not_private_is_told_whole(tmp_path: Path) -> None:
    served = Served(tmp_path, PrivateSessions(frozenset({PRIVATE})))
    await served.server.start(served.commands, served.viewers)
    fill(served.hub, OPEN)
    wire = await Wire.open(served.commands)
    wire.send(Attach())
    snapshot = await wire.read()
    assert isinstance(snapshot, Snapshot)
    assert not any(one.is_hidden for one in snapshot.tasks)
    assert not any(one.is_hidden for one in snapshot.transactions)
    assert snapshot.tasks == (task(OPEN),)
    assert snapshot.live is not None
    assert snapshot.live.answer == f"{SECRET} so far {SECRET}4"
    wire.close()
    served.server.stop_listening()
    await served.server.hang_up()


async def test_a_viewer_cannot_reveal(served: Served) -> None:
    fill(served.hub, PRIVATE)
    viewer = await Wire.open(served.viewers)
    with capture_logs() as logged:
        await viewer.ask(Reveal(session_id=PRIVATE))
    viewer.send(Attach())
    await viewer.read()
    served.hub.publish(tokens(PRIVATE, 5))
    await viewer.read()
    assert not viewer.has_payload
    assert not logged
    viewer.close()


async def test_each_reveal_is_one_line_that_says_who_and_never_what(served: Served, wire: Wire) -> None:
    fill(served.hub, PRIVATE)
    with capture_logs() as logged:
        await wire.ask(Reveal(session_id=PRIVATE))
        await wire.ask(Reveal(session_id=PRIVATE))
        await wire.ask(Reveal(session_id=PRIVATE, is_hidden=True))
        await wire.ask(Reveal(session_id=PRIVATE))
    assert [(line["session"], line["pid"], line["uid"]) for line in logged] == [
        (PRIVATE, os.getpid(), os.getuid())
    ] * 2, "shown already, it is not shown again"
    assert SECRET not in str(logged)
