"""An anvil that can be killed and comes back with its last saved state, and the oracle on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import msgspec

from cortensor_tui.chain.networks.profiles import load_profiles
from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.devnet.accounts import oracle_account
from cortensor_tui.devnet.anvil import AnvilBackend, start_anvil
from cortensor_tui.devnet.decisions import Deadlines
from cortensor_tui.devnet.deploy import DevnetContracts
from cortensor_tui.devnet.oracle import Oracle
from cortensor_tui.domain.problems import ProblemError
from tests.support.ports import lasting_port

BLOCK_S = 1
STATE_EVERY_S = 1
RECEIPT_TIMEOUT_S = 3.0
DEADLINES = Deadlines.of(load_profiles()["local"])


class ChainKeeper:
    """One chain, from a saved state. Only whoever holds no stop may count on it: see `hold`."""

    def __init__(self, state_file: Path, contracts: DevnetContracts, pid_file: Path) -> None:
        self._state_file = state_file
        self._good_state = state_file.with_suffix(".good")
        self._contracts = contracts
        self._pid_file = pid_file
        self._backend: AnvilBackend | None = None
        self._port = lasting_port()
        self._holds = 0
        self._changing = asyncio.Lock()
        self._oracle: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None
        self.rpc = RpcClient("http://127.0.0.1:1")

    @property
    def url(self) -> str:
        """Return where the chain itself answers; the port stays the same."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Start the chain and its oracle."""
        await self._start_chain()
        self.rpc = RpcClient(self.url, timeout_s=5)
        self._saving = asyncio.create_task(self._keep_good_state(), name="chain state")
        await self.renew_oracle()

    async def stop(self) -> None:
        """End both."""
        for task in (self._oracle, self._saving):
            await _ended(task)
        await self.rpc.close()
        if self._backend is not None:
            await self._backend.stop()

    async def hold(self) -> None:
        """Kill the chain, -9, and keep it down until as many `release` as `hold` were called."""
        self._holds += 1
        async with self._changing:  # it may be on its way back just now
            await _ended(self._oracle)
            if self._backend is not None:
                self._pid_file.unlink()
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._backend.pid, signal.SIGKILL)
                await self._backend.ended()  # asyncio complains when a dead child is sent another signal
                await self._backend.stop()
                self._backend = None

    async def release(self) -> None:
        """Let the chain come back with its last saved state, unless another holds it."""
        self._holds -= 1
        async with self._changing:
            if self._holds or self._backend is not None:
                return
            if not _is_whole(self._state_file):  # it was killed while it wrote
                shutil.copyfile(self._good_state, self._state_file)
            await self._start_chain()
            await self.renew_oracle()

    async def call(self, method: str, *params: Any) -> Any:
        """Ask the chain; None when it is down or refuses."""
        try:
            return await self.rpc.call(method, *params)
        except ProblemError:
            return None

    async def tries(self, method: str, *params: Any) -> bool:
        """Ask the chain for an act; tell whether it took it."""
        try:
            await self.rpc.call(method, *params)
        except ProblemError:
            return False
        return True

    async def resume_blocks(self) -> None:
        """Have the chain make blocks at its usual pace."""
        await self.call("evm_setIntervalMining", BLOCK_S)

    async def renew_oracle(self) -> None:
        """Let a new oracle read every task: what the old one sent may be gone with its blocks."""
        await _ended(self._oracle)
        self._oracle = asyncio.create_task(self._oversee(), name="oracle")

    async def _start_chain(self) -> None:
        self._backend = await start_anvil(
            self._port, {}, BLOCK_S, self._state_file, state_interval_s=STATE_EVERY_S
        )
        self._pid_file.write_text(str(self._backend.pid))

    async def _oversee(self) -> None:
        rpc = RpcClient(self.url, timeout_s=5)
        try:
            key = oracle_account().private_key
            # What a fault takes out of the pool is decided anew, and soon.
            await Oracle(rpc, key, self._contracts, DEADLINES, receipt_timeout_s=RECEIPT_TIMEOUT_S).run()
        finally:
            await rpc.close()

    async def _keep_good_state(self) -> None:
        while True:
            if _is_whole(self._state_file):
                copy = self._good_state.with_suffix(".new")
                shutil.copyfile(self._state_file, copy)
                if _is_whole(copy):
                    copy.replace(self._good_state)
            await asyncio.sleep(STATE_EVERY_S / 2)


def _is_whole(state: Path) -> bool:
    try:
        msgspec.json.decode(state.read_bytes(), type=msgspec.Raw)
    except (OSError, msgspec.DecodeError):
        return False
    return True


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
