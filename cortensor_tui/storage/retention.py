"""Deletes texts from the local store some time after their task has ended, unless they are needed yet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.journal.sweeps import SweepLog
from cortensor_tui.storage.local_store import LocalStore

log = structlog.get_logger(__name__)

SWEEP_S = 3600.0


class Retention:
    """`keep_s` is how long a text is kept after its task has ended."""

    def __init__(
        self, sweeps: SweepLog, store: LocalStore, keep_s: float, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._sweeps = sweeps
        self._store = store
        self._keep_s = keep_s
        self._clock = clock

    async def run(self) -> None:
        """Sweep now and then, until cancelled."""
        while True:
            try:
                dropped = await self.sweep()
            except ProblemError as error:
                log.warning("old payloads could not be deleted", why=error.problem.sentence())
            else:
                if dropped:
                    log.info("old payloads deleted", count=dropped)
            await asyncio.sleep(SWEEP_S)

    async def sweep(self) -> int:
        """Delete what is due and return how many payloads; one that was used again since stays."""
        until, dropped = self._clock.now() - self._keep_s, 0
        while due := self._sweeps.due(until):
            dropped += await self._drop([cid for one in due for cid in one.cids], until)
            for one in due:  # the last of each chain is its newest
                self._sweeps.swept(one.chain, one.ended_at)
        return dropped + await self._drop(self._sweeps.delivered_late(until, self._keep_s), until)

    async def _drop(self, cids: Sequence[str], until: float) -> int:
        """Delete payloads but those needed; what is needed from now on is used, and stays for that."""
        needed = self._sweeps.needed()
        ripe = [cid for cid in cids if cid not in needed]
        dropped = await asyncio.to_thread(lambda: [self._store.drop(cid, until) for cid in ripe])
        return sum(dropped)
