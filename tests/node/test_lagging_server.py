"""Several servers stand behind one endpoint, and some lag: what they do not know yet is no verdict."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cortensor_tui.chain.rpc import Call, Rpc, RpcError
from cortensor_tui.domain.tasks import Stage, TaskKey
from tests.devnet.conftest import anvil_url, devnet, node_modules
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil
from tests.node.mining_node import MINER, MiningNode
from tests.node.test_reorganised import answer_on_chain, assigned, end

__all__ = ["anvil_url", "devnet", "node_modules"]  # the fixtures
pytestmark = pytest.mark.real


class LaggingServers:
    """The chain, as asked of an endpoint whose servers may answer some methods as of an older block."""

    def __init__(self, rpc: Rpc) -> None:
        self.url, self.latency_ms = rpc.url, None
        self.as_of: int | None = None
        self.lagging: frozenset[str] = frozenset()
        self.left_to_lag = 0
        self.silent: frozenset[str] = frozenset()
        self._rpc = rpc

    def lag(self, as_of: int, *methods: str, times: int = 1_000_000) -> None:
        """Answer these methods as of a block from now on, so many times."""
        self.as_of, self.lagging, self.left_to_lag = as_of, frozenset(methods), times

    async def call(self, method: str, *params: Any) -> Any:
        [outcome] = await self.batch([(method, params)])
        if isinstance(outcome, RpcError):
            raise outcome
        return outcome

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        return await self._rpc.batch([self._asked(call) for call in calls])

    async def send_raw(self, raw: str) -> str:
        return await self._rpc.send_raw(raw)

    async def close(self) -> None:
        await self._rpc.close()

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
async def node(devnet: DevnetOnAnvil, servers: LaggingServers, tmp_path: Path) -> AsyncIterator[MiningNode]:
    mining = MiningNode(devnet, tmp_path, servers)
    await mining.start()
    yield mining
    await mining.stop()
    mining.database.close()


@pytest.fixture
async def session_id(devnet: DevnetOnAnvil, node: MiningNode) -> int:
    found = await devnet.create_session(OWNER, nodes=(MINER.address,))
    await node.look()
    return found


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
    assert await answer_on_chain(node, key) == "You said: What is a chain?"


async def test_an_answered_task_is_not_called_missed_by_a_server_that_lags(
    devnet: DevnetOnAnvil, servers: LaggingServers, node: MiningNode, session_id: int
) -> None:
    node.engine.may_answer.clear()
    key = await assigned(devnet, session_id)
    await node.until(key, Stage.ACKED)
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
