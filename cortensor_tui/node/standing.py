"""How the node stands: its status, put together from what every room knows now."""

from __future__ import annotations

import asyncio

import msgspec

from cortensor_tui import __version__
from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.gas import GasOutlook
from cortensor_tui.domain.health import Account, NodeStatus, StoreHealth
from cortensor_tui.domain.inference import EngineHealth
from cortensor_tui.domain.networks import Registration
from cortensor_tui.domain.problems import Problem
from cortensor_tui.node.chain_room import ChainRoom
from cortensor_tui.node.duty import Duty
from cortensor_tui.node.gpu_watch import GpuWatch
from cortensor_tui.node.preconditions import DISK_CODES, Facts
from cortensor_tui.node.tally import Tally
from cortensor_tui.settings import Settings
from cortensor_tui.storage.local_store import LocalStore

STORE_CHECK_S = 15.0


class Standing:
    """Asks each room when the status is wanted; only the disk is looked at beforehand."""

    def __init__(
        self,
        settings: Settings,
        duty: Duty,
        chain: ChainRoom,
        tally: Tally,
        store: LocalStore,
        clock: Clock,
        gpus: GpuWatch,
    ) -> None:
        self._settings = settings
        self._duty = duty
        self._chain = chain
        self._tally = tally
        self._store = store
        self._gpus = gpus
        self._store_health = store.health()
        self._started_at = clock.now()

    def take_settings(self, settings: Settings) -> None:
        """Judge by settings of which some are other ones."""
        self._settings = settings

    async def keep_checking_store(self) -> None:
        """Look at the disk now and then, until cancelled."""
        while True:
            await asyncio.sleep(STORE_CHECK_S)
            self._store_health = await asyncio.to_thread(self._store.health)

    def status(self) -> NodeStatus:
        """Return everything that is told of how the node stands."""
        link, work, addresses = self._chain.link, self._chain.work, self._duty.addresses
        judged = self._duty.judge(self._facts())
        return NodeStatus(
            verdict=judged.verdict,
            reason=judged.reason,
            problem=judged.problem,
            is_watching=self._duty.is_watching,
            node=self._account(addresses.node),
            owner=self._account(addresses.owner),
            chain=self._chain.health(),
            engine=self._duty.engine,
            store=self._disk_health(),
            started_at=self._started_at,
            version=__version__,
            settings_path=str(self._settings.path.absolute()),
            theme=self._settings.theme,
            answered_tasks=self._tally.answered,
            missed_tasks=self._tally.missed,
            warnings=self._warnings(),
            preconditions=judged.preconditions,
            gas=link.gas_outlook() if link else GasOutlook(),
            registration=link.registration if link else Registration(),
            owner_key_problem=self._duty.owner_key_problem,
            past=self._chain.past.told if self._chain.past else None,
            are_sessions_read=work is not None and work.sessions.is_read,
            swaps=work.swaps if work else (),
            gpus=self._gpus.reading,
        )

    def _account(self, address: str) -> Account:
        account = self._chain.link.account(address) if self._chain.link else Account(address=address)
        return self._duty.account(account)

    def _disk_health(self) -> StoreHealth:
        """Return the store's health, with what the journal beside it met."""
        health = msgspec.structs.replace(self._store_health, ipfs=self._duty.ipfs)
        problem = self._chain.problem
        if problem is None or problem.code not in DISK_CODES:
            return health
        return msgspec.structs.replace(health, error=health.error or _said(problem))

    def _warnings(self) -> tuple[str, ...]:
        link, work = self._chain.link, self._chain.work
        found = (*(link.warnings if link else ()), *(work.warnings if work else ()))
        notes = tuple(note.text for note in self._settings.notes)
        return (*notes, *self._duty.warnings, *_engine_warnings(self._duty.engine), *found)

    def _facts(self) -> Facts:
        link, work = self._chain.link, self._chain.work
        node_address = self._duty.addresses.node
        return Facts(
            is_dedicated_enabled=self._settings.dedicated_enabled,
            chain_problem=self._chain.problem,
            is_connected=self._chain.has_looked,
            is_chain_silent=self._chain.unread_since is not None,
            engine=self._duty.engine,
            store=self._store_health,
            node_address=node_address,
            balance_wei=link.balances_wei.get(node_address) if link else None,
            low_balance_wei=self._settings.low_balance_wei,
            sessions=work.sessions.views() if work else (),
            key_trouble=work.key_problem if work else None,
            task_trouble=work.held_by if work else None,
            replaced=self._chain.replaced,
        )


def _said(problem: Problem) -> str:
    return f"{problem.what}: {problem.why}" if problem.why else problem.what


def _engine_warnings(engine: EngineHealth) -> tuple[str, ...]:
    tested = None if engine.self_test is None else engine.self_test.problem
    found = engine.warnings if tested is None else (*engine.warnings, tested)
    return tuple(problem.sentence() for problem in found)
