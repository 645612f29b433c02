"""A world whose oracle is the test itself, so that it says what happens in one block."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.chain.signing.signer import Signer
from cortensor_tui.devnet.accounts import deployer_account, funded_balances, oracle_account, user_accounts
from cortensor_tui.devnet.anvil import CHAIN_ID, start_anvil
from cortensor_tui.devnet.deploy import deploy
from cortensor_tui.devnet.service import DevnetInfo
from cortensor_tui.domain.tasks import TaskKey
from tests.world import World


@asynccontextmanager
async def unattended_world(folder: Path, model: Path) -> AsyncIterator[World]:
    """Give a devnet on anvil that mines each transaction at once and whose tasks nobody assigns or ends."""
    chain = await start_anvil(0, funded_balances(), 0)
    rpc = RpcClient(chain.rpc_url)
    try:
        contracts = await deploy(rpc, deployer_account().private_key, oracle_account().address)
        info = DevnetInfo(
            chain_id=CHAIN_ID, rpc_url=chain.rpc_url, contracts=contracts, accounts=user_accounts()
        )
        world = World(info, folder, model)
        yield world
        await world.rpc.close()
    finally:
        await rpc.close()
        await chain.stop()


async def assign_in_one_block(world: World, keys: Sequence[TaskKey]) -> int:
    """Assign every task to the miner in one block, and return its time. Then one comes every second."""
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
