"""Fifty tasks assigned in one block: one key acks them all in time, with no nonce error."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from cortensor_tui.chain.networks.profiles import load_profiles
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.tasks import TaskKey
from tests.end_to_end.unattended import assign_in_one_block, unattended_world
from tests.world import World, until_verdict

pytestmark = pytest.mark.real

TASKS = 50
SESSIONS = 2
SHORT = (4, 0, 100, 40, 100, 0, 0)
ACK_DEADLINE_S = load_profiles()["local"].ack_deadline_s


@pytest.fixture
async def unattended(tmp_path: Path, default_model: Path) -> AsyncIterator[World]:
    """A world whose oracle is the test itself."""
    async with unattended_world(tmp_path, default_model) as world:
        yield world


async def acked_times(world: World, keys: list[TaskKey]) -> list[int]:
    """Return the chain's time of each ack, 0 where there is none."""
    calls = [
        world.reader.queue_call("getAllTaskResultAckedTimestamps", key.session_id, key.task_id)
        for key in keys
    ]
    answers = await world.rpc.batch(
        [("eth_call", ({"to": one.to, "data": one.data}, "latest")) for one in calls]
    )
    return [int(answer[-64:], 16) for answer in answers]  # one miner: its time is the last word


async def test_all_are_acked_in_time_on_one_key(unattended: World) -> None:
    world = unattended
    for _ in range(SESSIONS):
        await world.bind(await world.create_session())
    keys = [await world.submit(number % SESSIONS, f"Task {number}.", SHORT) for number in range(TASKS)]
    settings = world.settings()
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        assigned_at = await assign_in_one_block(world, keys)
        async with asyncio.timeout(3 * ACK_DEADLINE_S):
            while 0 in (times := await acked_times(world, keys)):
                await asyncio.sleep(0.2)
    assert max(times) - assigned_at <= ACK_DEADLINE_S
    await assert_gapless(world)
    data = world.folder / "node-data"
    assert not re.search("nonce", (data / "logs" / "agent_miner.log").read_text(), re.IGNORECASE)
    [journal] = (data / "journal").glob("*.sqlite")
    with closing(sqlite3.connect(journal)) as connection:
        [[trouble]] = connection.execute("SELECT count(*) FROM transactions WHERE error != ''").fetchall()
    assert trouble == 0


async def assert_gapless(world: World) -> None:
    """Every transaction of the miner succeeded, and their nonces run from 0 in the chain's own order."""
    head = int(await world.rpc.call("eth_blockNumber"), 16)
    blocks = await world.rpc.batch(
        [("eth_getBlockByNumber", (hex(number), True)) for number in range(head + 1)]
    )
    ours = [
        one for block in blocks for one in block["transactions"] if one["from"] == world.miner.address.lower()
    ]
    receipts = await world.rpc.batch([("eth_getTransactionReceipt", (one["hash"],)) for one in ours])
    assert {receipt["status"] for receipt in receipts} == {"0x1"}
    assert [int(one["nonce"], 16) for one in ours] == list(range(len(ours)))
    assert len(ours) >= TASKS
