"""What the chain shows this node has promised, for a journal that is older than the chain."""

from __future__ import annotations

import time

import structlog

from cortensor_tui.chain.contracts import ContractReader
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.journal.commitments import Commitment
from cortensor_tui.journal.journal import Journal

log = structlog.get_logger(__name__)


class ChainPromises:
    """Finds precommits of this node that its journal does not know: an older backup was restored."""

    def __init__(self, node: str, reader: ContractReader, journal: Journal) -> None:
        self._node = node
        self._reader = reader
        self._journal = journal

    async def adopt(self, key: TaskKey) -> None:
        """Put the hash that stands on chain into the journal, so that no other one is signed.

        It is the commit's hash too: what was precommitted elsewhere is not committed otherwise here.
        """
        if self._journal.payload_hash(key, self._node, TransactionKind.PRECOMMIT) is not None:
            return
        for result in await self._reader.results(key):
            if result.miner == self._node:
                log.warning("a precommit on chain is not in the journal", task=str(key), hash=result.hash)
                self._take_over(key, result.hash)

    def _take_over(self, key: TaskKey, payload_hash: str) -> None:
        for stage in (TransactionKind.COMMIT, TransactionKind.PRECOMMIT):
            commitment = Commitment(
                scope=self._journal.scope,
                key=key,
                node=self._node,
                stage=stage.value,
                payload_hash=payload_hash,
            )
            self._journal.adopt(commitment, time.time())
