"""What a node does with payloads beside the local store: IPFS, the outbox, and what is kept no longer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.health import IpfsHealth
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.sweeps import SweepLog
from cortensor_tui.journal.uploads import UploadLog
from cortensor_tui.miner.payloads import AnswerPlace, TaskPayloads
from cortensor_tui.node.side_jobs import SideJobs
from cortensor_tui.settings import Settings
from cortensor_tui.storage.ipfs.nodes import IpfsNodes, said
from cortensor_tui.storage.ipfs.server import IpfsServer
from cortensor_tui.storage.local_store import LocalStore
from cortensor_tui.storage.outbox import Outbox
from cortensor_tui.storage.retention import Retention

LOOK_S = 15.0
_MIB = 1024 * 1024
_DAY_S = 86_400.0


class PayloadRoom:
    """Holds the IPFS nodes of one node of ours, if its settings name any."""

    def __init__(
        self, settings: Settings, database: Database, store: LocalStore, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._nodes: IpfsNodes | None = None
        self._server: IpfsServer | None = None
        self._is_look_due = asyncio.Event()
        self._side_jobs = SideJobs(clock)
        self._retention = _retention(settings, database, store, clock)
        if settings.ipfs_urls or settings.ipfs_server_enabled:
            self._nodes = IpfsNodes(settings.ipfs_urls, settings.ipfs_timeout_s, clock)
        keep_s = None if settings.ipfs_keep_days is None else settings.ipfs_keep_days * _DAY_S
        self.outbox = Outbox(UploadLog(database), store, self._nodes, keep_s, clock)
        if settings.ipfs_server_enabled and self._nodes is not None:
            self._server = IpfsServer(settings.ipfs_command, os.environ, self._lead_with)

    @property
    def health(self) -> IpfsHealth | None:
        """How IPFS stands, None where no node is set."""
        if self._nodes is None:
            return None
        health = msgspec.structs.replace(self._nodes.health, waiting=self.outbox.waiting)
        problem = None if self._server is None else self._server.problem
        return health if problem is None else msgspec.structs.replace(health, error=said(problem))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return which jobs have failed, and that answers wait where no IPFS node is set any more."""
        waiting, faults = self.outbox.waiting, self._side_jobs.faults
        if self._nodes is not None or not waiting:
            return faults
        answers = "1 answer waits" if waiting == 1 else f"{waiting} answers wait"
        unset = f"{answers} to be brought to IPFS, and no IPFS node is set: set CORTENSOR_TUI_IPFS_URLS"
        return (unset, *faults)

    def payloads(self, chain: int) -> TaskPayloads:
        """Return what the tasks of a chain, by its row number in the journal, reach their texts with."""
        return TaskPayloads(
            self._store,
            self._nodes,
            self.outbox,
            chain=chain,
            answers=AnswerPlace(self._settings.ipfs_answers),
            most_prompt_bytes=self._settings.ipfs_max_mib * _MIB,
            clock=self._clock,
        )

    def jobs(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Return what goes on beside the chain, by name; none ends by itself, nor over a fault."""
        jobs: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {}
        if self._nodes is not None:
            jobs["looking at IPFS"] = partial(self._keep_looking, self._nodes)
            jobs["the outbox"] = self.outbox.run
        if self._server is not None:
            jobs["the IPFS server"] = self._server.run
        if self._retention is not None:
            jobs["deleting old texts"] = self._retention.run
        return {name: self._side_jobs.keep_going(name, job) for name, job in jobs.items()}

    async def close(self) -> None:
        """Close every connection; they are opened again when they are needed."""
        if self._nodes is not None:
            await self._nodes.close()

    def _lead_with(self, address: str | None) -> None:
        """Ask the IPFS node first that we run, as soon as it is up."""
        if self._nodes is not None:
            self._nodes.lead_with(address)
        self._is_look_due.set()

    async def _keep_looking(self, nodes: IpfsNodes) -> None:
        try:
            while True:
                self._is_look_due.clear()
                await nodes.look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._is_look_due.wait()
        finally:
            await self.close()


def _retention(settings: Settings, database: Database, store: LocalStore, clock: Clock) -> Retention | None:
    if settings.payload_keep_days is None:
        return None
    return Retention(SweepLog(database), store, settings.payload_keep_days * _DAY_S, clock)
