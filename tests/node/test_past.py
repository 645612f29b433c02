"""A whole node whose chain does not answer when it starts: it tells the past of the chain served last."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cortensor_tui.chain.networks.resolve import identify_chain
from cortensor_tui.dashboard.folding import apply
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.domain.health import NodeStatus, Precondition
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.journal.scope import ChainScope, Cursor
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import GetTask, GetTasks, GetTransactions, Tasks, Transactions
from cortensor_tui.node.hub import KEPT_TASKS
from cortensor_tui.node.identity import journal_path
from cortensor_tui.node.messages import GetSessions
from cortensor_tui.node.mining_duty import MiningDuty
from cortensor_tui.node.paths import socket_path
from cortensor_tui.node.service import Node
from cortensor_tui.node.settings_messages import ChangeSetting, SettingChanged
from cortensor_tui.node.unlock import unlock_keys
from cortensor_tui.settings import Settings, env_line, load_settings
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil
from tests.journal.past import SCOPE, write_past
from tests.node.mining_node import MINER, MiningNode
from tests.node.task_story import assigned, end
from tests.support.fault_proxy import FaultProxy

pytestmark = pytest.mark.real

TASKS, TRANSACTIONS = 120, 30
READ_AT, READ_UPTO = 1_790_000_000.0, Cursor(block_number=7, block_hash="0x00")


def told_of(view: NodeView, name: str) -> Precondition:
    return next(one for one in view.status.preconditions if one.name == name)


class StartedNode:
    """A node with a past, in this process, and one who is attached to it."""

    def __init__(self, node: Node, settings: Settings, client: NodeClient) -> None:
        self.node = node
        self.settings = settings
        self.client = client
        self.view: NodeView | None = None

    @property
    def status(self) -> NodeStatus:
        assert self.view is not None
        return self.view.status

    async def follow(self) -> None:
        async for message in self.client.attach():
            self.view = apply(self.view, message)

    async def until(self, is_so: Callable[[NodeView], bool]) -> NodeView:
        async with asyncio.timeout(30):
            while self.view is None or not is_so(self.view):
                await asyncio.sleep(0.01)
        return self.view

    async def keys(self) -> list[TaskKey]:
        """Return every task of the history, page by page."""
        found: list[TaskKey] = []
        body = GetTasks(limit=50)
        while True:
            page = await self.client.request(body)
            assert isinstance(page, Tasks)
            found += [task.key for task in page.tasks]
            if not page.has_more:
                return found
            body = GetTasks(limit=50, before=page.reached)

    async def command(self, *words: str) -> dict[str, Any]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cortensor_tui", *words, "--env", str(self.settings.path), "--json"),
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0
        document: dict[str, Any] = json.loads(told)
        return document


def settings_for(folder: Path, devnet: DevnetOnAnvil, url: str) -> Settings:
    """Write a node's settings; its engine has no model and is not needed."""
    values = {
        "HOST": url,
        "CHAINID": "31337",
        "CORTENSOR_TUI_SESSION_V2_ADDRESS": devnet.contracts.session_v2,
        "CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS": devnet.contracts.session_queue_v2,
        "NODE_PUBLIC_KEY": MINER.address,
        "NODE_PRIVATE_KEY": MINER.private_key,
        "ENABLE_DEDICATED_NODE": "1",
        "CORTENSOR_TUI_OWNER_ADDRESS": OWNER,
        "CORTENSOR_TUI_DATA_DIR": str(folder),
        "CORTENSOR_TUI_MODEL_PATH": str(folder / "none.gguf"),
    }
    path = folder / "node.env"
    path.write_text("".join(env_line(key, value) for key, value in values.items()))
    path.chmod(0o600)
    return load_settings(path, {})


def write_served(settings: Settings, scope: ChainScope) -> None:
    """Write the past of a chain that this node has read up to a block."""
    path = journal_path(settings, MINER.address)
    path.parent.mkdir(parents=True, mode=0o700)
    journal = write_past(path, sessions=3, tasks=TASKS, transactions=TRANSACTIONS, scope=scope)
    journal.cursor.move(READ_UPTO, now=READ_AT)


async def scope_of(devnet: DevnetOnAnvil) -> ChainScope:
    identity = await identify_chain(devnet.rpc, None)
    return ChainScope(
        chain_id=identity.chain_id,
        genesis_hash=identity.genesis_hash,
        queue_address=devnet.contracts.session_queue_v2,
    )


