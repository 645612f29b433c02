"""The open tasks of a node: a pipeline for each, started again where it failed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec
import structlog

from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskOnChain
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.parts import PipelineParts
from cortensor_tui.miner.pipeline import TaskPipeline
from cortensor_tui.miner.signals import TaskSignals
from cortensor_tui.storage.ipfs.problems import PASSING as IPFS_PASSING

log = structlog.get_logger(__name__)


class Running(msgspec.Struct, frozen=True):
    """One task that is worked on."""

    pipeline: TaskPipeline
    signals: TaskSignals
    work: asyncio.Task[None]

    @property
    def record(self) -> TaskRecord:
        """Return the task as it now stands."""
        return self.pipeline.record


class RunningTasks:
    """Keeps one pipeline a task."""

    def __init__(self, parts: PipelineParts) -> None:
        self._parts = parts
        self._running: dict[TaskKey, Running] = {}
        self._failed: set[TaskKey] = set()

    def __iter__(self) -> Iterator[Running]:
        """Yield every task that is worked on, in the order they were started."""
        return iter(tuple(self._running.values()))

    def __contains__(self, key: TaskKey) -> bool:
        """Tell whether a task is worked on."""
        return key in self._running

    def get(self, key: TaskKey) -> Running | None:
        """Return a task that is worked on."""
        return self._running.get(key)

    def record(self, key: TaskKey) -> TaskRecord | None:
        """Return a task as it stands, whether it is worked on or only in the journal."""
        running = self._running.get(key)
        return running.record if running is not None else self._parts.tasks.get(key)

    @property
    def keys(self) -> frozenset[TaskKey]:
        """Return which tasks are worked on."""
        return frozenset(self._running)

    @property
    def is_busy(self) -> bool:
        """Tell whether any task moves or failed; one whose assignment is gone only waits for an event."""
        return bool(self._failed) or any(
            running.record.stage is not Stage.QUEUED for running in self._running.values()
        )

    @property
    def awaits_chain(self) -> bool:
        """Tell whether any task waits for the chain; one that is answered waits for its engine."""
        return bool(self._failed) or any(
            running.record.stage is not Stage.QUEUED and not running.pipeline.is_answering
            for running in self._running.values()
        )

    @property
    def held_by(self) -> Problem | None:
        """Return what keeps the longest waiting task from moving, and others would meet as well.

        A payload that IPFS does not give holds up its own task: the others are answered.
        """
        held = (running.pipeline.held_by for running in self._running.values())
        return next((one for one in held if one is not None and one.code not in IPFS_PASSING), None)

    def write(self, record: TaskRecord, step: str) -> None:
        """Keep the record of a task that is not worked on, and tell."""
        self._parts.tasks.save(record, step)
        self._parts.on_change(record)

    def start(self, record: TaskRecord) -> TaskSignals:
        """Work on a task from where its record stands; return where to tell what the chain says of it."""
        signals = TaskSignals(self._parts.clock)
        pipeline = TaskPipeline(self._parts, record, signals)
        work = asyncio.create_task(pipeline.run(), name=f"task {record.key}")
        self._running[record.key] = Running(pipeline, signals, work)
        self._failed.discard(record.key)
        work.add_done_callback(lambda done: self._finished(record.key, done))
        return signals

    def start_failed(self) -> None:
        """Start those again whose pipeline failed, from their last step."""
        for key in sorted(self._failed):
            record = self.record(key)
            if key in self._running or record is None or record.stage.is_final:
                self._failed.discard(key)
            else:
                self.start(record)

    def move(self, record: TaskRecord, task: TaskOnChain | None, step: str) -> None:
        """Go on with a task from another stage, as a reorganisation left it."""
        log.warning(step, task=str(record.key), stage=record.stage.value, why=record.note)
        running = self._running.get(record.key)
        if running is None or running.work.done():
            self.write(record, step)
            signals = self.start(record)
        else:
            running.pipeline.move(record, step)
            signals = running.signals
        signals.start_over(task)

    async def drop(self, key: TaskKey) -> None:
        """Stop working on a task."""
        running = self._running.pop(key, None)
        if running is not None:
            running.work.cancel()
            await asyncio.gather(running.work, return_exceptions=True)

    async def stop(self) -> None:
        """Stop every pipeline where it stands; the journal has each one's place."""
        tasks = [running.work for running in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _finished(self, key: TaskKey, done: asyncio.Task[None]) -> None:
        """Forget a pipeline that ended. One that failed is started again when the open tasks are read."""
        running = self._running.get(key)
        if running is not None and running.work is done:
            del self._running[key]
        if done.cancelled() or (error := done.exception()) is None:
            return
        self._failed.add(key)
        log.error("a task's pipeline failed and is started again", task=str(key), exc_info=error)
