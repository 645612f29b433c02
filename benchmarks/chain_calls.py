"""What a batched call costs the node's processor, beside the same call through web3.py."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from statistics import median

import msgspec
from web3 import AsyncHTTPProvider, AsyncWeb3

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.endpoints import EndpointPool
from cortensor_tui.devnet.artifacts import load_artifact
from cortensor_tui.domain.tasks import TaskKey
from tests.world import World

CALLS = 400
WEB3_CALLS = 100
REQUESTS_PER_S = 100_000.0  # the budget is not what is measured


class CallCosts(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds a call: of this process's CPU time, and of the wall."""

    batched_call_ms: float
    batched_call_wall_ms: float
    web3_call_ms: float
    web3_call_wall_ms: float


async def call_costs(world: World, key: TaskKey, rounds: int = 7) -> CallCosts:
    """Return the median cost of one of many reads of a task that are asked at once, encoded and decoded.

    Ours travel in the reader's batches through the pool, the others as contract calls through AsyncWeb3.
    """
    pool = EndpointPool([world.info.rpc_url], requests_per_s=REQUESTS_PER_S)
    reader = ContractReader(pool, world.reader.contracts, active_session_state=1)
    web3 = AsyncWeb3(AsyncHTTPProvider(world.info.rpc_url))
    address = web3.to_checksum_address(world.info.contracts.session_queue_v2)
    contract = web3.eth.contract(address=address, abi=list(load_artifact("SessionQueueV2").abi))

    async def batched() -> None:
        await reader.tasks([key] * CALLS)

    async def through_web3() -> None:
        asked = (contract.functions.getTask(key.session_id, key.task_id).call() for _ in range(WEB3_CALLS))
        await asyncio.gather(*asked)

    try:
        ours = await _cost(batched, CALLS, rounds)
        theirs = await _cost(through_web3, WEB3_CALLS, rounds)
    finally:
        await pool.close()
        await web3.provider.disconnect()
    return CallCosts(
        batched_call_ms=ours[0],
        batched_call_wall_ms=ours[1],
        web3_call_ms=theirs[0],
        web3_call_wall_ms=theirs[1],
    )


async def _cost(work: Callable[[], Awaitable[None]], calls: int, rounds: int) -> tuple[float, float]:
    await work()  # connects, and fills what is kept
    cpu_ms, wall_ms = [], []
    for _ in range(rounds):
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        await work()
        cpu_ms.append((time.process_time() - cpu) * 1000 / calls)
        wall_ms.append((time.perf_counter() - wall) * 1000 / calls)
    return median(cpu_ms), median(wall_ms)
