"""What a node is there for: to answer tasks with a key of its own, or to watch an address without any."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from cortensor_tui.domain.health import Account, IpfsHealth, Precondition, Verdict
from cortensor_tui.domain.inference import EngineHealth
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.answering import InferenceFeed
from cortensor_tui.miner.causes import Hindrance
from cortensor_tui.node.link import ChainLink, LinkedAddresses
from cortensor_tui.node.preconditions import Facts
from cortensor_tui.node.work import ChainWork
from cortensor_tui.settings import Settings
from cortensor_tui.storage.local_store import LocalStore


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of what happens to tasks and transactions, and who tells when the process stood still."""

    on_task: Callable[[TaskRecord], None]
    on_transaction: Callable[[Transaction], None]
    standstills: Callable[[], Sequence[Hindrance]] = tuple


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """How a node stands: every precondition, the verdict, and the first problem to mend."""

    preconditions: tuple[Precondition, ...]
    verdict: Verdict
    reason: str
    problem: Problem | None


class Duty(Protocol):
    """One kind of node."""

    is_watching: bool
    addresses: LinkedAddresses
    database: Database

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know."""

    @property
    def engine(self) -> EngineHealth:
        """How the engine stands."""

    @property
    def ipfs(self) -> IpfsHealth | None:
        """How the IPFS nodes stand, None where none is set."""

    @property
    def owner_key_problem(self) -> Problem | None:
        """Why nothing is signed for the owner, None where it is."""

    def account(self, account: Account) -> Account:
        """Return an account with where its key was had from."""

    def jobs(self) -> Mapping[str, Coroutine[Any, Any, None]]:
        """Return what goes on beside the chain, by name; none ends by itself."""

    async def open_work(self, link: ChainLink, told: Told) -> ChainWork:
        """Return the work on a chain that was found. Raises `ProblemError` with what to mend."""

    def judge(self, facts: Facts) -> Judgement:
        """Return how the node stands by these facts."""

    def take_settings(self, settings: Settings) -> None:
        """Go on with settings of which some are other ones."""

    def close(self) -> None:
        """Give back what is held."""


OpenDuty = Callable[[InferenceFeed, LocalStore], Duty]
"""Gives a node its duty; the feed is told of every inference. Raises `ProblemError` when it cannot be had."""
