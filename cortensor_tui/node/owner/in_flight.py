"""Which tasks of a session are being answered just now, as the contract tells it."""

from __future__ import annotations

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.domain.tasks import TaskKey

TASKS_LOOKED_AT = 50  # of the session's newest; an older one is not in flight any more


async def tasks_in_flight(reader: ContractReader, session_id: int, miner: str | None = None) -> list[TaskKey]:
    """Return the tasks among the session's newest that are assigned and have not ended, oldest first.

    With `miner` only those that this address answers.
    """
    [count] = await reader.task_counts([session_id])
    keys = [TaskKey(session_id, task_id) for task_id in range(max(0, count - TASKS_LOOKED_AT), count)]
    tasks = await reader.tasks(keys)
    queued = reader.numbers.queued_status
    return [
        task.key
        for task in tasks
        if not task.is_ended and task.status != queued and (miner is None or miner in task.assigned_miners)
    ]
