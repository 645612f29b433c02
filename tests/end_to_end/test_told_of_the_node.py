"""What a real node tells of itself once it has answered: gas in tasks, preconditions, and its network."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cortensor_tui.domain.endpoints import EndpointState
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.network_report import NetworkReport
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import Change, Snapshot, StatusChanged
from cortensor_tui.node.network_messages import GetNetwork
from cortensor_tui.node.paths import socket_path
from cortensor_tui.node.settings_messages import ChangeSetting
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


def _theme_in(told: Snapshot | Change) -> str | None:
    if isinstance(told, Change) and isinstance(told.body, StatusChanged):
        return told.body.status.theme
    return None


async def test_a_theme_that_is_written_is_told_to_every_dashboard(world: World) -> None:
    settings = world.settings()
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.WAITING, process)
        client = await NodeClient.connect(socket_path(settings))
        try:
            changes = client.attach()
            snapshot = await anext(changes)
            assert isinstance(snapshot, Snapshot)
            assert snapshot.status.theme is None
            await client.request(ChangeSetting(name="CORTENSOR_TUI_THEME", value="harbour-light"))
            async with asyncio.timeout(30):
                while (theme := _theme_in(await anext(changes))) is None:
                    pass
            assert theme == "harbour-light"
        finally:
            await client.close()
