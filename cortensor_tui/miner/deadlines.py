"""When the next step of a task is due, and when the last one was."""

from __future__ import annotations

from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.journal.tasks import TaskRecord


def deadline_at(record: TaskRecord, stage: Stage, profile: NetworkProfile) -> float | None:
    """Return when what follows a stage is due, unix seconds, None where nothing is.

    Of a task that is over it is when the last step was due that it came to.
    """
    began, allowed_s = {
        Stage.ASSIGNED: (record.assigned_at, profile.ack_deadline_s),
        Stage.ACKED: (record.acked_at, profile.precommit_deadline_s),
        Stage.PRECOMMITTED: (record.precommitted_at, profile.commit_deadline_s),
    }.get(_last_with_deadline(record) if stage.is_final else stage, (None, 0.0))
    return None if began is None else began + allowed_s


def _last_with_deadline(record: TaskRecord) -> Stage:
    if record.precommitted_at is not None:
        return Stage.PRECOMMITTED
    return Stage.ASSIGNED if record.acked_at is None else Stage.ACKED
