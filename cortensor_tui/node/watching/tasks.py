"""The tasks of an address, each at the stage that the contract has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
import structlog

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.chain.rpc.client import EndpointError
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskOnChain, TaskTimes
from cortensor_tui.journal.tasks import TaskLog, TaskRecord
from cortensor_tui.miner.chain_state import TaskState, read_states
from cortensor_tui.miner.deadlines import deadline_at
from cortensor_tui.miner.intake import Intake
from cortensor_tui.node.watching.sightings import NOTHING_SEEN, Sighting
from cortensor_tui.storage.local_store import LocalStore

log = structlog.get_logger(__name__)

MISSED = "it ended without an answer of this address"
NOT_ASSIGNED = "it was assigned to others"
TAKEN_BACK = "the chain was reorganised: its assignment is gone"


class WatchedTasks:
    """Keeps a record of each task of the node that is watched; `on_change` is told of every change."""

    def __init__(
        self,
        node: str,
        reader: ContractReader,
        profile: NetworkProfile,
        intake: Intake,
        store: LocalStore,
        tasks: TaskLog,
        on_change: Callable[[TaskRecord], None],
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._node = node
        self._reader = reader
        self._profile = profile
        self._intake = intake
        self._store = store
        self._tasks = tasks
        self._on_change = on_change
        self._clock = clock
        self._open = {record.key: record for record in tasks.unfinished()}

    @property
    def open(self) -> Mapping[TaskKey, TaskRecord]:
        """Return the tasks that have not ended."""
        return self._open

    def has(self, key: TaskKey) -> bool:
        """Tell whether a task is known to be the node's."""
        return key in self._open or self._tasks.get(key) is not None

    async def read(
        self, keys: Iterable[TaskKey], seen: Mapping[TaskKey, Sighting], is_awaited: Callable[[TaskKey], bool]
    ) -> set[TaskKey]:
        """Bring tasks to where the contract has them; return those that have ended, whoever answered.

        `is_awaited` tells whether a task that is not assigned yet will be the node's. Raises `ProblemError`
        when the endpoint does not answer; a task that it refuses to tell is left for later.
        """
        ended = set()
        for state in await read_states(self._reader, self._node, sorted(set(keys))):
            record = self._open.get(state.key) or self._tasks.get(state.key)
            try:
                if record is not None or self._is_its_own(state, is_awaited):
                    await self._take(record, state, seen.get(state.key, NOTHING_SEEN))
            except EndpointError:
                raise
            except ProblemError as error:  # it is read again with the next state, and keeps no other waiting
                log.warning("a task could not be read", task=str(state.key), why=error.problem.sentence())
                continue
            if state.task is not None and state.task.is_ended:
                ended.add(state.key)
        return ended

    def _is_its_own(self, state: TaskState, is_awaited: Callable[[TaskKey], bool]) -> bool:
        task = state.task
        if task is None:
            return False
        return self._node in task.assigned_miners or (
            not task.is_ended and not task.assigned_miners and is_awaited(task.key)
        )

    async def _take(self, record: TaskRecord | None, state: TaskState, seen: Sighting) -> None:
        known = await self._asked(record, state.task)
        if known is None:
            return
        brought = await self._answered(self._brought(known, state, seen))
        if brought == record:
            return
        self._tasks.save(brought, "watched")
        if brought.stage.is_final:
            self._open.pop(brought.key, None)
        else:
            self._open[brought.key] = brought
        self._on_change(brought)

    async def _asked(self, record: TaskRecord | None, task: TaskOnChain | None) -> TaskRecord | None:
        """Return the record of what is asked now: after a reorganisation, ids may have another prompt."""
        if task is None or (record is not None and record.prompt_cid == self._intake.prompt_cid(task)):
            return record
        new = await self._intake.record(task, task.created_at, None)
        return msgspec.structs.replace(new, times=TaskTimes())  # nothing was seen of it yet

    def _brought(self, record: TaskRecord, state: TaskState, seen: Sighting) -> TaskRecord:
        """Return the record at the contract's stage, with the times that are known of it."""
        task, place = state.task, state.stage.place
        # The contract keeps one time a step for all miners: it is the node's own where there is no other.
        is_alone = task is not None and task.assigned_miners == (self._node,)
        precommit_at = task.last_precommit_at if task and is_alone else None
        commit_at = task.last_commit_at if task and is_alone else None
        times = {
            "acked_at": _step_time(place >= Stage.ACKED.place, seen.acked_at, record.acked_at),
            "precommitted_at": _step_time(
                place >= Stage.PRECOMMITTED.place, seen.precommitted_at, record.precommitted_at, precommit_at
            ),
            "committed_at": _step_time(
                place >= Stage.COMMITTED.place, seen.committed_at, record.committed_at, commit_at
            ),
        }
        if state.stage is Stage.MISSED:  # what it did before is known from events alone
            times = {name: getattr(seen, name) or getattr(record, name) for name in times}
        brought = msgspec.structs.replace(
            record,
            stage=state.stage,
            assigned_at=seen.assigned_at or record.assigned_at,
            ended_at=self._ended_at(record, state, seen),
            note=self._note(state),
            times=msgspec.structs.replace(
                record.times,
                assigned_block=seen.assigned_block or record.times.assigned_block,
                assigned_block_at=seen.assigned_at or record.times.assigned_block_at,
                all_precommitted_at=seen.all_precommitted_at or record.times.all_precommitted_at,
            ),
            **times,
        )
        return msgspec.structs.replace(brought, deadline_at=self._deadline(brought))

    def _ended_at(self, record: TaskRecord, state: TaskState, seen: Sighting) -> float | None:
        if not state.stage.is_final:
            return None
        finished_at = state.task.finished_at if state.task else None
        return seen.ended_at or record.ended_at or finished_at or self._clock.now()

    def _note(self, state: TaskState) -> str:
        if state.task is None:
            return TAKEN_BACK
        if state.stage is not Stage.MISSED:
            return ""
        return MISSED if self._node in state.task.assigned_miners else NOT_ASSIGNED

    def _deadline(self, record: TaskRecord) -> float | None:
        if record.note == NOT_ASSIGNED:
            return None
        return deadline_at(record, record.stage, self._profile)

    async def _answered(self, record: TaskRecord) -> TaskRecord:
        """Return the record with hash and answer as far as the contract has them now."""
        ours = None
        if record.stage.place >= Stage.PRECOMMITTED.place:
            results = await self._reader.results(record.key)
            ours = next((one for one in results if one.miner == self._node), None)
        if ours is None:
            return msgspec.structs.replace(record, answer_hash=None, answer_cid=None)
        has_answer = record.stage in (Stage.COMMITTED, Stage.ENDED)
        cid = self._store.put(ours.data.encode("utf-8")) if has_answer else None
        return msgspec.structs.replace(record, answer_hash=ours.hash, answer_cid=cid)


def _step_time(is_taken: bool, *known: float | None) -> float | None:
    """Return the first time that is known of a step, None for a step that was not taken."""
    return next((at for at in known if at), None) if is_taken else None


def newest(counts: Mapping[int, int], most: int) -> set[TaskKey]:
    """Return so many of each session's newest tasks; `counts` are how many each has."""
    return {
        TaskKey(session_id, task_id)
        for session_id, count in counts.items()
        for task_id in range(max(0, count - most), count)
    }
