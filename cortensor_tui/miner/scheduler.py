"""Many tasks: takes those assigned to this node, runs a pipeline for each, passes on what the chain says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from cortensor_tui.chain.events import ContractEvent
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import Stage, TaskDecoration, TaskKey, TaskOnChain
from cortensor_tui.inference.params import asked_from_decoration, asked_from_llm_params
from cortensor_tui.journal.tasks import TaskDetails, TaskRecord
from cortensor_tui.miner.pipeline import PipelineParts, TaskPipeline
from cortensor_tui.miner.signals import TaskSignals

log = structlog.get_logger(__name__)


class Scheduler:
    """Keeps one pipeline a task.

    `is_served` tells whether a session's tasks are taken, `submitted_in` the transaction that a task came by.
    """

    def __init__(
        self,
        parts: PipelineParts,
        is_served: Callable[[int], bool],
        submitted_in: Callable[[TaskKey], str | None],
    ) -> None:
        self._parts = parts
        self._is_served = is_served
        self._submitted_in = submitted_in
        self._running: dict[TaskKey, tuple[TaskPipeline, TaskSignals, asyncio.Task[None]]] = {}
        self._failed: set[TaskKey] = set()

    def resume(self) -> None:
        """Go on with every task the journal holds open."""
        for record in self._parts.tasks.unfinished():
            self._start(record)

    async def handle(self, event: ContractEvent) -> None:
        """Take one event of the queue contract."""
        if event.session_id is None or event.task_id is None or event.is_removed:
            return
        key = TaskKey(event.session_id, event.task_id)
        if event.name == "TaskAssigned" and self._parts.node in event.nodes:
            seen_at = time.time()
            await self.take(await self._parts.reader.task(key), seen_at)
        elif key in self._running:
            self._running[key][1].on_event(event.name)

    async def take(self, task: TaskOnChain, seen_at: float | None = None) -> None:
        """Start a task that the contract assigned to this node, unless it runs, ended or is not served.

        `seen_at` is when its assignment was seen, unix seconds; now if left out.
        """
        key = task.key
        if key in self._running:
            self._running[key][1].on_state(task)
            return
        if task.is_ended or self._parts.node not in task.assigned_miners:
            return
        if not self._is_served(key.session_id):
            log.warning("task of a session that is not served", task=str(key))
            return
        record = self._parts.tasks.get(key)
        if record is None:
            record = await self._new_record(task, seen_at or time.time())
            self._parts.tasks.save(record, "assigned")
            self._parts.on_change(record)
        if not record.stage.is_final:
            self._start(record).on_state(task)

    async def refresh(self) -> None:
        """Read every open task from the contract: after a gap, events cannot be relied on."""
        keys = list(self._running)
        if not keys:
            return
        for task in await self._parts.reader.tasks(keys):
            if task.key in self._running:
                self._running[task.key][1].on_state(task)

    def trouble(self, key: TaskKey, problem: Problem) -> None:
        """Show why a task does not move."""
        if key in self._running:
            self._running[key][0].trouble(problem)

    @property
    def held_by(self) -> Problem | None:
        """Return what keeps the longest waiting task from moving."""
        held = (pipeline.held_by for pipeline, _, _ in self._running.values())
        return next((problem for problem in held if problem is not None), None)

    @property
    def is_busy(self) -> bool:
        """Tell whether any task is open."""
        return bool(self._running or self._failed)

    async def stop(self) -> None:
        """Stop every pipeline where it stands; the journal has each one's place."""
        tasks = [task for _, _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _new_record(self, task: TaskOnChain, seen_at: float) -> TaskRecord:
        decoration = await self._parts.reader.decoration(task.key)
        return TaskRecord(
            key=task.key,
            stage=Stage.ASSIGNED,
            prompt_cid=self._parts.store.put(task.data.encode("utf-8")),
            details=await self._details(task.key, decoration),
            assigned_at=seen_at,
            deadline_at=seen_at + self._parts.profile.ack_deadline_s,
        )

    async def _details(self, key: TaskKey, decoration: TaskDecoration) -> TaskDetails:
        params = await self._llm_params(key)
        # The contract keeps six of the seven params; the repeat penalty is in the submit's calldata only.
        asked = asked_from_decoration(decoration, None) if params is None else asked_from_llm_params(params)
        return TaskDetails(
            prompt_type=decoration.prompt_type, prompt_template=decoration.prompt_template, asked=asked
        )

    async def _llm_params(self, key: TaskKey) -> tuple[int, ...] | None:
        digest = self._submitted_in(key)
        if digest is None:
            return None
        # Trouble with the endpoint goes up: the look is repeated, and the answer does not depend on it.
        params = await self._parts.reader.submitted_llm_params(digest)
        return params if params is not None and len(params) == 7 else None

    def _start(self, record: TaskRecord) -> TaskSignals:
        signals = TaskSignals()
        pipeline = TaskPipeline(self._parts, record, signals)
        task = asyncio.create_task(pipeline.run(), name=f"task {record.key}")
        self._running[record.key] = (pipeline, signals, task)
        self._failed.discard(record.key)
        task.add_done_callback(lambda done: self._finished(record.key, done))
        return signals

    def _finished(self, key: TaskKey, done: asyncio.Task[None]) -> None:
        """Forget a pipeline that ended. One that failed is started again when the open tasks are read."""
        self._running.pop(key, None)
        if done.cancelled() or (error := done.exception()) is None:
            return
        self._failed.add(key)
        log.error("a task's pipeline failed and is started again", task=str(key), exc_info=error)
