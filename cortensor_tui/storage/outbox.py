"""Brings answers to IPFS: at once where a node is there, else when one returns; forgets them in the end."""

from __future__ import annotations

import asyncio
from collections import Counter

import structlog

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.journal.uploads import SavedUpload, UploadLog
from cortensor_tui.storage.ipfs import problems
from cortensor_tui.storage.ipfs.nodes import IpfsNodes
from cortensor_tui.storage.local_store import LocalStore

log = structlog.get_logger(__name__)

FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 60.0
# Of the node and not of the payload: the others would meet it too.
_WAITS_FOR_NODE = frozenset({problems.UNREACHABLE, problems.FULL})


class Outbox:
    """What is to be delivered is in the journal before it is sent, and stays there until a node has it.

    A delivery was read back from the node and compared. `keep_s` is for how long nodes keep a payload after
    its task has ended, None for always. Without IPFS nodes everything waits.
    """

    def __init__(
        self,
        uploads: UploadLog,
        store: LocalStore,
        nodes: IpfsNodes | None,
        keep_s: float | None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._uploads = uploads
        self._store = store
        self._nodes = nodes
        self._keep_s = keep_s
        self._clock = clock
        self._is_wanted = asyncio.Event()
        self._retry_s = FIRST_RETRY_S
        self._failed: Counter[SavedUpload] = Counter()
        self.waiting = uploads.count_waiting()

    async def offer(self, upload: SavedUpload) -> None:
        """Deliver a payload now, or leave it in the outbox: that no node takes it stops no task.

        Raises `ProblemError` when the journal cannot be written.
        """
        self.remember(upload)  # should this be cut short, it is soon tried again
        await self._deliver(upload)

    def remember(self, upload: SavedUpload) -> None:
        """Have a payload delivered soon, unless it was already. Raises `ProblemError` as `offer` does."""
        self._uploads.save(upload, self._clock.now())
        self.waiting = self._uploads.count_waiting()
        self._is_wanted.set()

    async def run(self) -> None:
        """Deliver what waits, and have forgotten what is over, until cancelled."""
        while True:
            await self.work_off()
            self._is_wanted.clear()
            pause_s = self._retry_s if self.waiting else LONGEST_RETRY_S
            try:
                async with asyncio.timeout(pause_s):
                    await self._is_wanted.wait()
                    await asyncio.sleep(self._retry_s)  # it was tried just now
            except TimeoutError:
                pass

    async def work_off(self) -> None:
        """Deliver what waits, oldest first, while a node takes it; then unpin what is over.

        What a node refuses, or takes too long over, goes after what has failed less often.
        """
        try:
            for upload in sorted(self._uploads.waiting(), key=self._failed.__getitem__):
                problem = await self._deliver(upload)
                if problem is not None and problem.code in _WAITS_FOR_NODE:
                    break
            await self._unpin_expired()
        except ProblemError as error:
            log.warning("the outbox is not worked off", why=error.problem.sentence())
        self.waiting = self._uploads.count_waiting()
        self._retry_s = FIRST_RETRY_S if not self.waiting else min(2 * self._retry_s, LONGEST_RETRY_S)

    async def _deliver(self, upload: SavedUpload) -> Problem | None:
        """Return why a payload is not delivered, None where it is."""
        try:
            if self._nodes is None:
                raise problems.unset(upload.cid)
            data = await asyncio.to_thread(self._store.get, upload.cid)
            await self._nodes.deliver(upload.cid, data)
        except ProblemError as error:
            self._failed[upload] += 1
            log.warning("answer not on IPFS yet", task=str(upload.key), why=error.problem.sentence())
            return error.problem
        del self._failed[upload]
        self._uploads.delivered(upload, self._clock.now())
        self.waiting = self._uploads.count_waiting()
        log.info("answer on IPFS", task=str(upload.key))
        return None

    async def _unpin_expired(self) -> None:
        if self._keep_s is None or self._nodes is None:
            return
        expired = self._uploads.expired(self._clock.now() - self._keep_s)
        for upload in sorted(expired, key=self._failed.__getitem__):
            try:
                await self._nodes.unpin(upload.cid)
            except ProblemError:
                self._failed[upload] += 1  # the others go first next time
                raise
            del self._failed[upload]
            self._uploads.unpinned(upload, self._clock.now())
            log.info("answer unpinned", task=str(upload.key))
