"""Keeps a node running as a service manager would: one that ends is started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil

from cortensor_tui.domain.health import NodeStatus
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import GetStatus, StatusChanged
from cortensor_tui.node.paths import socket_path
from tests.chaos.steered_node import KillOrder

REPOSITORY = Path(__file__).resolve().parents[2]
RESTART_S = 0.3
STOP_TIMEOUT_S = 15.0
STATUS_TIMEOUT_S = 2.0


class NodeKeeper:
    """One node's process and its control folder."""

    def __init__(self, settings: Path, folder: Path, journal: Path) -> None:
        self.settings = settings
        self.journal = journal
        self.crashes: list[str] = []
        self.started_at = 0.0
        self._excuses: list[str] = []
        self._may_end = False
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._holds = 0
        self._free = asyncio.Event()
        self._free.set()
        self._is_disk_full = False

    @property
    def pid(self) -> int | None:
        """Return the node's process, None while it is down."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start the node and keep it running."""
        await self._spawn()
        self._keeping = asyncio.create_task(self._keep(), name="node keeper")

    async def stop(self) -> None:
        """End the node for good, as an operator does."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._process is None or self._process.returncode is not None:
            return
        _signal(self._process, signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self.crashes.append(f"the node did not stop within {STOP_TIMEOUT_S:.0f} s")
            _signal(self._process, signal.SIGKILL)
            await self._process.wait()

    def hold(self) -> None:
        """Kill the node, -9, and keep it down until as many `release` as `hold` were called."""
        self._holds += 1
        self._free.clear()
        if self._process is not None and self._process.returncode is None:
            _signal(self._process, signal.SIGKILL)

    async def release(self) -> None:
        """Let the node come back, unless another holds it, and wait until it is started."""
        self._holds -= 1
        if not self._holds:
            before = self.started_at
            self._free.set()
            while self.started_at == before:
                await asyncio.sleep(0.02)

    def kill_engine(self) -> bool:
        """Kill the engine's process, -9; tell whether there was one."""
        killed = False
        if self.pid is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in psutil.Process(self.pid).children(recursive=True):
                    child.kill()
                    killed = True
        return killed

    @contextlib.contextmanager
    def excused(self, reason: str) -> Iterator[None]:
        """Take it for no crash should a node that is started within the block end by itself, for this reason.

        One that ran before must live through it.
        """
        self._excuses.append(reason)
        try:
            yield
        finally:
            self._excuses.remove(reason)

    # --- orders ------------------------------------------------------------------------------------

    def order_kill(self, order: KillOrder) -> None:
        """Have somebody killed after a step; the order before it is forgotten."""
        (self._folder / "killed").unlink(missing_ok=True)
        new = self._folder / "kill.new"
        new.write_bytes(msgspec.json.encode(order))
        new.rename(self._folder / "kill")

    def take_back_kill(self) -> bool:
        """Take the order back; False where it was carried out before."""
        try:
            (self._folder / "kill").rename(self._folder / "kill.taken-back")
        except FileNotFoundError:
            return False
        return True

    @property
    def has_killed(self) -> bool:
        """Tell whether the order was carried out."""
        return (self._folder / "killed").exists()

    def set_clock(self, wrong_by_s: float) -> None:
        """Make the node's wall clock wrong by so much."""
        new = self._folder / "clock.new"
        new.write_text(str(wrong_by_s))
        new.rename(self._folder / "clock")

    def fill_disk(self, is_full: bool) -> None:
        """Let no file of the node grow, or let them grow again."""
        self._is_disk_full = is_full
        if self.pid is not None:
            self._limit_files(self.pid)

    async def status(self) -> NodeStatus | None:
        """Ask the node how it is; None when it does not answer."""
        try:
            async with asyncio.timeout(STATUS_TIMEOUT_S):
                client = await NodeClient.connect(socket_path(self.settings))
                try:
                    answer = await client.request(GetStatus())
                finally:
                    await client.close()
        except (ProblemError, TimeoutError):
            return None
        return answer.status if isinstance(answer, StatusChanged) else None

    # --- the process -------------------------------------------------------------------------------

    async def _spawn(self) -> None:
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("CORTENSOR_TUI_")
        }
        kept, into = os.pipe()  # what the node says of a full disk must not go to that disk
        with (self._folder / "node.stderr").open("ab") as stderr:
            await asyncio.create_subprocess_exec("cat", stdin=kept, stdout=stderr)
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.chaos.steered_node", str(self._folder), str(self.settings)),
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=into,
            env=environment,
        )
        os.close(kept)
        os.close(into)
        if self._is_disk_full:
            self._limit_files(self._process.pid)
        self._may_end = bool(self._excuses)
        self.started_at = time.time()

    async def _keep(self) -> None:
        while True:
            assert self._process is not None
            status = await self._process.wait()
            if status != -signal.SIGKILL and not self._may_end:
                self.crashes.append(f"the node ended by itself with {status}")
            await asyncio.sleep(RESTART_S)
            await self._free.wait()
            await self._spawn()
            if self._holds:  # it was to go down while it was on its way back
                _signal(self._process, signal.SIGKILL)

    def _limit_files(self, pid: int) -> None:
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        soft = 0 if self._is_disk_full else hard
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Signal by the process id: `Process.kill` may collect a dead child's status before its watcher does."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, number)
