"""The node: puts the rooms together and keeps them going until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

import msgspec
import structlog

from cortensor_tui import __version__
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.gas import GasOutlook
from cortensor_tui.domain.health import Account, NodeStatus, StoreHealth
from cortensor_tui.domain.inference import EngineHealth
from cortensor_tui.domain.networks import Registration
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.answering import Answering, InferenceFeed, PromptSettings
from cortensor_tui.node.chain_room import ChainEvents, ChainRoom
from cortensor_tui.node.control import ControlServer
from cortensor_tui.node.engine_room import EngineRoom
from cortensor_tui.node.history import HistoryDesk
from cortensor_tui.node.hub import KEPT_TASKS, KEPT_TRANSACTIONS, Hub
from cortensor_tui.node.identity import Identity, open_journal
from cortensor_tui.node.link import ChainLink
from cortensor_tui.node.live import LiveRun
from cortensor_tui.node.logs.desk import LogDesk
from cortensor_tui.node.messages import SessionsChanged, StatusChanged, TaskChanged, TransactionChanged
from cortensor_tui.node.mining import Mining
from cortensor_tui.node.paths import socket_path, viewer_socket_path
from cortensor_tui.node.preconditions import DISK_CODES, Facts, steps
from cortensor_tui.node.requests import RequestDesk
from cortensor_tui.node.settings_desk import SettingsDesk
from cortensor_tui.node.tally import Tally
from cortensor_tui.node.unlock import UnlockedKeys
from cortensor_tui.node.verdict import judge, verdict_line
from cortensor_tui.node.views import changed_view
from cortensor_tui.settings import Settings
from cortensor_tui.storage.local_store import LocalStore

log = structlog.get_logger(__name__)

FLUSH_S = 0.1
SAMPLE_EVERY_FLUSHES = 10
STORE_CHECK_S = 15.0


class Node:
    """One node. `announce` gets a line each time the verdict changes."""

    def __init__(
        self,
        settings: Settings,
        unlocked: UnlockedKeys,
        announce: Callable[[str], None],
        clock: Clock = SYSTEM_CLOCK,
        *,
        may_make_journal: bool = False,
        environ: Mapping[str, str] | None = None,
        logs: LogDesk | None = None,
    ) -> None:
        """`environ` goes before the settings file, also when settings are changed; `logs` tells the log.

        Raises `ProblemError` when a key is unusable, another node has it, or its journal is gone.
        """
        self._settings = settings
        self._announce = announce
        self._identity = Identity(settings, unlocked, clock)
        self._miner_address = self._identity.miner_address
        self._owner_address = self._identity.owner_address
        self._owner_key_problem = self._identity.owner_key_problem
        self._database = open_journal(settings, self._miner_address, may_make=may_make_journal)
        self._store = LocalStore(settings.data_dir / "payloads")
        events = ChainEvents(
            on_found=self._chain_found, on_look=self._looked, on_transaction=self._transaction_changed
        )
        self._chain = ChainRoom(settings, self._database, self._identity.keys, self._make_mining, events)
        self._started_at = clock.now()
        self._store_health = self._store.health()
        self._engine_room = EngineRoom(settings, self._engine_changed)
        self._engine_health = self._engine_room.engine.health
        self._history = HistoryDesk(self._store, clock, settings.private_sessions)
        self._tally = Tally(self._history, lambda change: self._hub.publish(change), clock)
        self._hub = Hub(self._status())
        self._live = LiveRun(self._hub, clock)
        feed = InferenceFeed(on_start=self._live.start, on_event=self._live.event, on_stop=self._live.stop)
        self._answering = Answering(self._engine_room.engine, self._store, _prompts(settings), feed)
        self._stopping = asyncio.Event()
        desk = RequestDesk(
            self._status,
            self._store,
            self._history,
            lambda: self._chain.mining,
            self._stopping.set,
            lambda: self._chain.problem,
            self._chain.report,
            SettingsDesk(settings, environ or {}, self._take_settings, self._chain.profile),
            logs or LogDesk(),
        )
        self._control = ControlServer(self._hub, desk.answer, settings.private_sessions)

    @property
    def address(self) -> str:
        """Return the miner's address."""
        return self._miner_address

    async def run(self) -> None:
        """Serve until `stop` or a stop request. Raises `ProblemError` when the sockets cannot be had."""
        await self._control.start(socket_path(self._settings.path), viewer_socket_path(self._settings.path))
        log.info("node started", address=self._miner_address, version=__version__)
        work = [
            asyncio.create_task(job, name=name)
            for name, job in {
                "engine": self._engine_room.run(),
                "endpoints": self._chain.rpc.run(),
                "chain": self._chain.run(),
                "telling": self._keep_telling(),
                "store": self._keep_checking_store(),
                "tally": self._tally.run(),
            }.items()
        ]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            done, _ = await asyncio.wait({stopping, *work}, return_when=asyncio.FIRST_COMPLETED)
            for job in done - {stopping}:
                job.result()  # a job never ends by itself: this raises its fault
        finally:
            for job in (stopping, *work):
                job.cancel()
            await asyncio.gather(stopping, *work, return_exceptions=True)
            await self._close()

    def stop(self) -> None:
        """Ask the node to stop; tasks go on from the journal at the next start."""
        self._stopping.set()

    async def _close(self) -> None:
        if self._chain.mining is not None:
            await self._chain.mining.stop()
        self._control.stop_listening()
        await self._history.close()
        await self._chain.rpc.close()
        self._database.close()
        self._identity.close()
        await self._control.hang_up()  # last: who waits for the end may start another node right after
        log.info("node stopped")

    def _take_settings(self, settings: Settings) -> None:
        """Go on with settings of which some that a running node can take are other ones."""
        self._settings = settings
        logging.getLogger().setLevel(settings.log_level.upper())
        self._answering.take_prompts(_prompts(settings))
        self._chain.take_settings(settings)
        if self._chain.mining is not None:
            self._hub.publish(SessionsChanged(self._chain.mining.sessions.views()))
        self._publish_status()

    # --- the chain ---------------------------------------------------------------------------------

    def _make_mining(self, link: ChainLink) -> Mining:
        own = frozenset({self._miner_address, self._owner_address})
        return Mining(link, self._settings, self._answering, self._store, self._task_changed, own)

    def _chain_found(self, link: ChainLink, is_another: bool) -> None:
        if is_another:
            self._hub.reset()
        self._tally.begin(link.journal)
        for record in reversed(link.journal.tasks.recent(KEPT_TASKS)):
            self._task_changed(record)
        for transaction in reversed(link.journal.transactions.recent(KEPT_TRANSACTIONS)):
            self._transaction_changed(transaction)

    # --- what is told ------------------------------------------------------------------------------

    async def _keep_telling(self) -> None:
        flushes = 0
        while True:
            self._live.flush()
            flushes += 1
            if flushes % SAMPLE_EVERY_FLUSHES == 0:
                self._live.sample()
                self._publish_status()
            await asyncio.sleep(FLUSH_S)

    async def _keep_checking_store(self) -> None:
        while True:
            self._store_health = await asyncio.to_thread(self._store.health)
            await asyncio.sleep(STORE_CHECK_S)

    def _publish_status(self) -> None:
        before, status = self._hub.status, self._status()
        self._hub.publish(StatusChanged(status))
        if (before.verdict, before.reason, before.problem) != (status.verdict, status.reason, status.problem):
            log.info("verdict", verdict=status.verdict.value, reason=status.reason)
            self._announce(verdict_line(status))

    def _looked(self, mining: Mining) -> None:
        self._hub.publish(SessionsChanged(mining.sessions.views()))

    def _task_changed(self, record: TaskRecord) -> None:
        if record.stage.is_final:
            self._tally.task_ended()
        if self._chain.link is not None:
            self._hub.publish(TaskChanged(changed_view(record, self._chain.link.journal, self._store)))

    def _transaction_changed(self, transaction: Transaction) -> None:
        mining, link = self._chain.mining, self._chain.link
        if mining is not None:
            mining.pace.changed()
        self._hub.publish(TransactionChanged(transaction))
        if mining is not None:
            mining.transaction_changed(transaction)
        if transaction.fee_wei is not None and transaction.task_key is not None and link is not None:
            record = link.journal.tasks.get(transaction.task_key)
            if record is not None:  # it has cost more now
                self._task_changed(record)

    def _engine_changed(self, health: EngineHealth) -> None:
        self._engine_health = health
        self._answering.on_health(health)

    def _status(self) -> NodeStatus:
        facts, link = self._facts(), self._chain.link
        found = steps(facts)
        verdict, reason, problem = judge(found, facts.sessions)
        return NodeStatus(
            verdict=verdict,
            reason=reason,
            problem=problem,
            node=self._account(self._miner_address),
            owner=self._account(self._owner_address),
            chain=self._chain.health(),
            engine=self._engine_health,
            store=self._disk_health(),
            started_at=self._started_at,
            version=__version__,
            settings_path=str(self._settings.path.absolute()),
            answered_tasks=self._tally.answered,
            missed_tasks=self._tally.missed,
            warnings=self._warnings(),
            preconditions=tuple(step.told for step in found),
            gas=link.gas_outlook() if link else GasOutlook(),
            registration=link.registration if link else Registration(),
            owner_key_problem=self._owner_key_problem,
        )

    def _account(self, address: str) -> Account:
        account = self._chain.link.account(address) if self._chain.link else Account(address=address)
        return msgspec.structs.replace(account, unlocked_from=self._identity.unlocked_from(address))

    def _disk_health(self) -> StoreHealth:
        """Return the store's health, with what the journal beside it met."""
        problem = self._chain.problem
        if problem is None or problem.code not in DISK_CODES:
            return self._store_health
        return msgspec.structs.replace(self._store_health, error=self._store_health.error or _said(problem))

    def _warnings(self) -> tuple[str, ...]:
        found = self._chain.link.warnings if self._chain.link else ()
        return (*(note.text for note in self._settings.notes), *self._identity.warnings, *found)

    def _facts(self) -> Facts:
        link = self._chain.link
        return Facts(
            is_dedicated_enabled=self._settings.dedicated_enabled,
            chain_problem=self._chain.problem,
            is_connected=self._chain.mining is not None,
            engine=self._engine_health,
            store=self._store_health,
            node_address=self._miner_address,
            balance_wei=link.balances_wei.get(self._miner_address) if link else None,
            low_balance_wei=self._settings.low_balance_wei,
            sessions=self._chain.mining.sessions.views() if self._chain.mining else (),
            key_trouble=link.miner_key_problem if link else None,
            task_trouble=self._chain.task_trouble(),
        )


def _said(problem: Problem) -> str:
    return f"{problem.what}: {problem.why}" if problem.why else problem.what


def _prompts(settings: Settings) -> PromptSettings:
    return PromptSettings(
        default_system_prompt=settings.default_system_prompt,
        raw_prompt="verbatim" if settings.raw_prompt == "verbatim" else "chat",
        seed=settings.seed,
    )
