"""Starts a whole devnet: chain, contracts, funded accounts and oracle, and ends it again."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

import msgspec

from cortensor_tui.chain.networks.profiles import load_profiles
from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.devnet.accounts import (
    DevAccount,
    deployer_account,
    funded_balances,
    oracle_account,
    user_accounts,
)
from cortensor_tui.devnet.backend import Backend
from cortensor_tui.devnet.decisions import Deadlines
from cortensor_tui.devnet.deploy import DevnetContracts, deploy, find_deployed
from cortensor_tui.devnet.oracle import Oracle
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import problem_error

BackendName = Literal["embedded", "anvil"]


class DevnetInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a client needs of a devnet that is ready. The keys are public, see accounts.py."""

    chain_id: int
    rpc_url: str
    contracts: DevnetContracts
    accounts: tuple[DevAccount, ...]
    generation: Generation = Generation.NEW


async def run_devnet(
    *,
    backend: BackendName,
    port: int,
    on_ready: Callable[[DevnetInfo], Awaitable[None] | None],
    deadlines: Deadlines | None = None,
    block_interval_s: float = 1.0,
    state_file: Path | None = None,
    generation: Generation = Generation.NEW,
) -> None:
    """Run a devnet until cancelled; `on_ready` is called once it answers. Port 0 takes a free one.

    `state_file` keeps the chain over restarts (anvil only). Raises `ProblemError` when it cannot start.
    """
    chain = await _start(backend, port, block_interval_s, state_file)
    rpc = RpcClient(chain.rpc_url)
    try:
        contracts = await find_deployed(rpc, deployer_account().address, generation)
        if contracts is None:
            deployer_key, oracle_address = deployer_account().private_key, oracle_account().address
            contracts = await deploy(rpc, deployer_key, oracle_address, generation)
        info = DevnetInfo(
            chain_id=int(await rpc.call("eth_chainId"), 16),
            rpc_url=chain.rpc_url,
            contracts=contracts,
            accounts=user_accounts(),
            generation=generation,
        )
        oracle = Oracle(
            rpc,
            oracle_account().private_key,
            contracts,
            deadlines or Deadlines.of(load_profiles()["local"]),
            generation=generation,
        )
        called = on_ready(info)
        if inspect.isawaitable(called):
            await called
        await _run_on(chain, oracle)
    finally:
        await rpc.close()
        await chain.stop()


async def _run_on(chain: Backend, oracle: Oracle) -> None:
    """Run the oracle until cancelled. Raises `ProblemError` "chain_ended" when its chain is gone."""
    working, ended = asyncio.create_task(oracle.run()), asyncio.create_task(chain.ended())
    try:
        await asyncio.wait({working, ended}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            raise problem_error(
                "chain_ended", "The devnet's chain has ended", ended.result(), "Start the devnet again"
            )
        await working
    finally:
        working.cancel()
        ended.cancel()
        await asyncio.gather(working, ended, return_exceptions=True)


async def _start(
    backend: BackendName, port: int, block_interval_s: float, state_file: Path | None
) -> Backend:
    # Each is imported when chosen: py-evm alone takes most of a second.
    if backend == "anvil":
        from cortensor_tui.devnet.anvil import start_anvil

        return await start_anvil(port, funded_balances(), block_interval_s, state_file)
    if state_file is not None:
        raise problem_error(
            "no_state_file",
            "The embedded chain keeps nothing on disk",
            "a state file was asked for",
            "Leave it out, or use the anvil backend",
        )
    from cortensor_tui.devnet.embedded import start_embedded

    return await start_embedded(port, funded_balances(), block_interval_s)
