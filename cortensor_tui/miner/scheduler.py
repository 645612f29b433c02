"""Many tasks: takes those assigned to this node, runs a pipeline for each, passes on what the chain says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

import msgspec
import structlog

from cortensor_tui.chain.watching.events import ContractEvent
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskOnChain, TaskTimes
from cortensor_tui.domain.transactions import Transaction, TransactionKind
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.assignments import Assignments
from cortensor_tui.miner.chain_state import TaskState, read_states, read_tasks
from cortensor_tui.miner.intake import Intake
from cortensor_tui.miner.moving import ANOTHER_PROMPT, assigned_again, moved_back
from cortensor_tui.miner.pipeline import PipelineParts, TaskPipeline
from cortensor_tui.miner.signals import TaskSignals

log = structlog.get_logger(__name__)

# Of the tasks that were done, so many of the newest are looked at again after a reorganisation.
DONE_TASKS_CHECKED = 50
# A transaction that is open again takes back the stage that it had reached.
_REACHED = {
    TransactionKind.ACK: Stage.ACKED,
    TransactionKind.PRECOMMIT: Stage.PRECOMMITTED,
    TransactionKind.COMMIT: Stage.COMMITTED,
}


class _Running(msgspec.Struct, frozen=True):
    pipeline: TaskPipeline
    signals: TaskSignals
    work: asyncio.Task[None]


class Scheduler:
    """Keeps one pipeline a task. `is_served` tells whether a session's tasks are taken."""

    def __init__(self, parts: PipelineParts, intake: Intake, is_served: Callable[[int], bool]) -> None:
        self._parts = parts
        self._intake = intake
        self._is_served = is_served
        self._running: dict[TaskKey, _Running] = {}
        self._failed: set[TaskKey] = set()
        self._assignments = Assignments(parts.reader, parts.node, parts.clock)
        self._doubtful: set[TaskKey] = set()

    def resume(self) -> None:
        """Go on with every task the journal holds open."""
        for record in self._parts.tasks.unfinished():
            self._start(record)

    # --- what the chain says -----------------------------------------------------------------------

    async def handle(self, events: Iterable[ContractEvent]) -> None:
        """Take events of the queue contract in their order. Call `reconcile` after them."""
        for event in events:
            if event.session_id is None or event.task_id is None:
                continue
            key = TaskKey(event.session_id, event.task_id)
            if event.is_removed:
                self._doubtful.add(key)
                self._assignments.forget(key)
            elif event.name == "TaskAssigned" and self._parts.node in event.nodes:
                self._assignments.see(key, event.block_number)
            elif key in self._running:
                self._running[key].signals.on_event(event.name)
        await self._assignments.hand_on(self.take)

    def transaction_changed(self, transaction: Transaction) -> None:
        """Learn of a transaction that is open again after it was mined: its task may have to go back."""
        reached = _REACHED.get(transaction.kind)
        if reached is None or transaction.task_key is None or transaction.state.is_final:
            return
        record = self._record(transaction.task_key)
        if record is not None and record.stage.place >= reached.place:
            self._doubtful.add(transaction.task_key)

    async def take(
        self, task: TaskOnChain, seen_at: float | None = None, block_number: int | None = None
    ) -> None:
        """Start a task that the contract assigned to this node, unless it runs, ended or is not served.

        `seen_at` is when its assignment was seen, unix seconds, now if left out; `block_number` its block.
        """
        key = task.key
        record = self._record(key)
        if record is not None and record.stage in (Stage.QUEUED, Stage.ENDED, Stage.MISSED):
            if block_number is not None or record.stage is Stage.QUEUED:
                self._doubtful.add(key)
            if block_number is not None and record.times.assigned_block is None:
                self._note_assignment(record, block_number)
            return
        if key in self._running:
            if block_number is not None:
                self._running[key].pipeline.note_times(assigned_block=block_number, assigned_block_at=None)
            self._running[key].signals.on_state(task)
            return
        if task.is_ended or self._parts.node not in task.assigned_miners:
            return
        if not self._is_served(key.session_id):
            log.warning("task of a session that is not served", task=str(key))
            return
        if record is None:
            record = await self._new_record(task, seen_at, block_number)
        self._start(record).on_state(task)

    async def refresh(self) -> None:
        """Read every open task from the contract, and go on with those whose pipeline failed."""
        for key in sorted(self._failed):
            self._start_again(key)
        tasks = await read_tasks(self._parts.reader, list(self._running))
        for key, running in self._running.items():
            task = tasks.get(key)
            if task is not None and self._is_again_assigned(running.pipeline.record, task):
                self._doubtful.add(key)
            elif task is not None:
                running.signals.on_state(task)

    def note_block_times(self, mined_at: Mapping[int, float]) -> None:
        """Learn when blocks were mined, for the tasks assigned in them."""
        for running in self._running.values():
            at = mined_at.get(running.pipeline.record.times.assigned_block or -1)
            if at is not None:
                running.pipeline.note_times(assigned_block_at=at)

    def undated_blocks(self) -> set[int]:
        """Return the blocks of assignments whose time is not known yet."""
        times = (running.pipeline.record.times for running in self._running.values())
        return {
            one.assigned_block
            for one in times
            if one.assigned_block is not None and not one.assigned_block_at
        }

    # --- after a reorganisation --------------------------------------------------------------------

    async def states(self, *, with_done: bool) -> list[TaskState]:
        """Read every open task from the contract, and those done of late where asked."""
        records = self._parts.tasks.unfinished()
        if with_done:
            records += self._parts.tasks.recent(DONE_TASKS_CHECKED)
        keys = sorted({record.key for record in records})
        return await read_states(self._parts.reader, self._parts.node, keys)

    async def bring_to(self, states: Iterable[TaskState]) -> None:
        """Bring tasks to where the contract has them, which may be an earlier stage."""
        for state in states:
            record = self._record(state.key)
            if record is not None:
                await self._bring_one(record, state)

    async def reconcile(self) -> None:
        """Bring the tasks in doubt to where the contract has them."""
        keys = sorted(key for key in self._doubtful if self._record(key) is not None)
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
                self._move(moved, task, "assigned again")
                return
        running = self._running.get(record.key)
        has_ended = running is not None and running.signals.ended.is_set() and not state.stage.is_final
        if state.stage.place < record.stage.place:
            self._move(moved_back(record, state.stage, profile), task, "moved back")
        elif has_ended:
            self._move(record, task, "end taken back")
        elif running is not None and task is not None:
            running.signals.start_over(task)

    def _move(self, record: TaskRecord, task: TaskOnChain | None, step: str) -> None:
        log.warning(step, task=str(record.key), stage=record.stage.value, why=record.note)
        running = self._running.get(record.key)
        if running is None or running.work.done():
            self._parts.tasks.save(record, step)
            self._parts.on_change(record)
            signals = self._start(record)
        else:
            running.pipeline.move(record, step)
            signals = running.signals
        signals.start_over(task)

    async def _take_another_prompt(self, record: TaskRecord, task: TaskOnChain) -> None:
        """The ids now belong to another prompt: take it, unless an answer to the earlier one was signed."""
        if record.stage is Stage.MISSED and record.note == ANOTHER_PROMPT:
            return
        running = self._running.pop(record.key, None)
        if running is not None:
            running.work.cancel()
            await asyncio.gather(running.work, return_exceptions=True)
        if self._parts.is_signed(record.key):
            now = self._parts.clock.now()
            missed = msgspec.structs.replace(
                record, stage=Stage.MISSED, ended_at=now, deadline_at=None, note=ANOTHER_PROMPT
            )
            self._parts.tasks.save(missed, "missed")
            self._parts.on_change(missed)
            return
        log.warning("another prompt has the ids of a task", task=str(record.key))
        new = await self._new_record(task, None, record.times.assigned_block)
        self._start(new).on_state(task)

    # --- what it is doing --------------------------------------------------------------------------

    def trouble(self, key: TaskKey, problem: Problem) -> None:
        """Show why a task does not move."""
        if key in self._running:
            self._running[key].pipeline.trouble(problem)

    @property
    def held_by(self) -> Problem | None:
        """Return what keeps the longest waiting task from moving."""
        held = (running.pipeline.held_by for running in self._running.values())
        return next((problem for problem in held if problem is not None), None)

    @property
    def is_busy(self) -> bool:
        """Tell whether any task is open; one whose assignment is gone waits for nothing but an event."""
        stages = (running.pipeline.record.stage for running in self._running.values())
        return bool(self._failed or self._doubtful or self._assignments) or any(
            stage is not Stage.QUEUED for stage in stages
        )

    @property
    def open_sessions(self) -> set[int]:
        """Return the sessions of the open tasks."""
        return {key.session_id for key in self._running}

    @property
    def open_tasks(self) -> frozenset[TaskKey]:
        """Return the tasks that `refresh` reads."""
        return frozenset(self._running)

    async def stop(self) -> None:
        """Stop every pipeline where it stands; the journal has each one's place."""
        tasks = [running.work for running in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- pipelines ---------------------------------------------------------------------------------

    async def _new_record(
        self, task: TaskOnChain, seen_at: float | None, block_number: int | None
    ) -> TaskRecord:
        seen_at = seen_at or self._parts.clock.now()
        times = TaskTimes(assigned_block=block_number, seen_at=seen_at)
        record = await self._intake.record(task, times, seen_at)
        self._parts.tasks.save(record, "assigned")
        self._parts.on_change(record)
        return record

    def _record(self, key: TaskKey) -> TaskRecord | None:
        running = self._running.get(key)
        return running.pipeline.record if running is not None else self._parts.tasks.get(key)

    def _is_again_assigned(self, record: TaskRecord, task: TaskOnChain) -> bool:
        is_ours = self._parts.node in task.assigned_miners
        return record.stage is Stage.QUEUED and is_ours and not task.is_ended

    def _note_assignment(self, record: TaskRecord, block_number: int) -> None:
        """Complete a task that ended before its assignment was seen: it was known from state."""
        times = msgspec.structs.replace(record.times, assigned_block=block_number)
        if record.key in self._running:
            self._running[record.key].pipeline.note_times(assigned_block=block_number)
            return
        completed = msgspec.structs.replace(record, times=times)
        self._parts.tasks.save(completed, "assignment seen")
        self._parts.on_change(completed)

    def _start_again(self, key: TaskKey) -> None:
        record = self._record(key)
        if key in self._running or record is None or record.stage.is_final:
            self._failed.discard(key)
        else:
            self._start(record)

    def _start(self, record: TaskRecord) -> TaskSignals:
        signals = TaskSignals(self._parts.clock)
        pipeline = TaskPipeline(self._parts, record, signals)
        work = asyncio.create_task(pipeline.run(), name=f"task {record.key}")
        self._running[record.key] = _Running(pipeline, signals, work)
        self._failed.discard(record.key)
        work.add_done_callback(lambda done: self._finished(record.key, done))
        return signals

    def _finished(self, key: TaskKey, done: asyncio.Task[None]) -> None:
        """Forget a pipeline that ended. One that failed is started again when the open tasks are read."""
        running = self._running.get(key)
        if running is not None and running.work is done:
            del self._running[key]
        if done.cancelled() or (error := done.exception()) is None:
            return
        self._failed.add(key)
        log.error("a task's pipeline failed and is started again", task=str(key), exc_info=error)
