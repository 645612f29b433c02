"""One task from its assignment to its end: ack, run, precommit, commit.

Every step is journaled first, but for the run, which promises nothing.

A reorganisation may move the task back at any time: what is under way is dropped, except a run of the model
for a task that is still assigned, and the way begins anew from where the chain now has the task.
"""

from __future__ import annotations

import asyncio
from typing import Any

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.transactions import Purpose
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.journal.commitments import Commitment
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.chain_state import read_states
from cortensor_tui.miner.ending import Ending
from cortensor_tui.miner.moving import NEVER_ASSIGNED_AGAIN, moved_back
from cortensor_tui.miner.parts import PipelineParts
from cortensor_tui.miner.patience import RETRY_S, until_read
from cortensor_tui.miner.promises import require_room
from cortensor_tui.miner.refusals import Refusals
from cortensor_tui.miner.signals import TaskSignals
from cortensor_tui.miner.task_progress import TaskProgress
from cortensor_tui.storage.ipfs.problems import PASSING

LONGEST_QUEUED_S = 3600.0  # after a reorganisation that took the assignment away


class TaskPipeline:
    """Runs one task. It may be started from any stage: a restart goes on where the journal stands."""

    def __init__(self, parts: PipelineParts, record: TaskRecord, signals: TaskSignals) -> None:
        self._parts = parts
        self._progress = TaskProgress(record, parts.tasks, parts.on_change, parts.clock)
        self._ending = Ending(parts, self._progress)
        self._signals = signals
        self._refusals = Refusals(parts.clock)
        self._under_way: list[asyncio.Task[None]] = []
        self._answering: asyncio.Task[TaskRecord] | None = None
        self._is_moved = False

    @property
    def record(self) -> TaskRecord:
        """Return the task as it now stands."""
        return self._progress.record

    async def run(self) -> None:
        """Go on until the task has ended on chain or is missed."""
        try:
            while not self.record.stage.is_final:
                self._is_moved = False
                way = asyncio.create_task(self._way())
                self._under_way = [way]
                try:
                    await asyncio.wait({way})
                    if not self._is_moved:
                        way.result()
                finally:
                    await _drop(*self._under_way)
        finally:
            if self._answering is not None:
                await _drop(self._answering)

    def move(self, record: TaskRecord, step: str) -> None:
        """Go on from another stage, earlier or later; an answer under way is kept while it is asked for."""
        self._is_moved = True
        self._refusals.start_over()
        for task in self._under_way:
            task.cancel()
        self._progress.keep(record, step)

    def note_times(self, **times: Any) -> None:
        """Learn when a step was taken; it is written down with the next step."""
        self._progress.note_times(**times)

    @property
    def is_answering(self) -> bool:
        """Tell whether the engine has the task, or is waited for: the chain tells nothing but its end."""
        return self._answering is not None

    @property
    def held_by(self) -> Problem | None:
        """Return what keeps the task from moving."""
        return self._progress.held_by

    def trouble(self, problem: Problem) -> None:
        """Show why the task does not move; it is kept."""
        self._progress.trouble(problem)

    async def _way(self) -> None:
        steps = asyncio.create_task(self._steps())
        ended = asyncio.create_task(self._signals.ended.wait())
        self._under_way.append(steps)
        try:
            await asyncio.wait({steps, ended}, return_when=asyncio.FIRST_COMPLETED)
            if steps.done() and not steps.cancelled() and (error := steps.exception()) is not None:
                self._ending.give_up(error)
                return
            if not self._signals.ended.is_set():
                raise RuntimeError("the steps of a task stopped before the task ended")
        finally:
            await _drop(steps, ended)
        await self._stop_answering()
        await self._ending.settle()

    async def _steps(self) -> None:
        while True:
            try:
                await self._step_by_step()
            except ProblemError as error:
                if not await self._may_go_on(error.problem):
                    raise
            else:
                return

    async def _step_by_step(self) -> None:
        if self.record.stage is Stage.QUEUED:
            await self._wait_for_assignment()
        if self.record.stage is Stage.ASSIGNED:
            await self._ack()
        if self.record.stage is Stage.ACKED:
            await self._answer()
            await self._parts.payloads.offer_answer(self.record)
            await self._precommit()
        if self.record.stage is Stage.PRECOMMITTED:
            await self._answer()  # an older journal may be without: the same run may give the same answer
            self._parts.payloads.remember_answer(self.record)
            await self._signals.precommits_closed.wait()
            self.note_times(all_precommitted_at=self._signals.precommits_closed_at)
            await self._commit()
        await self._signals.ended.wait()

    async def _wait_for_assignment(self) -> None:
        """Wait to be moved: who takes assignments does it when the task is assigned again."""
        await self._stop_answering()
        await asyncio.sleep(LONGEST_QUEUED_S)
        raise ProblemError(Problem(code="not_assigned", what=NEVER_ASSIGNED_AGAIN))

    async def _may_go_on(self, problem: Problem) -> bool:
        """Wait and tell True where a refusal may pass: the chain may have it otherwise by then."""
        record = self.record
        pause_s = self._refusals.pause_s(problem, record.stage, record.deadline_at)
        if pause_s is None:
            return False
        self.trouble(problem)
        await asyncio.sleep(pause_s)
        [state] = await until_read(
            lambda: read_states(self._parts.reader, self._parts.node, [self.key]), self.trouble
        )
        if state.task is not None:
            self._signals.on_state(state.task)
        if self._refusals.is_lasting and state.stage.place < record.stage.place:
            self._progress.keep(moved_back(record, state.stage, self._parts.profile), "moved back")
        return True

    async def _ack(self) -> None:
        await self._fetch_prompt()  # an ack is a promise to answer
        await self._parts.answering.ready(self.trouble)
        call = self._parts.reader.queue_call("ack", *self._ids)
        await self._parts.delivery.deliver(self.key, call, self._purpose(TransactionKind.ACK))
        now = self._parts.clock.now()
        deadline_at = now + self._parts.profile.precommit_deadline_s
        self._save("acked", stage=Stage.ACKED, acked_at=now, deadline_at=deadline_at, note="")

    async def _fetch_prompt(self) -> None:
        """Have a prompt that is not on chain itself, however often it takes until the task ends."""
        cid, payloads = self.record.prompt_cid, self._parts.payloads
        while self.record.details.is_prompt_addressed and not payloads.is_prompt_here(cid):
            try:
                await payloads.fetch_prompt(cid)
            except ProblemError as error:
                if error.problem.code not in PASSING:
                    raise
                self.trouble(error.problem)
                await asyncio.sleep(RETRY_S)
            else:
                self.note_times(prompt_stored_at=self._parts.clock.now())
                self._save("prompt fetched", note="")

    async def _answer(self) -> None:
        """Have the answer; learn meanwhile what the chain shows of us: the journal may be an old backup."""
        await self._begin_to_answer()
        reading = until_read(lambda: self._parts.promises.adopt(self.key), self.trouble)
        shown = asyncio.create_task(reading)
        try:
            if (answering := self._answering) is not None:  # when this is cancelled, the run goes on
                await asyncio.wait({shown, answering}, return_when=asyncio.FIRST_COMPLETED)
                if not answering.done():
                    await shown
                    await asyncio.wait({answering})
                self._answering = None
                self._keep(answering.result())
            await shown
        finally:
            await _drop(shown)

    def _keep(self, answered: TaskRecord) -> None:
        times = answered.times
        self.note_times(
            first_token_at=times.first_token_at,
            last_token_at=times.last_token_at,
            answer_stored_at=times.answer_stored_at,
        )
        self._save(
            "answer stored",
            answer_cid=answered.answer_cid,
            answer_hash=answered.answer_hash,
            details=answered.details,
            envelope=answered.envelope,
        )

    async def _begin_to_answer(self) -> None:
        if self.record.answer_cid is not None or self._answering is not None:
            return
        await self._fetch_prompt()  # it is here, unless the store was emptied since the ack
        run = self._parts.answering.answer(self.record, self._started, self._first_token, self._lost)
        self._answering = asyncio.create_task(run)

    async def _stop_answering(self) -> None:
        """End a run that nobody asks for any more: others may have its place in the engine."""
        answering, self._answering = self._answering, None
        if answering is not None:
            await _drop(answering)

    def _lost(self, record: TaskRecord) -> None:
        self.note_times(run_began_at=None, first_token_at=None)
        self._save("run lost", details=record.details)

    def _started(self, record: TaskRecord) -> None:
        # Whatever a run before it has said is gone with its engine.
        self.note_times(run_began_at=record.times.run_began_at, first_token_at=None, last_token_at=None)
        # Not synced: a run that a power cut takes back is only made anew, and others begin with this one.
        self._progress.save("inference started", is_synced=False, details=record.details)

    def _first_token(self, at: float) -> None:
        self.note_times(first_token_at=at)
        self._progress.save("first token", is_synced=False)  # who looks at the task sees it decode

    async def _precommit(self) -> None:
        require_room(self._parts.payloads.answer_on_chain(self.record), self._parts.profile)
        digest = self.record.answer_hash or ""
        call = self._parts.reader.queue_call(
            "precommit", *self._ids, bytes.fromhex(digest.removeprefix("0x")), self._parts.precommit_data
        )
        await self._deliver_answer(TransactionKind.PRECOMMIT, call)
        now = self._parts.clock.now()
        deadline_at = now + self._parts.profile.commit_deadline_s
        self._save(
            "precommitted", stage=Stage.PRECOMMITTED, precommitted_at=now, deadline_at=deadline_at, note=""
        )

    async def _commit(self) -> None:
        call = self._parts.reader.queue_call(
            "commit", *self._ids, self._parts.payloads.answer_on_chain(self.record)
        )
        await self._deliver_answer(TransactionKind.COMMIT, call)
        self._save(
            "committed",
            stage=Stage.COMMITTED,
            committed_at=self._parts.clock.now(),
            deadline_at=None,
            note="",
        )

    async def _deliver_answer(self, kind: TransactionKind, call: ContractCall) -> None:
        commitment = Commitment(
            scope=self._parts.scope,
            key=self.key,
            node=self._parts.node,
            stage=kind.value,
            payload_hash=self.record.answer_hash or "",
        )
        self._parts.promises.check(commitment)
        await self._parts.delivery.deliver(self.key, call, self._purpose(kind, commitment))

    @property
    def key(self) -> TaskKey:
        """Return which task this is."""
        return self.record.key

    @property
    def _ids(self) -> tuple[int, int]:
        return self.key.session_id, self.key.task_id

    def _purpose(self, kind: TransactionKind, commitment: Commitment | None = None) -> Purpose:
        return Purpose(
            kind=kind, task_key=self.key, commitment=commitment, deadline_at=self.record.deadline_at
        )

    def _save(self, step: str, **fields: Any) -> None:
        self._progress.save(step, **fields)


async def _drop(*tasks: asyncio.Task[Any]) -> None:
    """Cancel and wait until they are gone; what they raise is nobody's any more."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
