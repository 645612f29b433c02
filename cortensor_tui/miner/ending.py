"""How a task is closed: as the contract has it, or given up here, and why."""

from __future__ import annotations

import asyncio

import structlog

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage, TaskOnChain
from cortensor_tui.journal.task_times import task_times
from cortensor_tui.miner.causes import missed_cause
from cortensor_tui.miner.deadlines import deadline_at
from cortensor_tui.miner.parts import PipelineParts
from cortensor_tui.miner.patience import RETRY_S, until_read
from cortensor_tui.miner.task_progress import TaskProgress

log = structlog.get_logger(__name__)

UNENDED_PATIENCE_S = 10.0  # an end was told, and the contract does not have it
# The disk's fault, not the task's.
OUR_TROUBLE = frozenset({"journal_unwritable", "store_unwritable"})


class Ending:
    """The last step of one task."""

    def __init__(self, parts: PipelineParts, progress: TaskProgress) -> None:
        self._parts = parts
        self._progress = progress

    async def settle(self) -> None:
        """Close a task that ended as the contract has it: with our answer or without."""
        task, is_committed = await self._result()
        now = self._parts.clock.now()
        if is_committed:
            committed_at = self._progress.record.committed_at or now
            self._progress.save(
                "ended",
                stage=Stage.ENDED,
                ended_at=now,
                committed_at=committed_at,
                deadline_at=self._last_deadline_at(),
                note="",
            )
        else:
            self._miss(now, self._cause(now, task))

    def give_up(self, error: BaseException) -> None:
        """Close a task whose step failed for good. Raises what is not the task's fault."""
        if not isinstance(error, ProblemError) or error.problem.code in OUR_TROUBLE:
            raise error  # the scheduler starts the task again from its last step
        why = error.problem.sentence()
        log.warning("task given up", task=str(self._progress.record.key), why=why)
        self._miss(self._parts.clock.now(), why)

    def _miss(self, now: float, why: str) -> None:
        self._progress.save(
            "missed", stage=Stage.MISSED, ended_at=now, note=why, deadline_at=self._last_deadline_at()
        )

    def _last_deadline_at(self) -> float | None:
        """Return the deadline of the last step: the one that stands, or of the commit where that is made."""
        record = self._progress.record
        if record.deadline_at is not None:
            return record.deadline_at
        return deadline_at(record, Stage.ENDED, self._parts.profile)

    async def _result(self) -> tuple[TaskOnChain, bool]:
        """Return the task, and whether it has our answer. A server that has no end of it cannot tell."""
        began_s = self._parts.clock.monotonic()
        while True:
            task, (_, _, is_committed) = await until_read(self._read_result, self._progress.trouble)
            is_patient = self._parts.clock.monotonic() - began_s < UNENDED_PATIENCE_S
            if task.is_ended or is_committed or not is_patient:
                return task, is_committed
            await asyncio.sleep(RETRY_S)

    async def _read_result(self) -> tuple[TaskOnChain, tuple[bool, bool, bool]]:
        reader, key = self._parts.reader, self._progress.record.key
        return await asyncio.gather(reader.task(key), reader.result_times(key, self._parts.node))

    def _cause(self, ended_at: float, task: TaskOnChain) -> str:
        record, hindrances = self._progress.record, self._progress.hindrances
        stood_still = self._parts.attendance.standstills_in(record.assigned_at, ended_at)
        times = task_times(record, self._parts.transactions)
        cause = missed_cause(
            times,
            self._parts.profile,
            ended_at,
            sorted((*hindrances, *stood_still), key=lambda one: one.began_at),
            finished_at=task.finished_at,
            is_clock_steady=self._progress.is_clock_steady,
        )
        return f"{cause}; {record.note}" if record.note and not hindrances else cause
