"""Tasks that came and went while this node did not look: each has a record, though none was worked on."""

from __future__ import annotations

import msgspec
import structlog

from cortensor_tui.domain.tasks import Stage, TaskOnChain, TaskTimes
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.causes import unseen_cause
from cortensor_tui.miner.chain_state import read_states
from cortensor_tui.miner.intake import Intake
from cortensor_tui.miner.parts import PipelineParts

log = structlog.get_logger(__name__)


class UnseenTasks:
    """Makes their records."""

    def __init__(self, parts: PipelineParts, intake: Intake) -> None:
        self._parts = parts
        self._intake = intake

    async def missed(self, task: TaskOnChain, block_number: int | None) -> TaskRecord | None:
        """Return the record of a task that ended unseen, None where this node has answered it all the same.

        Then only its journal is another one. `block_number` is the block of the assignment where that is
        known. Raises `ProblemError` when the contract cannot be asked.
        """
        [state] = await read_states(self._parts.reader, self._parts.node, [task.key])
        if state.stage is not Stage.MISSED:
            return None
        assigned_at = None if block_number is None else await self._parts.mined_at(block_number)
        known_at = task.created_at if assigned_at is None else assigned_at
        record = await self._intake.record(task, known_at, block_number)
        ended_at = task.finished_at or self._parts.clock.now()
        absences = self._parts.attendance.absences_in(known_at, ended_at)
        cause = unseen_cause(task, assigned_at, self._parts.profile, absences)
        log.warning("missed", task=str(task.key), why=cause)
        return msgspec.structs.replace(
            record,
            stage=Stage.MISSED,
            ended_at=ended_at,
            note=cause,
            times=TaskTimes(assigned_block=block_number, assigned_block_at=assigned_at),
        )
