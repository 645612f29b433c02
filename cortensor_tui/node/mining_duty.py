"""The node that answers tasks: it holds keys under a lease, their journal, and an engine."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any

import msgspec

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.health import Account, IpfsHealth
from cortensor_tui.domain.inference import EngineHealth
from cortensor_tui.domain.problems import Problem
from cortensor_tui.miner.answering import Answering, InferenceFeed, PromptSettings
from cortensor_tui.miner.attendance import Attendance
from cortensor_tui.miner.session_models import SessionModels
from cortensor_tui.miner.turns import ONE_MODEL
from cortensor_tui.node.duty import Judgement, Told
from cortensor_tui.node.engine_room import EngineRoom, model_path
from cortensor_tui.node.identity import Identity, open_journal
from cortensor_tui.node.link import ChainLink, LinkedAddresses
from cortensor_tui.node.mining import Mining
from cortensor_tui.node.payload_room import PayloadRoom
from cortensor_tui.node.preconditions import Facts, steps
from cortensor_tui.node.streams import open_streams
from cortensor_tui.node.unlock import UnlockedKeys
from cortensor_tui.node.verdict import judge
from cortensor_tui.settings import Settings
from cortensor_tui.storage.local_store import LocalStore


class MiningDuty:
    """One for a node."""

    is_watching = False

    def __init__(
        self,
        settings: Settings,
        unlocked: UnlockedKeys,
        feed: InferenceFeed,
        store: LocalStore,
        clock: Clock = SYSTEM_CLOCK,
        *,
        may_make_journal: bool = False,
    ) -> None:
        """Raises `ProblemError` when a key is unusable, another node has it, or its journal is gone."""
        self._settings = settings
        self._identity = Identity(settings, unlocked, clock)
        self.addresses = LinkedAddresses(self._identity.miner_address, self._identity.owner_address)
        self.owner_key_problem: Problem | None = self._identity.owner_key_problem
        self.database = open_journal(settings, self.addresses.node, may_make=may_make_journal)
        self._engine_room = EngineRoom(settings, self._engine_changed)
        self._engine = self._engine_room.engine.health
        self._payload_room = PayloadRoom(settings, self.database, store, clock)
        switched = self._engine_room.switched
        self._session_models = None
        if switched is not None:
            self._session_models = SessionModels(
                settings.models_dir, model_path(settings), lambda: switched.failures
            )
        self._answering = Answering(
            self._engine_room.engine,
            store,
            _prompts(settings),
            feed,
            models=switched or ONE_MODEL,
            session_models=self._session_models,
        )

    @property
    def engine(self) -> EngineHealth:
        """How the engine stands."""
        return self._engine

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know of the keys, of payloads, and of models that sessions ask for."""
        models = () if self._session_models is None else self._session_models.warnings
        return (*self._identity.warnings, *self._payload_room.warnings, *models)

    @property
    def ipfs(self) -> IpfsHealth | None:
        """How the IPFS nodes stand, None where none is set."""
        return self._payload_room.health

    def account(self, account: Account) -> Account:
        """Return an account with where its key was had from."""
        return msgspec.structs.replace(account, unlocked_from=self._identity.unlocked_from(account.address))

    def jobs(self) -> Mapping[str, Coroutine[Any, Any, None]]:
        """Return the engine's run, and what is done with payloads."""
        return {"engine": self._engine_room.run(), **self._payload_room.jobs()}

    async def open_work(self, link: ChainLink, told: Told) -> Mining:
        """Start both keys' streams on a chain, and return what answers its tasks."""
        keys = self._identity.keys(link.identity.chain_id)
        streams = await open_streams(link, self._settings, keys, told.on_transaction)
        own = frozenset({self.addresses.node, self.addresses.owner})
        payloads = self._payload_room.payloads(link.journal.chain)
        attendance = Attendance(link.journal.cursor.moved_at(), told.standstills)
        mining = Mining(
            link, streams, self._settings, self._answering, payloads, told.on_task, own, attendance
        )
        if self._session_models is not None:
            self._session_models.number_of = mining.sessions.model_of
        return mining

    def judge(self, facts: Facts) -> Judgement:
        """Return whether the node serves."""
        found = steps(facts)
        verdict, reason, problem = judge(found, facts.sessions)
        return Judgement(
            preconditions=tuple(step.told for step in found), verdict=verdict, reason=reason, problem=problem
        )

    def take_settings(self, settings: Settings) -> None:
        """Answer by other settings from now on."""
        self._settings = settings
        self._answering.take_prompts(_prompts(settings))

    def close(self) -> None:
        """Give journal and keys back."""
        self.database.close()
        self._identity.close()

    def _engine_changed(self, health: EngineHealth) -> None:
        self._engine = health
        self._answering.on_health(health)


def _prompts(settings: Settings) -> PromptSettings:
    return PromptSettings(
        default_system_prompt=settings.default_system_prompt,
        raw_prompt="verbatim" if settings.raw_prompt == "verbatim" else "chat",
        seed=settings.seed,
        reproducible=settings.reproducible_sessions,
    )
