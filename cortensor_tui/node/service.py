"""The node: puts the rooms together and keeps them going until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

import structlog

from cortensor_tui import __version__
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.answering import InferenceFeed
from cortensor_tui.node.chain_room import ChainEvents, ChainRoom
from cortensor_tui.node.control import ControlServer
from cortensor_tui.node.duty import OpenDuty, Told
from cortensor_tui.node.gpu_watch import GpuWatch
from cortensor_tui.node.history import HistoryDesk
from cortensor_tui.node.hub import KEPT_TASKS, KEPT_TRANSACTIONS, Hub
from cortensor_tui.node.link import ChainLink
from cortensor_tui.node.live import LiveRuns
from cortensor_tui.node.logs.desk import LogDesk
from cortensor_tui.node.messages import SessionsChanged, StatusChanged, TaskChanged, TransactionChanged
from cortensor_tui.node.paths import socket_path, viewer_socket_path
from cortensor_tui.node.requests import RequestDesk
from cortensor_tui.node.settings_desk import SettingsDesk
from cortensor_tui.node.standing import Standing
from cortensor_tui.node.standstill import Standstills
from cortensor_tui.node.tally import Tally
from cortensor_tui.node.verdict import verdict_line
from cortensor_tui.node.views import ListedTexts, changed_view
from cortensor_tui.node.work import ChainWork
from cortensor_tui.settings import Settings
from cortensor_tui.storage.local_store import LocalStore

log = structlog.get_logger(__name__)

TELL_S = 1.0


class Node:
    """One node. `announce` gets a line each time the verdict changes."""

    def __init__(
        self,
        settings: Settings,
        open_duty: OpenDuty,
        announce: Callable[[str], None],
        clock: Clock = SYSTEM_CLOCK,
        *,
        environ: Mapping[str, str] | None = None,
        logs: LogDesk | None = None,
    ) -> None:
        """`environ` goes before the settings file, also when settings are changed; `logs` tells the log.

        Raises `ProblemError` when what the duty needs cannot be had.
        """
        self._settings = settings
        self._announce = announce
        self._store = LocalStore(settings.data_dir / "payloads")
        self._texts = ListedTexts(self._store)
        feed = InferenceFeed(
            on_start=lambda key, prompt: self._live.start(key, prompt),
            on_event=lambda key, event: self._live.event(key, event),
            on_stop=lambda key, error: self._live.stop(key, error),
        )
        self._standstills = Standstills(TELL_S, clock)
        self._duty = open_duty(feed, self._store)
        events = ChainEvents(on_found=self._chain_found, on_look=self._looked)
        self._chain = ChainRoom(
            settings, self._duty.database, self._duty.addresses, self._open_work, events, clock
        )
        self._history = HistoryDesk(self._store, clock, settings.private_sessions)
        self._tally = Tally(self._history, lambda change: self._hub.publish(change), clock)
        self._gpus = GpuWatch(lambda: self._hub.is_listened_to)
        self._standing = Standing(
            settings, self._duty, self._chain, self._tally, self._store, clock, self._gpus
        )
        self._hub = Hub(self._standing.status())
        self._live = LiveRuns(self._hub, clock)
        self._stopping = asyncio.Event()
        settings_desk = SettingsDesk(settings, environ or {}, self._take_settings, self._chain.profile)
        desk = self._open_desk(settings_desk, logs or LogDesk())
        self._control = ControlServer(self._hub, desk.answer, settings.private_sessions)

    def _open_desk(self, settings: SettingsDesk, logs: LogDesk) -> RequestDesk:
        return RequestDesk(
            self._standing.status,
            self._store,
            self._history,
            self._chain,
            self._stopping.set,
            settings,
            logs,
            self._look_at_gpus,
        )

    @property
    def address(self) -> str:
        """Return the address of the node that is run or watched."""
        return self._duty.addresses.node

    async def run(self) -> None:
        """Serve until `stop` or a stop request. Raises `ProblemError` when the sockets cannot be had."""
        path = self._settings.path
        await self._tell_past()  # before anybody listens: nothing of it is news
        await self._control.start(socket_path(path), viewer_socket_path(path), path)
        log.info("node started", address=self.address, version=__version__)
        work = [
            asyncio.create_task(job, name=name)
            for name, job in {
                **self._duty.jobs(),
                "endpoints": self._chain.rpc.run(),
                "chain": self._chain.run(),
                "telling": self._keep_telling(),
                "streaming": self._live.keep_flushing(),
                "store": self._standing.keep_checking_store(),
                "tally": self._tally.run(),
                **({} if self._duty.is_watching else {"gpus": self._gpus.run()}),
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
        if self._chain.work is not None:
            await self._chain.work.stop()
        self._control.stop_listening()
        await self._history.close()
        await self._chain.rpc.close()
        self._duty.close()
        await self._control.hang_up()  # last: who waits for the end may start another node right after
        log.info("node stopped")

    def _take_settings(self, settings: Settings) -> None:
        """Go on with settings of which some that a running node can take are other ones."""
        self._settings = settings
        logging.getLogger().setLevel(settings.log_level.upper())
        self._standing.take_settings(settings)
        self._duty.take_settings(settings)
        self._chain.take_settings(settings)
        self._history.take_private(settings.private_sessions)
        self._control.take_private(settings.private_sessions)
        if self._chain.work is not None:
            self._hub.publish(SessionsChanged(self._chain.work.sessions.views()))
        self._publish_status()

    # --- the chain ---------------------------------------------------------------------------------

    async def _open_work(self, link: ChainLink) -> ChainWork:
        told = Told(
            on_task=self._task_changed,
            on_transaction=self._transaction_changed,
            standstills=self._standstills.found,
        )
        return await self._duty.open_work(link, told)

    def _chain_found(self, link: ChainLink, is_another: bool) -> None:
        self._tally.begin(link.journal)
        self._publish_status()  # first: what follows is no longer the past
        if is_another:
            self._hub.reset()
        for record in reversed(link.journal.tasks.recent(KEPT_TASKS)):
            self._task_changed(record)
        for transaction in reversed(link.journal.transactions.recent(KEPT_TRANSACTIONS)):
            self._transaction_changed(transaction)

    # --- what is told ------------------------------------------------------------------------------

    async def _tell_past(self) -> None:
        """Tell the past of the chain that was served last, before any chain is asked for."""
        past = self._chain.past
        if past is None:
            return
        self._tally.begin(past)
        try:
            tasks, transactions = await self._history.newest(past, KEPT_TASKS, KEPT_TRANSACTIONS)
        except ProblemError as error:
            log.warning("the past could not be read", why=error.problem.sentence())
            return
        for task in reversed(tasks):
            self._hub.publish(TaskChanged(task))
        for transaction in reversed(transactions):
            self._hub.publish(TransactionChanged(transaction))

    async def _keep_telling(self) -> None:
        self._standstills.look()
        while True:
            await asyncio.sleep(TELL_S)
            self._chain.stood_still(self._standstills.look())
            self._live.sample()
            self._publish_status()

    async def _look_at_gpus(self) -> None:
        """Read the GPUs for one who asks once; whoever looks has them read anyway."""
        if not (self._duty.is_watching or self._hub.is_listened_to):
            await self._gpus.look()

    def _publish_status(self) -> None:
        before, status = self._hub.status, self._standing.status()
        self._hub.publish(StatusChanged(status))
        if (before.verdict, before.reason, before.problem) != (status.verdict, status.reason, status.problem):
            log.info("verdict", verdict=status.verdict.value, reason=status.reason)
            self._announce(verdict_line(status))

    def _looked(self, work: ChainWork) -> None:
        self._hub.publish(SessionsChanged(work.sessions.views()))
        if work.sessions.is_read and not self._hub.status.are_sessions_read:
            self._publish_status()

    def _task_changed(self, record: TaskRecord) -> None:
        if record.stage.is_final:
            self._tally.task_ended(record.ended_at)
        if self._chain.work is not None:
            self._chain.work.pace.changed()  # an answer that is there is news for the chain
        if self._chain.link is not None:
            self._hub.publish(TaskChanged(changed_view(record, self._chain.link.journal, self._texts)))

    def _transaction_changed(self, transaction: Transaction) -> None:
        work, link = self._chain.work, self._chain.link
        if work is not None:
            work.pace.changed()
        self._hub.publish(TransactionChanged(transaction))
        if work is not None:
            work.transaction_changed(transaction)
        if transaction.fee_wei is not None and transaction.task_key is not None and link is not None:
            record = link.journal.tasks.get(transaction.task_key)
            if record is not None:  # it has cost more now
                self._task_changed(record)
