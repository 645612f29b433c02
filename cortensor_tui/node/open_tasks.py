"""Reads open tasks from the contract: events are for speed, state is for truth."""

from __future__ import annotations

import time

import structlog

from cortensor_tui.chain.watching.heads import Head
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey, TaskOnChain
from cortensor_tui.miner.chain_state import read_tasks
from cortensor_tui.miner.scheduler import Scheduler
from cortensor_tui.node.link import ChainLink
from cortensor_tui.node.session_list import SessionList

log = structlog.get_logger(__name__)

STATE_EVERY_S = 5.0
IDLE_STATE_EVERY_S = 15.0  # soon enough for an ack, should an endpoint leave out an assignment
# This many of a session's newest tasks are read from state; the journal has the open ones it knows besides.
TASKS_READ_AFTER_GAP = 50


class OpenTasks:
    """The tasks of the sessions that are served, brought to where the contract has them."""

    def __init__(self, link: ChainLink, sessions: SessionList, scheduler: Scheduler) -> None:
        self._link = link
        self._sessions = sessions
        self._scheduler = scheduler
        self._read_at_s = time.monotonic()
        self._read_from = link.rpc.url
        self._done: set[TaskKey] = set()  # of the newest tasks
        self._missed_from: float | None = None  # by the chain's clock

    def is_due(self, *, is_blind: bool) -> bool:
        """Tell whether it is time: an endpoint behind a balancer may have left an event out.

        Another endpoint, after a fail-over, may have left out others.
        """
        if self._link.rpc.url != self._read_from:
            return True
        patience_s = STATE_EVERY_S if is_blind or self._scheduler.is_busy else IDLE_STATE_EVERY_S
        return time.monotonic() - self._read_at_s > patience_s

    async def read(self, head: Head, *, is_whole: bool) -> None:
        """Read the newest tasks of the sessions served; `is_whole` reads those again that were done.

        What ended before this state was read last is no news: another journal may have it, or nobody served
        its session then.
        """
        missed_from = await self._was_read_at(head)
        newest = await self._newest()
        self._done = set() if is_whole else self._done & newest
        wanted = sorted(newest - self._done - self._scheduler.open_tasks)
        is_each_taken = True
        for key, task in (await read_tasks(self._link.reader, wanted)).items():
            is_old = task.is_ended and (task.finished_at or task.created_at) < missed_from
            if not is_old and not await self._is_taken(task):
                is_each_taken = False
            elif task.is_ended:
                self._done.add(key)
        self._missed_from = head.mined_at if is_each_taken else missed_from
        await self._scheduler.refresh()
        await self._scheduler.reconcile()
        self._read_at_s, self._read_from = time.monotonic(), self._link.rpc.url

    async def _newest(self) -> set[TaskKey]:
        session_ids = self._sessions.served_ids()
        counts = await self._link.reader.task_counts(session_ids)
        return {
            TaskKey(session_id, task_id)
            for session_id, count in zip(session_ids, counts, strict=True)
            for task_id in range(max(0, count - TASKS_READ_AFTER_GAP), count)
        }

    async def _was_read_at(self, head: Head) -> float:
        """Return when state was read last, by the chain's clock; at first, up to where the journal has it."""
        if self._missed_from is not None:
            return self._missed_from
        cursor = self._link.journal.cursor.read()
        read_at = None if cursor is None else await self._link.mined_at(cursor.block_number)
        return head.mined_at + 1 if read_at is None else read_at  # a new journal has missed nothing

    async def _is_taken(self, task: TaskOnChain) -> bool:
        try:
            await self._scheduler.take(task)
        except ProblemError as error:  # it is read again with the next state, and keeps no other waiting
            log.warning("a task could not be taken yet", task=str(task.key), why=error.problem.sentence())
            return False
        return True
