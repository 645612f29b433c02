"""Starts the embedded chain: py-evm in a worker thread behind HTTP JSON-RPC, from pip alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from eth_typing import Address

from cortensor_tui.devnet.backend import Backend
from cortensor_tui.devnet.embedded_chain import EmbeddedChain
from cortensor_tui.devnet.embedded_producer import produce_blocks
from cortensor_tui.devnet.rpc_methods import method_table
from cortensor_tui.devnet.rpc_server import RpcServer

CHAIN_ID = 31337


class EmbeddedBackend:
    """The running chain, its miner and its server. Nothing is kept on disk."""

    def __init__(self, chain: EmbeddedChain, server: RpcServer, miner: asyncio.Task[None]) -> None:
        self._chain = chain
        self._server = server
        self._miner = miner
        self._is_stopped = False

    @property
    def rpc_url(self) -> str:
        """Return the address clients connect to."""
        return self._server.url

    async def ended(self) -> str:
        """Wait until the miner, and with it the chain, has ended, and return why."""
        await asyncio.wait([self._miner])
        fault = None if self._miner.cancelled() else self._miner.exception()
        return "its miner ended" if fault is None else f"its miner ended: {fault!r}"

    async def stop(self) -> None:
        """End miner, server and worker thread; a second call does nothing."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._miner.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._miner
        await self._server.stop()
        await self._chain.close()


async def start_embedded(port: int, funded: Mapping[str, int], block_interval_s: float = 1.0) -> Backend:
    """Start a fresh chain with id 31337 on 127.0.0.1; port 0 takes a free one.

    `funded` gives addresses their wei. Block times are whole seconds, so the interval is at least 1 s
    (ValueError below) and a fraction is rounded up; a transaction is mined sooner where the clock allows.
    Raises ProblemError when the port is taken.
    """
    if block_interval_s < 1:
        raise ValueError(f"the embedded chain mines at most once a second, not every {block_interval_s} s")
    accounts = {Address(bytes.fromhex(address.removeprefix("0x"))): wei for address, wei in funded.items()}
    chain = await EmbeddedChain.create(CHAIN_ID, accounts)
    server = RpcServer(method_table(chain))
    try:
        await server.start(port)
    except BaseException:
        await chain.close()
        raise
    miner = asyncio.create_task(produce_blocks(chain, block_interval_s), name="devnet-miner")
    return EmbeddedBackend(chain, server, miner)
