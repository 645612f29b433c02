"""After a reorganisation: tasks are brought to where the contract has them, which may be an earlier stage."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import structlog

from cortensor_tui.domain.tasks import Stage, TaskKey, TaskOnChain
from cortensor_tui.domain.transactions import Transaction, TransactionKind
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.chain_state import TaskState, read_states
from cortensor_tui.miner.intake import Intake
from cortensor_tui.miner.moving import ANOTHER_PROMPT, assigned_again, moved_back
from cortensor_tui.miner.parts import PipelineParts
from cortensor_tui.miner.running import RunningTasks

log = structlog.get_logger(__name__)

# Of the tasks that were done, so many of the newest are looked at again after a reorganisation.
DONE_TASKS_CHECKED = 50
# A transaction that is open again takes back the stage that it had reached.
_REACHED = {
    TransactionKind.ACK: Stage.ACKED,
    TransactionKind.PRECOMMIT: Stage.PRECOMMITTED,
    TransactionKind.COMMIT: Stage.COMMITTED,
}


class Reconciliation:
    """Holds the tasks in doubt until the contract was asked for them."""

    def __init__(self, parts: PipelineParts, intake: Intake, running: RunningTasks) -> None:
        self._parts = parts
        self._intake = intake
        self._running = running
        self._doubtful: set[TaskKey] = set()

    def __len__(self) -> int:
        """Return how many tasks are in doubt."""
        return len(self._doubtful)

    def doubt(self, key: TaskKey) -> None:
        """Have a task compared with the contract."""
        self._doubtful.add(key)

    def transaction_changed(self, transaction: Transaction) -> None:
        """Learn of a transaction that is open again after it was mined: its task may have to go back."""
        reached = _REACHED.get(transaction.kind)
        if reached is None or transaction.task_key is None or transaction.state.is_final:
            return
        record = self._running.record(transaction.task_key)
        if record is not None and record.stage.place >= reached.place:
            self.doubt(transaction.task_key)

    async def states(self, *, with_done: bool) -> list[TaskState]:
        """Read every open task from the contract, and those done of late where asked."""
        records = self._parts.tasks.unfinished()
        if with_done:
            records += self._parts.tasks.recent(DONE_TASKS_CHECKED)
        keys = sorted({record.key for record in records})
        return await read_states(self._parts.reader, self._parts.node, keys)

    async def bring_to(self, states: Iterable[TaskState]) -> None:
        """Bring tasks to where the contract has them."""
        for state in states:
            record = self._running.record(state.key)
            if record is not None:
                await self._bring_one(record, state)

    async def settle_doubts(self) -> None:
        """Bring the tasks in doubt to where the contract has them."""
        keys = sorted(key for key in self._doubtful if self._running.record(key) is not None)
        looked_at = frozenset(self._doubtful)
        await self.bring_to(await read_states(self._parts.reader, self._parts.node, keys))
        self._doubtful -= looked_at  # others may have come meanwhile

    async def _bring_one(self, record: TaskRecord, state: TaskState) -> None:
        profile, task = self._parts.profile, state.task
        if task is not None and not state.stage.is_final and state.stage is not Stage.QUEUED:
            if self._intake.prompt_cid(task) != record.prompt_cid:
                await self._take_another_prompt(record, task)
                return
            if record.stage is Stage.QUEUED:
                moved = assigned_again(record, state.stage, self._parts.clock.now(), profile)
                self._running.move(moved, task, "assigned again")
                return
        running = self._running.get(record.key)
        has_ended = running is not None and running.signals.ended.is_set() and not state.stage.is_final
        if state.stage.place < record.stage.place:
            self._running.move(moved_back(record, state.stage, profile), task, "moved back")
        elif has_ended:
            self._running.move(record, task, "end taken back")
        elif running is not None and task is not None:
            running.signals.start_over(task)

    async def _take_another_prompt(self, record: TaskRecord, task: TaskOnChain) -> None:
        """The ids now belong to another prompt: take it, unless an answer to the earlier one was signed."""
        if record.stage is Stage.MISSED and record.note == ANOTHER_PROMPT:
            return
        await self._running.drop(record.key)
        now = self._parts.clock.now()
        if self._parts.is_signed(record.key):
            missed = msgspec.structs.replace(record, stage=Stage.MISSED, ended_at=now, note=ANOTHER_PROMPT)
            self._running.write(missed, "missed")
            return
        log.warning("another prompt has the ids of a task", task=str(record.key))
        new = await self._intake.record(task, now, record.times.assigned_block)
        self._running.write(new, "assigned")
        self._running.start(new).on_state(task)
