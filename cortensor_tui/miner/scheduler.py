"""Many tasks: takes those assigned to this node, has each worked on, passes on what the chain says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
import structlog

from cortensor_tui.chain.watching.events import ContractEvent
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskOnChain
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.assignments import Assignments
from cortensor_tui.miner.chain_state import TaskState, read_tasks
from cortensor_tui.miner.intake import Intake
from cortensor_tui.miner.parts import PipelineParts
from cortensor_tui.miner.reconciling import Reconciliation
from cortensor_tui.miner.running import RunningTasks
from cortensor_tui.miner.unseen import UnseenTasks

log = structlog.get_logger(__name__)


class Scheduler:
    """Keeps each task where the chain has it. `is_served` tells whether a session's tasks are taken."""

    def __init__(self, parts: PipelineParts, intake: Intake, is_served: Callable[[int], bool]) -> None:
        self._parts = parts
        self._intake = intake
        self._is_served = is_served
        self._running = RunningTasks(parts)
        self._assignments = Assignments(parts.reader, parts.node, parts.clock)
        self._unseen = UnseenTasks(parts, intake)
        self._reconciliation = Reconciliation(parts, intake, self._running)

    def resume(self) -> None:
        """Go on with every task the journal holds open."""
        for record in self._parts.tasks.unfinished():
            self._running.start(record)

    # --- what the chain says -----------------------------------------------------------------------

    async def handle(self, events: Iterable[ContractEvent]) -> None:
        """Take events of the queue contract in their order. Call `reconcile` after them."""
        for event in events:
            if event.session_id is None or event.task_id is None:
                continue
            key = TaskKey(event.session_id, event.task_id)
            if event.is_removed:
                self._reconciliation.doubt(key)
                self._assignments.forget(key)
            elif event.name == "TaskAssigned" and self._parts.node in event.nodes:
                self._assignments.see(key, event.block_number)
            elif (running := self._running.get(key)) is not None:
                running.signals.on_event(event.name)
        await self._assignments.hand_on(self.take)

    def transaction_changed(self, transaction: Transaction) -> None:
        """Learn of a transaction that is open again after it was mined: its task may have to go back."""
        self._reconciliation.transaction_changed(transaction)

    async def take(
        self, task: TaskOnChain, seen_at: float | None = None, block_number: int | None = None
    ) -> None:
        """Start a task that the contract assigned to this node, unless it runs or is not served.

        One that ended unseen gets its record. `seen_at` is when its assignment was seen, unix seconds, now if
        left out; `block_number` its block.
        """
        key = task.key
        record = self._running.record(key)
        if record is not None and record.stage in (Stage.QUEUED, Stage.ENDED, Stage.MISSED):
            if block_number is not None or record.stage is Stage.QUEUED:
                self._reconciliation.doubt(key)
            if block_number is not None and record.times.assigned_block is None:
                self._note_assignment(record, block_number)
        elif (running := self._running.get(key)) is not None:
            if block_number is not None:
                running.pipeline.note_times(assigned_block=block_number, assigned_block_at=None)
            running.signals.on_state(task)
        elif self._parts.node in task.assigned_miners and self._is_admitted(key):
            await self._begin(record, task, seen_at, block_number)

    def _is_admitted(self, key: TaskKey) -> bool:
        is_served = self._is_served(key.session_id)
        if not is_served:
            log.warning("task of a session that is not served", task=str(key))
        return is_served

    async def _begin(
        self, record: TaskRecord | None, task: TaskOnChain, seen_at: float | None, block_number: int | None
    ) -> None:
        """Work on a task that nobody works on, or note that it was missed."""
        if task.is_ended:
            missed = None if record is not None else await self._unseen.missed(task, block_number)
            if missed is not None:
                self._running.write(missed, "missed")
            return
        if record is None:
            record = await self._intake.record(task, seen_at or self._parts.clock.now(), block_number)
            self._running.write(record, "assigned")
        self._running.start(record).on_state(task)

    async def refresh(self) -> None:
        """Read every open task from the contract, and go on with those whose pipeline failed."""
        self._running.start_failed()
        tasks = await read_tasks(self._parts.reader, sorted(self._running.keys))
        for running in self._running:
            task = tasks.get(running.record.key)
            if task is not None and self._is_again_assigned(running.record, task):
                self._reconciliation.doubt(task.key)
            elif task is not None:
                running.signals.on_state(task)

    def note_block_times(self, mined_at: Mapping[int, float]) -> None:
        """Learn when blocks were mined, for the tasks assigned in them."""
        for running in self._running:
            at = mined_at.get(running.record.times.assigned_block or -1)
            if at is not None:
                running.pipeline.note_times(assigned_block_at=at)

    def undated_blocks(self) -> set[int]:
        """Return the blocks of assignments whose time is not known yet."""
        times = (running.record.times for running in self._running)
        return {
            one.assigned_block
            for one in times
            if one.assigned_block is not None and not one.assigned_block_at
        }

    # --- after a reorganisation --------------------------------------------------------------------

    async def states(self, *, with_done: bool) -> list[TaskState]:
        """Read every open task from the contract, and those done of late where asked."""
        return await self._reconciliation.states(with_done=with_done)

    async def bring_to(self, states: Iterable[TaskState]) -> None:
        """Bring tasks to where the contract has them, which may be an earlier stage."""
        await self._reconciliation.bring_to(states)

    async def reconcile(self) -> None:
        """Bring the tasks in doubt to where the contract has them."""
        await self._reconciliation.settle_doubts()

    # --- what it is doing --------------------------------------------------------------------------

    def trouble(self, key: TaskKey, problem: Problem) -> None:
        """Show why a task does not move."""
        if (running := self._running.get(key)) is not None:
            running.pipeline.trouble(problem)

    @property
    def held_by(self) -> Problem | None:
        """Return what keeps the longest waiting task from moving."""
        return self._running.held_by

    @property
    def is_busy(self) -> bool:
        """Tell whether any task is open or awaited."""
        return bool(self._running.is_busy or len(self._reconciliation) or len(self._assignments))

    @property
    def awaits_chain(self) -> bool:
        """Tell whether anything here waits for what happens on chain."""
        return bool(self._running.awaits_chain or len(self._reconciliation) or len(self._assignments))

    @property
    def open_sessions(self) -> set[int]:
        """Return the sessions of the open tasks."""
        return {key.session_id for key in self._running.keys}

    @property
    def open_tasks(self) -> frozenset[TaskKey]:
        """Return the tasks that `refresh` reads."""
        return self._running.keys

    async def stop(self) -> None:
        """Stop every pipeline where it stands; the journal has each one's place."""
        await self._running.stop()

    def _is_again_assigned(self, record: TaskRecord, task: TaskOnChain) -> bool:
        is_ours = self._parts.node in task.assigned_miners
        return record.stage is Stage.QUEUED and is_ours and not task.is_ended

    def _note_assignment(self, record: TaskRecord, block_number: int) -> None:
        """Complete a task that ended before its assignment was seen: it was known from state."""
        running = self._running.get(record.key)
        if running is not None:
            running.pipeline.note_times(assigned_block=block_number)
            return
        times = msgspec.structs.replace(record.times, assigned_block=block_number)
        self._running.write(msgspec.structs.replace(record, times=times), "assignment seen")
