"""Where tasks stand by the contract, which may be earlier than this node once knew."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskOnChain

# What a reader raises for a task that is not there; an endpoint's own refusals look the same.
_NOT_THERE = frozenset({"read_refused", "no_such_task"})


class TaskState(msgspec.Struct, frozen=True, kw_only=True):
    """One task by the contract, for one node. `task` is None when there is no such task, or none any more."""

    key: TaskKey
    stage: Stage
    task: TaskOnChain | None


async def read_tasks(reader: ContractReader, keys: Sequence[TaskKey]) -> dict[TaskKey, TaskOnChain]:
    """Return those of the tasks that exist. Raises `ProblemError` when that cannot be told."""
    if not keys:
        return {}
    try:
        found = await reader.tasks(keys)
    except ProblemError as error:
        if error.problem.code not in _NOT_THERE:
            raise
        there = await _existing(reader, keys)
        if len(there) == len(keys):
            raise
        found = await reader.tasks(there) if there else []
    return {task.key: task for task in found}


async def read_states(reader: ContractReader, node: str, keys: Sequence[TaskKey]) -> list[TaskState]:
    """Return where each task stands for the node with this address."""
    tasks = await read_tasks(reader, keys)
    ours = [key for key, task in tasks.items() if node in task.assigned_miners]
    steps = dict(
        zip(ours, await asyncio.gather(*(reader.result_times(key, node) for key in ours)), strict=True)
    )
    return [
        TaskState(key=key, stage=_stage(tasks.get(key), steps.get(key)), task=tasks.get(key)) for key in keys
    ]


def _stage(task: TaskOnChain | None, steps: tuple[bool, bool, bool] | None) -> Stage:
    if task is None or steps is None:
        return Stage.MISSED if task is not None and task.is_ended else Stage.QUEUED
    is_acked, is_precommitted, is_committed = steps
    if task.is_ended:
        return Stage.ENDED if is_committed else Stage.MISSED
    if is_committed:
        return Stage.COMMITTED
    if is_precommitted:
        return Stage.PRECOMMITTED
    return Stage.ACKED if is_acked else Stage.ASSIGNED


async def _existing(reader: ContractReader, keys: Sequence[TaskKey]) -> list[TaskKey]:
    session_ids = sorted({key.session_id for key in keys})
    counts = dict(zip(session_ids, await reader.task_counts(session_ids), strict=True))
    return [key for key in keys if key.task_id < counts[key.session_id]]
