"""One look after another at what an address does: events to transactions, state to tasks, the cursor last."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.chain.rpc.client import RpcError
from cortensor_tui.chain.watching.events import ContractEvent
from cortensor_tui.chain.watching.heads import head_from
from cortensor_tui.chain.watching.watcher import Look
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.swaps import SwapProgress
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.scope import Cursor
from cortensor_tui.miner.intake import Intake
from cortensor_tui.miner.payloads import TaskPayloads
from cortensor_tui.node.duty import Told
from cortensor_tui.node.guarding import known_contracts
from cortensor_tui.node.link import ChainLink
from cortensor_tui.node.pace import Pace
from cortensor_tui.node.session_list import SessionList
from cortensor_tui.node.watching.admission import WatchAdmission
from cortensor_tui.node.watching.desk import WatchingDesk
from cortensor_tui.node.watching.sightings import key_of, sightings, steps_of
from cortensor_tui.node.watching.tasks import WatchedTasks, newest
from cortensor_tui.node.watching.transactions import WatchedTransactions
from cortensor_tui.settings import Settings
from cortensor_tui.storage.local_store import LocalStore

log = structlog.get_logger(__name__)

STATE_EVERY_S = 5.0
IDLE_STATE_EVERY_S = 15.0
NEWEST_TASKS = 50  # of each session are read from state; earlier ones are those of the journal
EARLIER_SPANS = 4  # of blocks, read at the first start for what the address has sent of late
BUSY_FOR_S = 900.0  # a task open for longer may never end, and is looked at in no hurry


class Watching:
    """Follows one address on one chain link. It signs nothing, and there is no key that it could use."""

    key_problem: Problem | None = None
    held_by: Problem | None = None
    warnings: tuple[str, ...] = ()
    swaps: tuple[SwapProgress, ...] = ()

    def __init__(self, link: ChainLink, store: LocalStore, told: Told, clock: Clock = SYSTEM_CLOCK) -> None:
        node, journal, profile = link.node_address, link.journal, link.profile
        self.link = link
        self.sessions = SessionList(link.reader, WatchAdmission(node))
        self.owner_desk = WatchingDesk(node)
        self.pace = Pace(profile, self._is_busy)
        intake = Intake(link.reader, TaskPayloads(store), profile, link.watcher.submitted_in)
        self._clock = clock
        self._tasks = WatchedTasks(node, link.reader, profile, intake, store, journal.tasks, told.on_task)
        contracts = known_contracts(link.reader)
        self._transactions = WatchedTransactions(
            link.rpc, journal.transactions, contracts, told.on_transaction
        )
        self._done: set[TaskKey] = set()  # of the newest tasks
        self._state_read_at_s: float | None = None

    async def look(self) -> bool:
        """Look until the head is reached. False when the endpoint now serves another chain.

        Raises `ProblemError` when the endpoint tells nothing, or no logs: then state was read.
        """
        if self.link.journal.cursor.read() is None:
            await self._begin_earlier()
        while True:
            look = await self.link.watcher.look()
            if not await self._act_on(look):
                return False
            if look.trouble is not None:
                raise ProblemError(look.trouble)
            if not look.is_behind:
                return True

    async def rest(self) -> None:
        """Wait until it is time for the next look."""
        await self.pace.rest()

    async def stop(self) -> None:
        """Nothing is under way that could not end here."""

    def take_settings(self, settings: Settings, profile: NetworkProfile) -> None:
        """Look at other intervals from now on."""
        self.pace.take(profile)

    def transaction_changed(self, transaction: Transaction) -> None:
        """Take notice of what the address has paid."""
        self.link.note(transaction)

    async def _begin_earlier(self) -> None:
        """Let a new journal begin a little in the past, so that what was sent of late is seen."""
        head = self.link.head
        if head is None:
            return
        rpc, queue = self.link.rpc, self.link.reader.contracts.session_queue_v2
        first = max(0, head.number - EARLIER_SPANS * self.link.profile.log_span_blocks)
        try:
            found = await rpc.call("eth_getBlockByNumber", hex(first), False)
            await rpc.call("eth_getLogs", {"fromBlock": hex(first), "toBlock": hex(first), "address": queue})
        except RpcError as error:  # it keeps no logs of then: what comes from now on is seen
            log.info("the past is not told by this endpoint", why=error.message[:200])
            return
        if not isinstance(found, dict):
            log.info("the past is not told by this endpoint", why=f"it has no block {first}")
            return
        block = head_from(found)
        start = Cursor(block_number=block.number, block_hash=block.hash)
        self.link.journal.cursor.move(start, self._clock.now())

    async def _act_on(self, look: Look) -> bool:
        link, is_doubtful = self.link, look.is_gap or look.is_reorganised
        is_odd = look.is_unsure or look.trouble is not None
        if (is_doubtful or is_odd) and not await link.is_same_chain():
            return False
        link.see(look.head)
        if link.is_accounts_due:
            await link.read_accounts()
        await link.keep_registration()
        await self.sessions.update(look.events, is_gap=is_doubtful)
        link.watcher.watch({*self.sessions.watched_ids(), *(key.session_id for key in self._tasks.open)})
        await self._follow(look, is_doubtful=is_doubtful)
        link.watcher.handled(look)
        return True

    async def _follow(self, look: Look, *, is_doubtful: bool) -> None:
        node, events = self.link.node_address, look.events
        mined_at = await self._block_times(look)
        seen = sightings(events, node, mined_at)
        touched = {key for event in events if (key := self._concerned(event)) is not None}
        self._done -= touched
        if is_doubtful:
            self._done.clear()
        if is_doubtful or self._is_state_due(is_blind=look.trouble is not None):
            newest_tasks = await self._newest_tasks()
            self._done &= newest_tasks
            touched |= set(self._tasks.open) | (newest_tasks - self._done)
            self._state_read_at_s = self._clock.monotonic()
            self.pace.asked()
        if touched:
            self._done |= await self._tasks.read(touched, seen, self._is_awaited)
        await self._transactions.see(steps_of(events, node), mined_at)

    def _concerned(self, event: ContractEvent) -> TaskKey | None:
        """Return the task that an event is about, where it is or may become the node's."""
        key = key_of(event)
        if key is None:
            return None
        is_its_own = self.link.node_address in event.nodes or key.session_id in self._bound_ids()
        return key if is_its_own or self._tasks.has(key) else None

    def _bound_ids(self) -> set[int]:
        return set(self.sessions.bound_ids())

    def _is_awaited(self, key: TaskKey) -> bool:
        """Tell whether a queued task can be nobody else's: the session has no other node."""
        return self.sessions.is_only_node_of(key.session_id)

    async def _newest_tasks(self) -> set[TaskKey]:
        session_ids: Sequence[int] = sorted(self._bound_ids())
        counts = await self.link.reader.task_counts(session_ids)
        return newest(dict(zip(session_ids, counts, strict=True)), NEWEST_TASKS)

    async def _block_times(self, look: Look) -> dict[int, float]:
        """Return when the blocks of the events were mined; most often that is the head."""
        times = {look.head.number: look.head.mined_at}
        numbers = sorted({event.block_number for event in look.events if key_of(event)} - set(times))
        blocks = await self.link.rpc.batch([("eth_getBlockByNumber", (hex(one), False)) for one in numbers])
        found = [head_from(block) for block in blocks if isinstance(block, dict)]
        return times | {block.number: block.mined_at for block in found}

    def _is_state_due(self, *, is_blind: bool) -> bool:
        """Events are for speed, state for truth: an endpoint may have left one out."""
        if self._state_read_at_s is None:
            return True
        patience_s = STATE_EVERY_S if is_blind or self._is_busy() else IDLE_STATE_EVERY_S
        return self._clock.monotonic() - self._state_read_at_s > patience_s

    def _is_busy(self) -> bool:
        now = self._clock.now()
        return any(now - record.assigned_at < BUSY_FOR_S for record in self._tasks.open.values())
