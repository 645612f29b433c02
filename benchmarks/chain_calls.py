"""What a batched call costs the node's processor, beside the same call through web3.py."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from statistics import median

import msgspec
from web3 import AsyncHTTPProvider, AsyncWeb3

from cortensor_tui.chain.abi import encode_call, load_interface
from cortensor_tui.chain.endpoints import EndpointPool

CALLS = 400
REQUESTS_PER_S = 100_000.0  # the budget is not what is measured


class CallCosts(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds a call: of this process's CPU time, and of the wall."""

    batched_call_ms: float
    batched_call_wall_ms: float
    web3_call_ms: float
    web3_call_wall_ms: float


async def call_costs(rpc_url: str, session_v2: str, rounds: int = 7) -> CallCosts:
    """Return the median cost of one of 400 equal view calls that are asked at once.

    Ours travel in two HTTP requests of the pool's, the others as 400 contract calls through AsyncWeb3.
    """
    function = load_interface("SessionV2").functions["getSessionCount"]
    calls = [("eth_call", ({"to": session_v2, "data": encode_call(function)}, "latest"))] * CALLS
    pool = EndpointPool([rpc_url], requests_per_s=REQUESTS_PER_S)
    web3 = AsyncWeb3(AsyncHTTPProvider(rpc_url))
    abi = [
        {
            "type": "function",
            "name": "getSessionCount",
            "inputs": [],
            "stateMutability": "view",
            "outputs": [{"name": "", "type": "uint256"}],
        }
    ]
    contract = web3.eth.contract(address=web3.to_checksum_address(session_v2), abi=abi)

    async def batched() -> None:
        answers = await pool.batch(calls)
        if not all(isinstance(answer, str) for answer in answers):
            raise RuntimeError(f"a call failed: {answers[0]}")

    async def through_web3() -> None:
        await asyncio.gather(*(contract.functions.getSessionCount().call() for _ in range(CALLS)))

    try:
        ours = await _cost(batched, rounds)
        theirs = await _cost(through_web3, rounds)
    finally:
        await pool.close()
        await web3.provider.disconnect()
    return CallCosts(
        batched_call_ms=ours[0],
        batched_call_wall_ms=ours[1],
        web3_call_ms=theirs[0],
        web3_call_wall_ms=theirs[1],
    )


async def _cost(work: Callable[[], Awaitable[None]], rounds: int) -> tuple[float, float]:
    await work()  # connects, and fills what is kept
    cpu_ms, wall_ms = [], []
    for _ in range(rounds):
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        await work()
        cpu_ms.append((time.process_time() - cpu) * 1000 / CALLS)
        wall_ms.append((time.perf_counter() - wall) * 1000 / CALLS)
    return median(cpu_ms), median(wall_ms)
