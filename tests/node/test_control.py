"""The node's sockets: private, bounded, and viewers get no payload."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.dashboard.folding import apply, from_snapshot
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.throughput import Span
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.control import ControlServer
from cortensor_tui.node.history_messages import GetTasks
from cortensor_tui.node.hub import MOST_WAITING, Hub
from cortensor_tui.node.live_messages import (
    InferenceStarted,
    LiveInference,
    RateSampled,
    ThroughputChanged,
    TokensStreamed,
)
from cortensor_tui.node.messages import (
    Attach,
    Change,
    Done,
    GetStatus,
    ReplyBody,
    Request,
    RequestBody,
    SessionsChanged,
    Snapshot,
    SomeSessionsChanged,
    StatusChanged,
    Stop,
    TaskChanged,
)
from tests.node.scripted import session_view, status, task


async def answer(body: RequestBody) -> ReplyBody:
    if isinstance(body, GetStatus):
        return StatusChanged(status())
    if isinstance(body, GetTasks):
        raise problem_error("no_tasks", "There are none")
    if isinstance(body, Stop):
        return Done()
    raise RuntimeError("SECRET detail of a fault")


class Served:
    def __init__(self, hub: Hub, folder: Path) -> None:
        self.hub = hub
        self.commands = folder / "node.sock"
        self.viewers = folder / "view.sock"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    served = Served(Hub(status()), tmp_path)
    server = ControlServer(served.hub, answer)
    await server.start(served.commands, served.viewers)
    yield served
    server.stop_listening()
    await server.hang_up()


async def test_both_sockets_are_for_their_user_only(served: Served) -> None:
    for path in (served.commands, served.viewers):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_request_has_its_answer_or_its_problem(served: Served) -> None:
    client = await NodeClient.connect(served.commands)
    assert await client.request(GetStatus()) == StatusChanged(status())
    with pytest.raises(ProblemError) as refused:
        await client.request(GetTasks())
    assert refused.value.problem.code == "no_tasks"
    await client.close()


async def test_a_fault_of_the_program_is_a_sentence_without_its_detail(served: Served) -> None:
    from cortensor_tui.node.messages import GetSessions

    client = await NodeClient.connect(served.commands)
    with pytest.raises(ProblemError) as refused:
        await client.request(GetSessions())
    assert refused.value.problem.code == "internal"
    assert "SECRET" not in str(refused.value)
    assert await client.request(GetStatus()), "the connection goes on"
    await client.close()


async def test_who_attaches_gets_a_snapshot_and_then_every_change(served: Served) -> None:
    served.hub.publish(TaskChanged(task(0)))
    client = await NodeClient.connect(served.commands)
    stream = client.attach()
    snapshot = await anext(stream)
    assert isinstance(snapshot, Snapshot)
    assert [one.key.task_id for one in snapshot.tasks] == [0]
    for number in range(3):
        served.hub.publish(RateSampled(float(number)))
    changes = [await anext(stream) for _ in range(3)]
    assert [one.sequence for one in changes if isinstance(one, Change)] == [
        snapshot.sequence + 1,
        snapshot.sequence + 2,
        snapshot.sequence + 3,
    ]
    await client.close()


async def test_a_viewer_sees_no_payload_and_cannot_command(served: Served) -> None:
    key = TaskKey(0, 1)
    served.hub.publish(TaskChanged(task(0)))
    viewer = await NodeClient.connect(served.viewers)
    with pytest.raises(ProblemError) as refused:
        await viewer.request(Stop())
    assert refused.value.problem.code == "read_only"
    stream = viewer.attach()
    seen = [await anext(stream)]
    live = LiveInference(
        key=key, prompt="SECRET prompt", answer="SECRET so far", token_count=0, started_at=1.0
    )
    served.hub.publish(InferenceStarted(live))
    served.hub.publish(
        TokensStreamed(
            key=key, text="SECRET", token_count=1, prompt_tokens=1, first_token_ms=1.0, tokens_per_s=1.0
        )
    )
    served.hub.publish(TaskChanged(task(1)))
    seen += [await anext(stream) for _ in range(3)]
    assert b"SECRET" not in msgspec.json.encode(seen)
    await viewer.close()


async def test_a_second_server_does_not_take_a_socket_that_answers(served: Served) -> None:
    with pytest.raises(ProblemError) as refused:
        await ControlServer(served.hub, answer).start(served.commands, served.viewers)
    assert refused.value.problem.code == "node_running"


async def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    left = tmp_path / "node.sock"
    forgotten = await asyncio.start_unix_server(lambda reader, writer: None, left)
    forgotten.close()
    await forgotten.wait_closed()
    left.touch()
    server = ControlServer(Hub(status()), answer)
    await server.start(left, tmp_path / "view.sock")
    client = await NodeClient.connect(left)
    assert await client.request(GetStatus())
    await client.close()
    server.stop_listening()
    await server.hang_up()
    assert not left.exists()


@pytest.mark.parametrize("line", [b"no json\n", b'{"type":"request"}\n', b"[]\n", b"\xff\xfe\n"])
async def test_nonsense_ends_its_own_connection_only(served: Served, line: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(str(served.commands))
    writer.write(line)
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    client = await NodeClient.connect(served.commands)
    assert await client.request(GetStatus())
    await client.close()


async def test_a_listener_that_falls_behind_is_let_go_and_others_go_on() -> None:
    hub = Hub(status())
    with hub.listening() as slow, hub.listening() as quick:
        for number in range(MOST_WAITING + 10):
            hub.publish(RateSampled(float(number)))
            quick.get_nowait()
        received = [slow.get_nowait() for _ in range(slow.qsize())]
    assert received[-1] is None
    assert len(received) == MOST_WAITING + 1


async def test_an_equal_status_is_not_told_twice() -> None:
    hub = Hub(status())
    with hub.listening() as changes:
        hub.publish(StatusChanged(status()))
        hub.publish(StatusChanged(status("session 1")))
        hub.publish(StatusChanged(status("session 1")))
        assert changes.qsize() == 1


async def test_without_a_node_the_client_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as refused:
        await NodeClient.connect(tmp_path / "nobody.sock")
    assert refused.value.problem.code == "no_node"


async def test_a_client_gets_changes_of_later_versions_only_if_it_takes_them(served: Served) -> None:
    """One that does not know them goes on: the numbers stay without gaps."""
    moved = ThroughputChanged((Span(0, 60, answered=1),))
    older = await NodeClient.connect(served.commands)
    newer = await NodeClient.connect(served.commands)
    await older._send(Request(request_id=1, body=Attach()))
    changes = newer.attach()
    await anext(changes)
    first = await older._stream.get()
    served.hub.publish(moved)
    served.hub.publish(RateSampled(5.0))
    assert [(await anext(changes)).body for _ in range(2)] == [moved, RateSampled(5.0)]  # type: ignore[union-attr]
    assert isinstance(first, Snapshot)
    assert [await older._stream.get() for _ in range(2)] == [
        Change(sequence=first.sequence + 1, body=StatusChanged(status())),
        Change(sequence=first.sequence + 2, body=RateSampled(5.0)),
    ]
    await asyncio.gather(older.close(), newer.close())


async def test_a_session_that_changes_is_told_alone_and_older_clients_get_all(served: Served) -> None:
    views = tuple(session_view(number) for number in (3, 2, 1, 0))
    served.hub.publish(SessionsChanged(views))
    older = await NodeClient.connect(served.commands)
    newer = await NodeClient.connect(served.commands)
    await older._send(Request(request_id=1, body=Attach()))
    changes = newer.attach()
    view = from_snapshot(await anext(changes))  # type: ignore[arg-type]
    await older._stream.get()
    moved = (session_view(4), views[0], session_view(2, task_count=9), views[3])
    served.hub.publish(SessionsChanged(moved))
    served.hub.publish(SessionsChanged(moved))
    served.hub.publish(RateSampled(1.0))
    change = await anext(changes)
    assert isinstance(change, Change)
    assert change.body == SomeSessionsChanged((moved[0], moved[2]), gone=(1,))
    assert apply(view, change).sessions == moved
    told = await older._stream.get()
    assert isinstance(told, Change)
    assert told.body == SessionsChanged(moved)
    assert isinstance((await anext(changes)).body, RateSampled), "equal sessions are not sent again"  # type: ignore[union-attr]
    await asyncio.gather(older.close(), newer.close())


async def test_text_that_is_no_unicode_breaks_no_connection(served: Served) -> None:
    client = await NodeClient.connect(served.commands)
    stream = client.attach()
    await anext(stream)
    served.hub.publish(StatusChanged(status("in the folder caf\udce9")))
    change = await anext(stream)
    assert isinstance(change, Change)
    assert isinstance(change.body, StatusChanged)
    assert change.body.status.reason == "in the folder caf?"
    await client.close()
