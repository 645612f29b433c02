"""A node without a key beside the one that answers: it shows everything, and sends nothing."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.sessions import Service
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskView
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.call_messages import Call, GetCall
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import GetTask, GetTransactions, Tasks, Transactions
from cortensor_tui.node.messages import Change, GetSessions, SessionsChanged, TaskChanged
from cortensor_tui.node.owner_messages import Assign, Submit
from cortensor_tui.node.paths import socket_path
from tests.support.fault_proxy import FaultProxy, open_proxy
from tests.world import REPOSITORY, World, until_verdict

pytestmark = pytest.mark.real

STEPS = [TransactionKind.ACK, TransactionKind.PRECOMMIT, TransactionKind.COMMIT]


@pytest.fixture
async def recorder(ticking_world: World) -> AsyncIterator[FaultProxy]:
    """The watcher's endpoint, which counts what it is asked."""
    async with open_proxy(ticking_world.info.rpc_url) as proxy:
        yield proxy


def watching(world: World, recorder: FaultProxy) -> Path:
    """Write the settings of a node that watches the miner, and knows no key."""
    return world.settings(
        "watcher",
        HOST=recorder.url,
        NODE_PUBLIC_KEY=None,
        NODE_PRIVATE_KEY=None,
        CORTENSOR_TUI_OWNER_PRIVATE_KEY=None,
        CORTENSOR_TUI_MODEL_PATH=None,
        CORTENSOR_TUI_WATCH_ADDRESS=world.miner.address.lower(),
    )


async def until_ended(client: NodeClient, key: TaskKey) -> list[TaskView]:
    """Follow the node until the task has ended, and return every view of it that was told."""
    told: list[TaskView] = []
    async for message in client.attach():
        if isinstance(message, Change) and isinstance(message.body, TaskChanged):
            told += [message.body.task] if message.body.task.key == key else []
            if told and told[-1].stage is Stage.ENDED:
                return told
    raise AssertionError("unreachable: attach ends by raising")


async def transactions_of(client: NodeClient, key: TaskKey) -> Transactions:
    found = await client.request(GetTransactions(task=key))
    assert isinstance(found, Transactions)
    return found


async def refusal(settings: Path, *words: str) -> str:
    """Run a command that must end with 1, and return the code of its error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cortensor_tui", *words, "--env", str(settings), "--json"),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    return str(json.loads(told)["error"]["code"])


async def test_a_watcher_shows_a_task_to_its_answer_and_sends_nothing(
    ticking_world: World, recorder: FaultProxy
) -> None:
    world = ticking_world
    session_id = await world.create_session()
    await world.bind(session_id)
    serving, settings = world.settings(), watching(world, recorder)
    async with world.node(serving) as miner, world.node(settings) as process:
        await until_verdict(serving, Verdict.SERVING, miner)
        status = await until_verdict(settings, Verdict.WATCHING, process, f"session {session_id}")
        client = await NodeClient.connect(socket_path(settings))
        following = asyncio.create_task(until_ended(client, TaskKey(session_id, 0)))
        key = await world.submit(session_id, "Name three colours.")
        told = await asyncio.wait_for(following, 90)
        [result] = await world.reader.results(key)
        sent = await transactions_of(client, key)

        assert status.is_watching
        assert (status.node.address, status.owner.address) == (world.miner.address,) * 2
        assert status.node.balance_wei is not None
        places = [view.stage.place for view in told]
        assert places == sorted(places), "a stage came after a later one"
        assert (told[-1].answer, told[-1].answer_hash) == (result.data, result.hash)
        assert told[-1].prompt == "Name three colours."
        assert [(one.kind, one.state) for one in reversed(sent.transactions)] == [
            (kind, TransactionState.MINED) for kind in STEPS
        ]
        assert all(one.sender == world.miner.address for one in sent.transactions)
        assert all(one.fee_wei and one.call and one.mined_at for one in sent.transactions)

        commit = await client.request(GetCall(transaction_id=sent.transactions[0].transaction_id))
        assert isinstance(commit, Call)
        assert commit.function == "commit"
        assert result.data in [one.value for one in commit.arguments]

        sessions = await client.request(GetSessions())
        assert isinstance(sessions, SessionsChanged)
        assert [view.service for view in sessions.sessions] == [Service.WATCHED]
        for act in (
            Assign(session_id=session_id, node_address=world.miner.address, unbind=True),
            Submit(session_id=session_id, prompt="hello"),
        ):
            with pytest.raises(ProblemError, match="only watches") as caught:
                await client.request(act)
            assert caught.value.problem.remedy
        await client.close()

        for words in (("assign", str(session_id)), ("submit", str(session_id), "hello")):
            assert await refusal(settings, *words) == "only_watching"
        assert (await world.command(settings, "status"))["verdict"] == "watching"

    assert recorder.sent == []
    assert recorder.methods["eth_sendRawTransaction"] == 0
    assert recorder.methods["eth_call"] > 0
    left = {path.name for path in (world.folder / "watcher-data").iterdir()}
    assert left == {"watching", "payloads", "logs"}, "no lease, no key's journal, no model"


async def test_what_was_done_before_is_seen_too(ticking_world: World, recorder: FaultProxy) -> None:
    world = ticking_world
    session_id = await world.create_session()
    await world.bind(session_id)
    serving, settings = world.settings(), watching(world, recorder)
    async with world.node(serving) as miner:
        await until_verdict(serving, Verdict.SERVING, miner)
        key = await world.submit(session_id, "Name three colours.")
        await world.until_ended(key)
    [result] = await world.reader.results(key)

    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.WATCHING, process)
        client = await NodeClient.connect(socket_path(settings))
        found = await client.request(GetTask(key=key))
        sent = await transactions_of(client, key)
        await client.close()

    assert isinstance(found, Tasks)
    [task] = found.tasks
    assert (task.stage, task.answer) == (Stage.ENDED, result.data)
    times = (task.assigned_at, task.acked_at, task.precommitted_at, task.committed_at, task.ended_at)
    known = [at for at in times if at is not None]
    assert len(known) == len(times)
    assert known == sorted(known)
    assert [one.kind for one in reversed(sent.transactions)] == STEPS
    assert recorder.sent == []
