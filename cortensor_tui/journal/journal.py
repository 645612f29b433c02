"""The journal of one node on one chain: the logs together."""

from __future__ import annotations

from cortensor_tui.journal.database import Database
from cortensor_tui.journal.scope import ChainScope, CursorLog, scope_row
from cortensor_tui.journal.tasks import TaskLog
from cortensor_tui.journal.transactions import TransactionLog


class Journal:
    """Everything the node remembers of one chain."""

    def __init__(self, database: Database, scope: ChainScope) -> None:
        chain = scope_row(database, scope)
        self.scope = scope
        self.cursor = CursorLog(database, chain)
        self.tasks = TaskLog(database, chain)
        self.transactions = TransactionLog(database, chain)
