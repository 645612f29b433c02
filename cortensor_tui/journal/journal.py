"""The journal of one node on one chain: the logs together."""

from __future__ import annotations

from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.commitments import (
    Commitment,
    record_commitment,
    recorded_payload_hash,
    refuse_another,
)
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.scope import ChainScope, CursorLog, scope_row
from cortensor_tui.journal.swaps import SwapLog
from cortensor_tui.journal.tasks import TaskLog
from cortensor_tui.journal.transactions import TransactionLog


class Journal:
    """Everything the node remembers of one chain."""

    def __init__(self, database: Database, scope: ChainScope) -> None:
        chain = scope_row(database, scope)
        self.scope = scope
        self.chain = chain
        self._database = database
        self.path = database.path
        self.cursor = CursorLog(database, chain)
        self.tasks = TaskLog(database, chain)
        self.transactions = TransactionLog(database, chain)
        self.swaps = SwapLog(database, chain)

    def payload_hash(self, key: TaskKey, node: str, stage: str) -> str | None:
        """Return the hash that a node has put its name to at a stage of a task, None where none."""
        return recorded_payload_hash(self._database.connection, self.scope, key, node, stage)

    def check(self, commitment: Commitment) -> None:
        """Raise `ProblemError` "two_answers" when another hash was signed for this step."""
        refuse_another(commitment, self.payload_hash(commitment.key, commitment.node, commitment.stage))

    def adopt(self, commitment: Commitment, now: float) -> None:
        """Take over what the chain shows of this node and the journal does not know: a backup was restored.

        Raises `ProblemError` "two_answers" when the journal knows another.
        """
        with self._database.step(f"{commitment.stage} adopted") as connection:
            record_commitment(connection, commitment, now)