async def answer_one(devnet: DevnetOnAnvil, node: MiningNode, session_id: int) -> TaskKey:
    key = await assigned(devnet, session_id)
    await node.until(key, Stage.COMMITTED)
    await end(devnet, key)
    await node.until(key, Stage.ENDED)
    return key


def leave_journal(node: MiningNode, settings: Settings) -> None:
    """Put the journal of a node where the next one has it."""
    node.database.close()
    path = journal_path(settings, MINER.address)
    path.parent.mkdir(parents=True, mode=0o700)
    (settings.data_dir / "journal.sqlite").rename(path)


@pytest.fixture
async def proxy(devnet: DevnetOnAnvil) -> AsyncIterator[FaultProxy]:
    """The way to the chain; until it is started nothing listens there."""
    found = FaultProxy(devnet.rpc.url)
    yield found
    await found.stop()


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[StartedNode]:
    unlocked = unlock_keys(settings, {}, None)
    node = Node(settings, lambda feed, store: MiningDuty(settings, unlocked, feed, store), lambda line: None)
    running = asyncio.create_task(node.run())
    client = await connected(settings)
    found = StartedNode(node, settings, client)
    following = asyncio.create_task(found.follow())
    try:
        yield found
    finally:
        node.stop()
        await running
        await client.close()
        await asyncio.gather(following, return_exceptions=True)


async def connected(settings: Settings) -> NodeClient:
    async with asyncio.timeout(20):
        while True:
            try:
                return await NodeClient.connect(socket_path(settings.path))
            except ProblemError:
                await asyncio.sleep(0.01)


async def test_before_the_chain_answers_the_past_of_the_last_one_is_told_and_said_to_be_that(
    tmp_path: Path, devnet: DevnetOnAnvil, proxy: FaultProxy
) -> None:
    settings = settings_for(tmp_path, devnet, proxy.url)
    write_served(settings, SCOPE)
    async with started(settings) as node:
        view = await node.until(
            lambda view: (
                len(view.tasks) == KEPT_TASKS
                and len(view.transactions) == TRANSACTIONS
                and view.status.answered_tasks is not None
            )
        )
        past = view.status.past
        assert past is not None
        assert (past.chain_id, past.genesis_hash) == (31337, SCOPE.genesis_hash)
        assert (past.block_number, past.read_at) == (READ_UPTO.block_number, READ_AT)
        assert (view.status.answered_tasks, view.status.missed_tasks) == (TASKS - 3 - 3, 3)
        keys = await node.keys()
        assert len(keys) == len(set(keys)) == TASKS

        page = await node.client.request(GetTasks(limit=1))
        assert isinstance(page, Tasks)
        assert page.past == past
        one = await node.client.request(GetTask(key=keys[-1]))
        assert isinstance(one, Tasks)
        assert [task.key for task in one.tasks] == [keys[-1]]
        sent = await node.client.request(GetTransactions(limit=1))
        assert isinstance(sent, Transactions)
        assert sent.past == past

        listed = await node.command("tasks", "--limit", "5")
        assert [task["task_id"] for task in listed["tasks"]] == [key.task_id for key in keys[:5]]
        assert listed["past"]["genesis_hash"] == SCOPE.genesis_hash
        assert (await node.command("txs"))["past"] == listed["past"]
        assert (await node.command("status"))["past"] == listed["past"]


async def test_what_needs_the_chain_is_refused_on_the_ground_of_a_past(
    tmp_path: Path, devnet: DevnetOnAnvil, proxy: FaultProxy
) -> None:
    settings = settings_for(tmp_path, devnet, proxy.url)
    write_served(settings, await scope_of(devnet))
    async with started(settings) as node:
        await node.until(lambda view: bool(view.tasks))
        with pytest.raises(ProblemError) as refused:
            await node.client.request(GetSessions())
        assert refused.value.problem.code == "not_connected"
        assert node.status.chain.chain_id is None
        assert node.view is not None
        assert node.view.sessions == ()


