"""One look after another: events to sessions and tasks, receipts to transactions, the cursor last."""

from __future__ import annotations

import time
from collections.abc import Callable

from cortensor_tui.chain.abi import checksum
from cortensor_tui.chain.events import ContractEvent
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.admission import Admission
from cortensor_tui.miner.answering import Answering
from cortensor_tui.miner.delivery import Delivery
from cortensor_tui.miner.pipeline import PipelineParts
from cortensor_tui.miner.scheduler import Scheduler
from cortensor_tui.node.link import ChainLink
from cortensor_tui.node.owner import OwnerDesk
from cortensor_tui.node.session_list import SessionList
from cortensor_tui.settings import Settings
from cortensor_tui.storage.local_store import LocalStore

STATE_EVERY_S = 5.0
IDLE_STATE_EVERY_S = 60.0
# This many of a session's newest tasks are read from state; the journal has the open ones it knows besides.
TASKS_READ_AFTER_GAP = 50


class Mining:
    """Everything that works on one chain link."""

    def __init__(
        self,
        link: ChainLink,
        settings: Settings,
        answering: Answering,
        store: LocalStore,
        on_task: Callable[[TaskRecord], None],
        own_addresses: frozenset[str],
    ) -> None:
        self.link = link
        node = link.miner_sender.address
        admission = Admission(
            node=node,
            own_addresses=own_addresses,
            listed_owners=frozenset(checksum(owner) for owner in settings.owners),
            authorized=settings.authorized_sessions,
            is_enabled=settings.dedicated_enabled,
        )
        self.sessions = SessionList(link.reader, admission)
        self.owner_desk = OwnerDesk(link.rpc, link.reader, link.owner_sender)
        parts = PipelineParts(
            node=node,
            scope=link.journal.scope,
            profile=link.profile,
            reader=link.reader,
            tasks=link.journal.tasks,
            store=store,
            delivery=Delivery(link.reader, link.miner_sender, link.journal.transactions, self._trouble),
            answering=answering,
            precommit_data=settings.precommit_data,
            on_change=on_task,
        )
        self.scheduler = Scheduler(parts, self.sessions.is_served, link.watcher.submitted_in)
        self._is_resumed = False
        self._state_read_at_s = time.monotonic()

    async def look(self) -> bool:
        """Take one look and act on it. False when the endpoint now serves another chain."""
        link = self.link
        look = await link.watcher.look()
        is_gap = look.is_gap or look.is_reorganised
        if is_gap:
            if not await link.is_same_chain():
                return False
            await link.reread()
        link.see(look.head)
        await link.follow()
        await self.sessions.update(look.events, is_gap=is_gap)
        link.watcher.watch(self.sessions.watched_ids())
        if not self._is_resumed:
            self.scheduler.resume()
            self._is_resumed = True
        for event in look.events:
            await self._know_session(event)
            await self.scheduler.handle(event)
        if is_gap or self._is_state_old():
            await self._read_open_tasks()
            self._state_read_at_s = time.monotonic()
        link.watcher.handled(look)
        return True

    async def _know_session(self, event: ContractEvent) -> None:
        """Read a session of which a task is assigned to this node, should it not be among the listed."""
        is_ours = event.name == "TaskAssigned" and self.link.miner_sender.address in event.nodes
        if is_ours and event.session_id is not None and not self.sessions.is_known(event.session_id):
            await self.sessions.read(event.session_id)

    def _is_state_old(self) -> bool:
        """An endpoint behind a balancer may have left an event out: events are for speed, state for truth."""
        patience_s = STATE_EVERY_S if self.scheduler.is_busy else IDLE_STATE_EVERY_S
        return time.monotonic() - self._state_read_at_s > patience_s

    async def stop(self) -> None:
        """Stop working; the journal has each task's place."""
        await self.scheduler.stop()
        self.link.close()

    async def _read_open_tasks(self) -> None:
        session_ids = self.sessions.served_ids()
        counts = await self.link.reader.task_counts(session_ids)
        keys = [
            TaskKey(session_id, task_id)
            for session_id, count in zip(session_ids, counts, strict=True)
            for task_id in range(max(0, count - TASKS_READ_AFTER_GAP), count)
        ]
        for task in await self.link.reader.tasks(keys):
            await self.scheduler.take(task)
        await self.scheduler.refresh()

    def _trouble(self, key: TaskKey, problem: Problem) -> None:
        self.scheduler.trouble(key, problem)
