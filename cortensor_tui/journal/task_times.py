"""The times of a task's steps, put together from where each is kept."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.tasks import TaskTimes
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.journal.transactions import TransactionLog


def task_times(record: TaskRecord, transactions: TransactionLog) -> TaskTimes:
    """Return all times of a task: its own, and when its transactions were sent and mined."""
    ack, precommit, commit = (
        transactions.of_task(record.key, kind)
        for kind in (TransactionKind.ACK, TransactionKind.PRECOMMIT, TransactionKind.COMMIT)
    )
    return msgspec.structs.replace(
        record.times,
        ack_sent_at=ack and ack.sent_at,
        ack_mined_at=ack and ack.mined_at,
        precommit_sent_at=precommit and precommit.sent_at,
        precommit_mined_at=precommit and precommit.mined_at,
        commit_sent_at=commit and commit.sent_at,
        commit_mined_at=commit and commit.mined_at,
        ended_at=record.ended_at,
    )
