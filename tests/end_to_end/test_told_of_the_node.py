"""What a real node tells of itself once it has answered: gas in tasks, preconditions, and its network."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.domain.endpoints import EndpointState
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.network_report import NetworkReport
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.network_messages import GetNetwork
from cortensor_tui.node.paths import socket_path
from tests.world import World, until_verdict

pytestmark = pytest.mark.real


async def network_of(settings: Path) -> NetworkReport:
    client = await NodeClient.connect(socket_path(settings))
    try:
        answer = await client.request(GetNetwork())
    finally:
        await client.close()
    assert isinstance(answer, NetworkReport)
    return answer


async def test_a_node_that_has_answered_tells_what_its_gas_is_worth_and_all_of_its_network(
    world: World,
) -> None:
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings()
    async with world.node(settings) as process:
        before = await until_verdict(settings, Verdict.SERVING, process)
        assert (before.gas.task_gas, before.gas.tasks_left) == (None, None), "no task to go by yet"
        assert all(one.is_met for one in before.preconditions)
        assert before.node.unlocked_from == "plain text in the settings"
        assert "not readable on this network" in before.registration.detail

        await world.until_ended(await world.submit(session_id, "Are you there?"))
        after = await until_verdict(settings, Verdict.SERVING, process)
        assert (after.gas.counted_tasks, after.gas.tasks_left is not None) == (1, True)
        assert int(after.gas.day_left_wei or 0) < int(after.gas.day_budget_wei or 0)

        told = await network_of(settings)
        [endpoint] = told.endpoints
        assert endpoint.health.state is EndpointState.IN_USE
        assert (endpoint.blocks_behind, endpoint.sends_taken, endpoint.failures) == (0, 3, 0)
        assert [(one.what, one.is_same) for one in told.comparisons] == [
            ("chain id (CHAINID)", True),
            ("first block", True),
            ("getHash('abc')", True),
        ]
        assert told.origin is not None
        assert all(found.setting.endswith("_ADDRESS") for found in told.origin.addresses)
        assert told.head_feed is not None
        assert told.head_feed.health == "connected"
        assert told.head_feed.news > 0
