"""Several servers stand behind one endpoint: some lag, some leave out logs. No task is lost to that."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cortensor_tui.chain.rpc.client import Call, Rpc
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.node import open_tasks
from tests.chain.forking_chain import no_answer
from tests.devnet.devnet_on_anvil import DevnetOnAnvil
from tests.node.mining_node import LONGEST_S, LOOK_S, MiningNode
from tests.node.task_story import ANSWER, acked, answer_on_chain, assigned, end
from tests.support.scripted_rpc import PassingRpc

pytestmark = pytest.mark.real


class LaggingServers(PassingRpc):
    """The chain, as asked of an endpoint whose servers may answer some methods as of an older block."""

    def __init__(self, rpc: Rpc) -> None:
        super().__init__(rpc)
        self.as_of: int | None = None
        self.lagging: frozenset[str] = frozenset()
        self.left_to_lag = 0
        self.silent: frozenset[str] = frozenset()
        self.lies: Callable[[list[Any]], list[Any]] = list

    def lag(self, as_of: int, *methods: str, times: int = 1_000_000) -> None:
        """Answer these methods as of a block from now on, so many times."""
        self.as_of, self.lagging, self.left_to_lag = as_of, frozenset(methods), times

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        if any(method in self.silent for method, _ in calls):
            raise no_answer()
        outcomes = await super().batch([self._asked(call) for call in calls])
        return [
            self.lies(outcome) if method == "eth_getLogs" and isinstance(outcome, list) else outcome
            for (method, _), outcome in zip(calls, outcomes, strict=True)
        ]

    def _asked(self, call: Call) -> Call:
        method, params = call
        if self.as_of is None or method not in self.lagging or self.left_to_lag == 0:
            return call
        self.left_to_lag -= 1
        return method, [hex(self.as_of) if param == "latest" else param for param in params]


@pytest.fixture
def servers(devnet: DevnetOnAnvil) -> LaggingServers:
    return LaggingServers(devnet.rpc)


@pytest.fixture
def node_rpc(servers: LaggingServers) -> LaggingServers:
    return servers


async def head(devnet: DevnetOnAnvil) -> int:
    return int(await devnet.rpc.call("eth_blockNumber"), 16)


async def test_a_call_refused_by_a_server_that_lags_is_made_again(
    devnet: DevnetOnAnvil, servers: LaggingServers, node: MiningNode, session_id: int
) -> None:
    before = await head(devnet)
    servers.lag(before, "eth_estimateGas", times=2)
    key = await assigned(devnet, session_id)
    await node.until(key, Stage.COMMITTED)
    assert servers.left_to_lag == 0
    assert node.stages(key) == [Stage.ASSIGNED, Stage.ACKED, Stage.PRECOMMITTED, Stage.COMMITTED]
    assert await answer_on_chain(node, key) == ANSWER


async def test_an_answered_task_is_not_called_missed_by_a_server_that_lags(
    devnet: DevnetOnAnvil, servers: LaggingServers, node: MiningNode, session_id: int
) -> None:
    key = await acked(devnet, node, session_id)
    before = await head(devnet)
    node.engine.may_answer.set()
    await node.until(key, Stage.COMMITTED)
    await end(devnet, key)
    servers.lag(before, "eth_call", times=20)
    await node.until_met(lambda: node.record(key).stage.is_final, key)
    assert node.record(key).stage is Stage.ENDED
    assert Stage.MISSED not in node.stages(key)


async def test_a_call_that_is_refused_for_good_is_told_until_the_task_ends(
    devnet: DevnetOnAnvil, servers: LaggingServers, node: MiningNode, session_id: int
) -> None:
    servers.lag(await head(devnet), "eth_estimateGas")
    key = TaskKey(session_id, 0)
    assert await assigned(devnet, session_id) == key
    await node.until(key, Stage.ASSIGNED, "refuses this call")
    assert node.mining.scheduler.held_by is not None
    await end(devnet, key)
    record = await node.until(key, Stage.MISSED)
    assert "refuses this call" in record.note


async def test_without_logs_tasks_are_found_and_answered_by_state(
    devnet: DevnetOnAnvil,
    servers: LaggingServers,
    node: MiningNode,
    session_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(open_tasks, "STATE_EVERY_S", 0.0)
    servers.silent = frozenset({"eth_getLogs"})
    key = await assigned(devnet, session_id)
    await until_blind(node, key, Stage.COMMITTED)
    await end(devnet, key)
    await until_blind(node, key, Stage.ENDED)
    assert await answer_on_chain(node, key) == ANSWER
    assert node.record(key).times.assigned_block is None
    servers.silent = frozenset()
    await node.until_met(lambda: node.record(key).times.assigned_block is not None, key)
    assert node.record(key).stage is Stage.ENDED


async def until_blind(node: MiningNode, key: TaskKey, stage: Stage) -> None:
    """Look until a task stands at a stage, though every look ends with a complaint."""
    async with asyncio.timeout(LONGEST_S):
        while (record := node.link.journal.tasks.get(key)) is None or record.stage is not stage:
            with contextlib.suppress(ProblemError):
                assert await node.mining.look()
            await asyncio.sleep(LOOK_S)


async def test_after_a_fail_over_state_is_read_at_once(
    devnet: DevnetOnAnvil, servers: LaggingServers, node: MiningNode, session_id: int
) -> None:
    await node.look(2)
    servers.lies = lambda logs: []
    key = await assigned(devnet, session_id)
    await node.look(2)
    assert node.link.journal.tasks.get(key) is None, "its assignment was left out"
    servers.url = "http://another.invalid"
    await node.look()
    assert node.record(key).stage is Stage.ASSIGNED
    await node.until(key, Stage.COMMITTED)
