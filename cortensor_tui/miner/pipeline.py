"""One task from its assignment to its end: ack, run, precommit, commit. Every step is journaled first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from cortensor_tui.chain.contracts import ContractCall, ContractReader
from cortensor_tui.chain.networks import NetworkProfile
from cortensor_tui.chain.transactions import Purpose
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.journal.commitments import Commitment
from cortensor_tui.journal.scope import ChainScope
from cortensor_tui.journal.tasks import TaskLog, TaskRecord
from cortensor_tui.miner.answering import Answering
from cortensor_tui.miner.delivery import Delivery
from cortensor_tui.miner.signals import TaskSignals
from cortensor_tui.storage.local_store import LocalStore

log = structlog.get_logger(__name__)


# The disk's fault, not the task's.
OUR_TROUBLE = frozenset({"journal_unwritable", "store_unwritable"})


class PipelineParts(msgspec.Struct, frozen=True, kw_only=True):
    """What every pipeline of a node works with."""

    node: str
    scope: ChainScope
    profile: NetworkProfile
    reader: ContractReader
    tasks: TaskLog
    store: LocalStore
    delivery: Delivery
    answering: Answering
    precommit_data: str
    on_change: Callable[[TaskRecord], None]


class TaskPipeline:
    """Runs one task. It may be started from any stage: a restart goes on where the journal stands."""

    def __init__(self, parts: PipelineParts, record: TaskRecord, signals: TaskSignals) -> None:
        self._parts = parts
        self._record = record
        self._signals = signals
        self._held_by: Problem | None = None

    @property
    def record(self) -> TaskRecord:
        """Return the task as it now stands."""
        return self._record

    async def run(self) -> None:
        """Go on until the task has ended on chain or is missed."""
        steps = asyncio.create_task(self._steps())
        ended = asyncio.create_task(self._signals.ended.wait())
        try:
            await asyncio.wait({steps, ended}, return_when=asyncio.FIRST_COMPLETED)
            if steps.done() and (error := steps.exception()) is not None:
                await self._give_up(error)
                return
            if steps.done():
                await ended
            cause = "" if steps.done() else "the task ended before this node was done"
            steps.cancel()  # an engine that still runs it is free for others
            await asyncio.gather(steps, return_exceptions=True)
            await self._settle_ended(cause)
        finally:
            for running in (steps, ended):
                running.cancel()
            await asyncio.gather(steps, ended, return_exceptions=True)

    @property
    def held_by(self) -> Problem | None:
        """Return what keeps the task from moving."""
        return self._held_by

    def trouble(self, problem: Problem) -> None:
        """Show why the task does not move; it is kept. The same kind of trouble is noted once."""
        if self._held_by is None or problem.code != self._held_by.code:
            self._held_by = problem
            self._save("trouble noted", note=problem.sentence())

    async def _steps(self) -> None:
        if self._record.stage is Stage.ASSIGNED:
            await self._ack()
        if self._record.answer_cid is None:
            await self._answer()
        if self._record.stage is Stage.ACKED:
            await self._precommit()
        if self._record.stage is Stage.PRECOMMITTED:
            await self._signals.precommits_closed.wait()
            await self._commit()

    async def _ack(self) -> None:
        await self._parts.answering.ready()  # an ack is a promise to answer
        call = self._parts.reader.queue_call("ack", *self._ids)
        await self._parts.delivery.deliver(self.key, call, self._purpose(TransactionKind.ACK))
        now = time.time()
        deadline_at = now + self._parts.profile.precommit_deadline_s
        self._save("acked", stage=Stage.ACKED, acked_at=now, deadline_at=deadline_at, note="")

    async def _answer(self) -> None:
        record = await self._parts.answering.answer(self._record, self._started)
        self._keep(record, "answer stored")

    def _started(self, record: TaskRecord) -> None:
        self._keep(record, "inference started")

    async def _precommit(self) -> None:
        digest = self._record.answer_hash or ""
        call = self._parts.reader.queue_call(
            "precommit", *self._ids, bytes.fromhex(digest.removeprefix("0x")), self._parts.precommit_data
        )
        await self._deliver_answer(TransactionKind.PRECOMMIT, call)
        now = time.time()
        deadline_at = now + self._parts.profile.commit_deadline_s
        self._save(
            "precommitted", stage=Stage.PRECOMMITTED, precommitted_at=now, deadline_at=deadline_at, note=""
        )

    async def _commit(self) -> None:
        answer = self._parts.store.get(self._record.answer_cid or "").decode("utf-8")
        call = self._parts.reader.queue_call("commit", *self._ids, answer)
        await self._deliver_answer(TransactionKind.COMMIT, call)
        self._save("committed", stage=Stage.COMMITTED, committed_at=time.time(), deadline_at=None, note="")

    async def _deliver_answer(self, kind: TransactionKind, call: ContractCall) -> None:
        commitment = Commitment(
            scope=self._parts.scope,
            key=self.key,
            node=self._parts.node,
            stage=kind.value,
            payload_hash=self._record.answer_hash or "",
        )
        await self._parts.delivery.deliver(self.key, call, self._purpose(kind, commitment))

    async def _settle_ended(self, cause: str) -> None:
        """Close the task as the contract has it: with our answer or without."""
        while True:
            try:
                _, _, is_committed = await self._parts.reader.result_times(self.key, self._parts.node)
            except ProblemError as error:
                self.trouble(error.problem)
                await asyncio.sleep(1.0)
                continue
            break
        now = time.time()
        if is_committed:
            committed_at = self._record.committed_at or now
            self._save("ended", stage=Stage.ENDED, ended_at=now, committed_at=committed_at, deadline_at=None)
        else:
            why = f"{cause}: {self._record.note}" if self._record.note else cause
            self._save("missed", stage=Stage.MISSED, ended_at=now, note=why, deadline_at=None)

    async def _give_up(self, error: BaseException) -> None:
        if not isinstance(error, ProblemError) or error.problem.code in OUR_TROUBLE:
            raise error  # the scheduler starts the task again from its last step
        log.warning("task given up", task=str(self.key), why=error.problem.sentence())
        self._save(
            "missed",
            stage=Stage.MISSED,
            ended_at=time.time(),
            note=error.problem.sentence(),
            deadline_at=None,
        )

    @property
    def key(self) -> TaskKey:
        """Return which task this is."""
        return self._record.key

    @property
    def _ids(self) -> tuple[int, int]:
        return self.key.session_id, self.key.task_id

    def _purpose(self, kind: TransactionKind, commitment: Commitment | None = None) -> Purpose:
        return Purpose(kind=kind, task_key=self.key, commitment=commitment)

    def _save(self, step: str, **fields: Any) -> None:
        self._keep(msgspec.structs.replace(self._record, **fields), step)

    def _keep(self, record: TaskRecord, step: str) -> None:
        self._parts.tasks.save(record, step)
        if record.stage is not self._record.stage:
            self._held_by = None
        self._record = record
        log.info(step, task=str(record.key), stage=record.stage.value)
        self._parts.on_change(record)