async def test_when_the_same_chain_comes_back_the_node_goes_on_and_tells_nothing_twice(
    tmp_path: Path, devnet: DevnetOnAnvil, proxy: FaultProxy, node: MiningNode, session_id: int
) -> None:
    settings = settings_for(tmp_path, devnet, proxy.url)
    answered = [await answer_one(devnet, node, session_id) for _ in range(2)]
    leave_journal(node, settings)
    async with started(settings) as again:
        before = await again.until(lambda view: len(view.transactions) == 3 * len(answered))
        assert before.status.past is not None
        assert not before.status.are_sessions_read
        assert [task.key for task in before.tasks] == answered
        await proxy.start()
        key = await assigned(devnet, session_id)
        after = await again.until(lambda view: view.task(key) is not None)
        assert after.status.past is None
        assert after.status.chain.replaced is None
        assert (await again.until(lambda view: view.status.are_sessions_read)).sessions
        assert after.generation == before.generation, "nothing has to be read anew"
        assert [task.key for task in after.tasks] == [*answered, key]
        assert after.transactions[: len(before.transactions)] == before.transactions
        assert sorted(await again.keys()) == sorted([*answered, key])
        page = await again.client.request(GetTasks(limit=1))
        assert isinstance(page, Tasks)
        assert page.past is None


async def test_when_another_chain_comes_only_its_own_past_is_told(
    tmp_path: Path, devnet: DevnetOnAnvil, proxy: FaultProxy
) -> None:
    settings = settings_for(tmp_path, devnet, proxy.url)
    write_served(settings, SCOPE)
    async with started(settings) as node:
        await node.until(lambda view: bool(view.tasks) and view.status.answered_tasks is not None)
        await proxy.start()
        view = await node.until(lambda view: view.status.past is None and view.status.answered_tasks == 0)
        assert (view.tasks, view.transactions, view.throughput.spans) == ((), (), ())
        assert await node.keys() == []
        view = await node.until(lambda view: view.status.are_sessions_read)
        assert view.status.chain.replaced is not None
        assert view.status.chain.replaced.genesis_hash == SCOPE.genesis_hash
        assert "check its endpoints" in told_of(view, "bound to an active session").remedy


async def test_without_any_past_the_first_chain_is_told_to_lists_that_were_refused(
    tmp_path: Path, devnet: DevnetOnAnvil, proxy: FaultProxy
) -> None:
    settings = settings_for(tmp_path, devnet, proxy.url)
    async with started(settings) as node:
        before = await node.until(lambda view: view.status.chain.error != "")
        assert (before.status.past, before.status.answered_tasks) == (None, None)
        with pytest.raises(ProblemError) as refused:
            await node.client.request(GetTasks())
        assert refused.value.problem.code == "not_connected"
        await proxy.start()
        after = await node.until(lambda view: view.status.chain.head_number is not None)
        assert after.generation > before.generation, "or a list would stay refused"
        assert await node.keys() == []


async def test_a_setting_makes_sessions_private_while_the_node_runs(
    tmp_path: Path, devnet: DevnetOnAnvil, proxy: FaultProxy
) -> None:
    settings = settings_for(tmp_path, devnet, proxy.url)
    write_served(settings, SCOPE)
    async with started(settings) as node:
        await node.until(lambda view: len(view.tasks) == KEPT_TASKS)
        change = ChangeSetting(name="CORTENSOR_TUI_PRIVATE_SESSIONS", value="all")
        changed = await node.client.request(change)
        assert isinstance(changed, SettingChanged)
        assert changed.is_applied
        await node.until(lambda view: all(task.is_hidden for task in view.tasks))
        page = await node.client.request(GetTasks(limit=1))
        assert isinstance(page, Tasks)
        assert page.tasks[0].is_hidden
        assert load_settings(settings.path, {}).private_sessions.is_all


async def test_the_command_line_lists_in_every_order(
    tmp_path: Path, devnet: DevnetOnAnvil, proxy: FaultProxy
) -> None:
    settings = settings_for(tmp_path, devnet, proxy.url)
    write_served(settings, SCOPE)
    async with started(settings) as node:
        await node.until(lambda view: len(view.tasks) == KEPT_TASKS)
        up = (await node.command("tasks", "--sort", "age", "--reverse", "--limit", "250"))["tasks"]
        assert len(up) == TASKS
        assert [one["assigned_at"] for one in up] == sorted(one["assigned_at"] for one in up)
        down = (await node.command("tasks", "--sort", "age", "--limit", "250"))["tasks"]
        assert down == up[::-1]
        fees = (await node.command("txs", "--sort", "fee"))["transactions"]
        wei = [int(one["fee_wei"] or -1) for one in fees]
        assert wei == sorted(wei, reverse=True)
        first = await node.command("tasks", "--sort", "took", "--limit", "7")
        rest = await node.command("tasks", "--sort", "took", "--before", first["next"], "--limit", "7")
        both = (await node.command("tasks", "--sort", "took", "--limit", "14"))["tasks"]
        assert first["tasks"] + rest["tasks"] == both
