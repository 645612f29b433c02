"""What may be promised, and what the chain shows this node has promised, for a journal that is older."""

from __future__ import annotations

import time

import structlog

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.journal.commitments import Commitment
from cortensor_tui.journal.journal import Journal

log = structlog.get_logger(__name__)

# What a commit carries besides the answer: its other arguments, its fees and signature.
BYTES_BESIDE_ANSWER = 1_000


def require_room(answer: str, profile: NetworkProfile) -> None:
    """Raise `ProblemError` "answer_too_large" for an answer that no commit could carry to the chain."""
    size, most = len(answer.encode("utf-8")), profile.max_data_bytes - BYTES_BESIDE_ANSWER
    if size > most:
        raise problem_error(
            "answer_too_large",
            "The answer is too large for the network, so it was not precommitted",
            f"it has {size} bytes, a commit takes {most}",
            "Ask for fewer tokens in the session's parameters",
        )


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

    def check(self, commitment: Commitment) -> None:
        """Raise `ProblemError` "two_answers" before a step that contradicts an earlier one is tried."""
        self._journal.check(commitment)

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
