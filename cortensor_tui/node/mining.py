"""One look after another: events to sessions and tasks, receipts to transactions, the cursor last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from cortensor_tui.chain.contracts.abi import checksum
from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.chain.watching.events import ContractEvent
from cortensor_tui.chain.watching.heads import Head, head_from
from cortensor_tui.chain.watching.watcher import Look
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.swaps import SwapProgress
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.admission import Admission
from cortensor_tui.miner.answering import Answering
from cortensor_tui.miner.attendance import Attendance
from cortensor_tui.miner.chain_state import TaskState
from cortensor_tui.miner.delivery import Delivery
from cortensor_tui.miner.intake import Intake
from cortensor_tui.miner.parts import PipelineParts
from cortensor_tui.miner.payloads import TaskPayloads
from cortensor_tui.miner.promises import ChainPromises
from cortensor_tui.miner.scheduler import Scheduler
from cortensor_tui.node.link import ChainLink
from cortensor_tui.node.open_tasks import OpenTasks
from cortensor_tui.node.owner import OwnerDesk
from cortensor_tui.node.pace import Pace
from cortensor_tui.node.session_list import SessionList
from cortensor_tui.node.streams import KeyStreams
from cortensor_tui.settings import Settings


class Mining:
    """Everything that works on one chain link."""

    def __init__(
        self,
        link: ChainLink,
        streams: KeyStreams,
        settings: Settings,
        answering: Answering,
        payloads: TaskPayloads,
        on_task: Callable[[TaskRecord], None],
        own_addresses: frozenset[str],
        attendance: Attendance,
    ) -> None:
        self.link = link
        self._streams = streams
        self._own_addresses = own_addresses
        self.sessions = SessionList(link.reader, self._admission(settings))
        self.owner_desk = OwnerDesk(
            link.rpc,
            link.reader,
            streams.owner,
            link.journal,
            chain_id=link.identity.chain_id,
            max_data_bytes=link.profile.max_data_bytes,
            fee_cap_wei=settings.max_fee_wei,
        )
        self._attendance = attendance
        parts = self._parts(settings, answering, payloads, on_task)
        intake = Intake(link.reader, payloads, link.profile, link.watcher.submitted_in)
        self.scheduler = Scheduler(parts, intake, self.sessions.is_served)
        self._open_tasks = OpenTasks(link, self.sessions, self.scheduler)
        profile = link.profile
        self.pace = Pace(profile, self._awaits_chain)
        self._is_resumed = False
        self._is_continuous = False

    def _parts(
        self,
        settings: Settings,
        answering: Answering,
        payloads: TaskPayloads,
        on_task: Callable[[TaskRecord], None],
    ) -> PipelineParts:
        link, journal, node = self.link, self.link.journal, self.link.node_address
        return PipelineParts(
            node=node,
            scope=journal.scope,
            profile=link.profile,
            reader=link.reader,
            tasks=journal.tasks,
            transactions=journal.transactions,
            payloads=payloads,
            delivery=Delivery(link.reader, self._streams.miner, journal.transactions, self._trouble),
            answering=answering,
            precommit_data=settings.precommit_data,
            is_signed=lambda key: journal.payload_hash(key, node, "precommit") is not None,
            promises=ChainPromises(node, link.reader, journal),
            attendance=self._attendance,
            mined_at=link.mined_at,
            on_change=on_task,
        )

    @property
    def swaps(self) -> tuple[SwapProgress, ...]:
        """Return the swaps of nodes on their way, and those that stand half way."""
        return self.owner_desk.swaps.progress

    def take_settings(self, settings: Settings, profile: NetworkProfile) -> None:
        """Go on with other settings, as far as tasks and transactions that are open allow it."""
        self.sessions.admit(self._admission(settings))
        self.pace.take(profile)
        self.owner_desk.take_fee_cap(settings.max_fee_wei)
        self.link.take_budget(profile.daily_gas_budget_wei)
        self._streams.take_limits(settings.max_fee_wei, profile)

    def _admission(self, settings: Settings) -> Admission:
        return Admission(
            node=self.link.node_address,
            own_addresses=self._own_addresses,
            listed_owners=frozenset(checksum(owner) for owner in settings.owners),
            authorized=settings.authorized_sessions,
            is_enabled=settings.dedicated_enabled,
        )

    async def look(self) -> bool:
        """Look until the head is reached and act on it. False when the endpoint now serves another chain.

        Raises `ProblemError` when the endpoint tells nothing, or no logs: then state was acted on.
        """
        while True:
            try:
                look, is_followed = await self._look_and_follow()
            except ProblemError as error:
                self._attendance.failed(error.problem)
                raise
            self._attendance.looked()
            if not await self._act_on(look, is_followed=is_followed):
                return False
            if look.trouble is not None:
                raise ProblemError(look.trouble)
            if not look.is_behind:
                return True

    async def _act_on(self, look: Look, *, is_followed: bool) -> bool:
        link = self.link
        taken_back: Sequence[TaskState] = ()
        # A look that failed may have seen receipts in blocks that the cursor never reached: should the chain
        # have lost them meanwhile, no look will tell.
        is_doubtful = look.is_gap or look.is_reorganised or not is_followed
        is_odd = look.is_unsure or look.trouble is not None
        if (is_doubtful or is_odd) and not await link.is_same_chain():
            return False
        if is_doubtful:
            if (
                look.is_reorganised or look.is_gap
            ):  # before anything is sent again: this is what people are shown
                taken_back = await self.scheduler.states(with_done=look.is_reorganised)
            await self._streams.reread()
        link.see(look.head)
        if not is_followed:
            await self._streams.follow()
        await self.sessions.update(look.events, is_gap=look.is_gap or look.is_reorganised)
        self.owner_desk.swaps.review(self.sessions.is_bound)
        if not self._is_resumed:
            self.scheduler.resume()
            self.owner_desk.swaps.resume()
            self._is_resumed = True
        await self._know_sessions(look.events)
        link.watcher.watch({*self.sessions.watched_ids(), *self.scheduler.open_sessions})
        await self.scheduler.bring_to(taken_back)
        await self.scheduler.handle(look.events)
        await self.scheduler.reconcile()
        if is_doubtful or self._open_tasks.is_due(is_blind=look.trouble is not None):
            await self._open_tasks.read(look.head, is_whole=is_doubtful)
            self.pace.asked()
        await self._date_assignments(look.head)
        link.watcher.handled(look)
        self._is_continuous = True
        return True

    def transaction_changed(self, transaction: Transaction) -> None:
        """Learn how a transaction goes: one that is open again takes its task back."""
        self.scheduler.transaction_changed(transaction)

    @property
    def held_by(self) -> Problem | None:
        """Return what holds the tasks up, though the chain is there."""
        return self._streams.miner.problem or self.scheduler.held_by

    @property
    def key_problem(self) -> Problem | None:
        """Return what keeps the miner's key from signing for now."""
        return self._streams.miner_key_problem

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what an operator should know of the keys."""
        return (*self._streams.warnings, *self.owner_desk.swaps.warnings)

    async def rest(self) -> None:
        """Wait until it is time for the next look."""
        await self.pace.rest()

    async def _look_and_follow(self) -> tuple[Look, bool]:
        """Look, and follow the transactions in the same request, unless a look has failed since the last.

        Then the endpoint may serve another chain by now, and following sends again what is overdue: the
        second value is False, and the caller follows once the chain is known.
        """
        is_continuous, self._is_continuous = self._is_continuous, False
        if not is_continuous:
            return await self.link.watcher.look(), False
        look, followed = await asyncio.gather(
            self.link.watcher.look(), self._streams.follow(), return_exceptions=True
        )
        if isinstance(look, BaseException):
            raise look
        if isinstance(followed, BaseException):
            raise followed
        return look, True

    def _awaits_chain(self) -> bool:
        return self.scheduler.awaits_chain or self._streams.is_busy

    async def _date_assignments(self, head: Head) -> None:
        """Find when the blocks were mined in which tasks were assigned; most often that is the head."""
        self.scheduler.note_block_times({head.number: head.mined_at})
        numbers = sorted(self.scheduler.undated_blocks())
        blocks = await self.link.rpc.batch([("eth_getBlockByNumber", (hex(one), False)) for one in numbers])
        found = [head_from(block) for block in blocks if isinstance(block, dict)]
        self.scheduler.note_block_times({block.number: block.mined_at for block in found})

    async def _know_sessions(self, events: Iterable[ContractEvent]) -> None:
        """Read a session of which a task is assigned to this node, unless it is known to be served."""
        node = self.link.node_address
        for event in events:
            is_ours = event.name == "TaskAssigned" and node in event.nodes and not event.is_removed
            if is_ours and event.session_id is not None and not self.sessions.is_served(event.session_id):
                await self.sessions.read(event.session_id)

    async def stop(self) -> None:
        """Stop working; the journal has each task's place."""
        self.owner_desk.close()
        await self.scheduler.stop()
        self._streams.close()

    def _trouble(self, key: TaskKey, problem: Problem) -> None:
        self.scheduler.trouble(key, problem)
