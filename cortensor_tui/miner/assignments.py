"""Assignments that were seen, until their tasks are read: a server that lags may not have them yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.tasks import TaskKey, TaskOnChain
from cortensor_tui.miner.chain_state import read_tasks

log = structlog.get_logger(__name__)

LONGEST_AWAITED_S = 60.0


class Assignment(NamedTuple):
    """Where and when it was seen: `seen_at` in unix seconds, `seen_s` by the monotonic clock."""

    block_number: int
    seen_at: float
    seen_s: float


class Assignments:
    """What is awaited, for the node with this address."""

    def __init__(self, reader: ContractReader, node: str, clock: Clock) -> None:
        self._reader = reader
        self._node = node
        self._clock = clock
        self._awaited: dict[TaskKey, Assignment] = {}

    def __len__(self) -> int:
        """Return how many are awaited."""
        return len(self._awaited)

    def see(self, key: TaskKey, block_number: int) -> None:
        """Await a task from now on; one that is awaited keeps when it was first seen."""
        assignment = Assignment(block_number, self._clock.now(), self._clock.monotonic())
        self._awaited.setdefault(key, assignment)

    def forget(self, key: TaskKey) -> None:
        """Await a task no longer: its assignment was taken back."""
        self._awaited.pop(key, None)

    async def hand_on(self, take: Callable[[TaskOnChain, float, int], Awaitable[None]]) -> None:
        """Read the tasks and give those that are there to `take`, with when and in which block each was seen.

        Raises what `take` raises for one of them, after the others were taken: it is awaited further, but for
        no longer than a minute, so that it cannot keep the node from its other events for ever.
        """
        if not self._awaited:
            return
        awaited = self._awaited
        tasks = await read_tasks(self._reader, list(awaited))
        ready = {
            key: task for key, task in tasks.items() if task.is_ended or self._node in task.assigned_miners
        }
        outcomes = await asyncio.gather(
            *(take(task, awaited[key].seen_at, awaited[key].block_number) for key, task in ready.items()),
            return_exceptions=True,
        )
        errors = {
            key: error for key, error in zip(ready, outcomes, strict=True) if isinstance(error, BaseException)
        }
        oldest_s = self._clock.monotonic() - LONGEST_AWAITED_S
        self._awaited = {
            key: one
            for key, one in awaited.items()
            if (key not in ready or key in errors) and one.seen_s > oldest_s
        }
        for key, error in errors.items():
            if key in self._awaited:
                raise error
            log.error("a task could not be taken", task=str(key), why=str(error))
