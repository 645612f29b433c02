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
from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.chain.signing.signer import Signer
from cortensor_tui.devnet.accounts import deployer_account, funded_balances, oracle_account, user_accounts
from cortensor_tui.devnet.anvil import CHAIN_ID, start_anvil
from cortensor_tui.devnet.deploy import deploy
from cortensor_tui.devnet.service import DevnetInfo
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.tasks import TaskKey
from tests.world import World, until_verdict

pytestmark = pytest.mark.real

TASKS = 50
SESSIONS = 2
SHORT = (4, 0, 100, 40, 100, 0, 0)
ACK_DEADLINE_S = load_profiles()["local"].ack_deadline_s


@pytest.fixture
async def unattended(tmp_path: Path, default_model: Path) -> AsyncIterator[World]:
    """A world whose oracle is the test itself."""
    chain = await start_anvil(0, funded_balances(), 0)
    rpc = RpcClient(chain.rpc_url)
    try:
        contracts = await deploy(rpc, deployer_account().private_key, oracle_account().address)
        info = DevnetInfo(
            chain_id=CHAIN_ID, rpc_url=chain.rpc_url, contracts=contracts, accounts=user_accounts()
        )
        world = World(info, tmp_path, default_model)
        yield world
        await world.rpc.close()
    finally:
        await rpc.close()
        await chain.stop()


async def assign_in_one_block(world: World, keys: list[TaskKey]) -> int:
    """Assign every task to the miner in one block, and return the block's time."""
    oracle = Signer(oracle_account().private_key, CHAIN_ID)
    nonce = await world.transaction_count(oracle.address)
    await world.rpc.call("evm_setAutomine", False)
    for offset, key in enumerate(keys):
        call = world.reader.queue_call("assignTask", key.session_id, key.task_id, [world.miner.address], 12)
        fields = {"nonce": nonce + offset, "to": call.to, "data": call.data, "gas": 500_000}
        raw, _ = oracle.sign({**fields, "maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9})
        await world.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    await world.rpc.call("evm_mine")
    block = await world.rpc.call("eth_getBlockByNumber", "latest", False)
    assert len(block["transactions"]) == len(keys), "all in one block"
    await world.rpc.call("evm_setIntervalMining", 1)
    return int(block["timestamp"], 16)


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
