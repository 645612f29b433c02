"""Finds the chain, works on it, and finds it anew when another one has taken its place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from cortensor_tui.chain.endpoints.head_feed import HeadFeed
from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.chain.rpc.client import endpoint_name
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.health import ChainHealth
from cortensor_tui.domain.network_report import NetworkReport
from cortensor_tui.domain.networks import ReplacedChain
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.scope import KnownChain, ReadableChain, last_chain
from cortensor_tui.node.link import ChainLink, LinkedAddresses, open_link
from cortensor_tui.node.network import feed_url, make_pool, profile_of
from cortensor_tui.node.network_report import network_report
from cortensor_tui.node.preconditions import DISK_CODES
from cortensor_tui.node.work import ChainWork
from cortensor_tui.settings import Settings

log = structlog.get_logger(__name__)

RECONNECT_S = 2.0
UNREAD_AFTER_S = 15.0
"""Longer than the rest between two looks and the patience with one call together."""


class ChainEvents(msgspec.Struct, frozen=True, kw_only=True):
    """What the node is told. `on_found` gets the chain and whether it is another one than was told of before.

    It is called before any work begins; `on_look` after each look, whatever came of it.
    """

    on_found: Callable[[ChainLink, bool], None]
    on_look: Callable[[ChainWork], None]


class ChainRoom:
    """The chain side of one node: `link` since a chain was found, `work` while the node works on it.

    `past` is the chain that was served last, until one is found: to be told of, and nothing else.
    Before `has_looked` nothing is known of sessions and tasks.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        addresses: LinkedAddresses,
        open_work: Callable[[ChainLink], Awaitable[ChainWork]],
        events: ChainEvents,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.past: KnownChain | None = last_chain(database, settings.chain_id)
        self.rpc = make_pool(settings, self.past.told.genesis_hash if self.past else None, clock)
        self.problem: Problem | None = None
        self.link: ChainLink | None = None
        self.work: ChainWork | None = None
        self.has_looked = False
        self.replaced: ReplacedChain | None = None
        self._clock = clock
        self._has_failed = False
        self._settings = settings
        self._database = database
        self._addresses = addresses
        self._open_work = open_work
        self._events = events
        self._feed: HeadFeed | None = None

    async def run(self) -> None:
        """Work until cancelled, on whatever chain is there."""
        while True:
            try:
                work = await self._connect()
                await self._work_on(work)
            except ProblemError as error:
                self._trouble(error.problem)
            except Exception as error:  # whatever an endpoint makes of us, the node stays
                self._trouble(_fault(error))
            self._has_failed = True
            await asyncio.sleep(RECONNECT_S)

    def stood_still(self, seconds: float) -> None:
        """Take no silence of the chain for what was a standstill of this process."""
        self.rpc.stood_still(seconds)

    def health(self) -> ChainHealth:
        """Return what is known of the chain now."""
        health = (
            self.link.health()
            if self.link
            else ChainHealth(network="unknown", endpoint=endpoint_name(self.rpc.url))
        )
        problem = self.problem
        error = "" if problem is None or problem.code in DISK_CODES else problem.sentence()
        feed = self._feed.health if self._feed else ""
        return msgspec.structs.replace(
            health,
            error=error,
            endpoints=self.rpc.health(),
            head_feed=feed,
            unread_since=self.unread_since,
            replaced=self.replaced,
        )

    @property
    def unread_since(self) -> float | None:
        """Return when the chain answered last where it does not now, unix seconds; None while it does."""
        if self.link is None:
            return None
        if self._has_failed:
            return self.link.answered_at
        # A look may take long on a slow endpoint: it hangs only when nothing is answered in it any more.
        return self.rpc.answered_at if self.rpc.silent_s > UNREAD_AFTER_S else None

    @property
    def readable(self) -> ReadableChain | None:
        """Return the chain whose past can be told, None before the first that this node ever meets."""
        return self.link.journal if self.link else self.past

    def report(self) -> NetworkReport:
        """Return all that is known of endpoints, contracts and profile."""
        return network_report(self._settings, self.rpc, self.link, self._feed, self.problem)

    def profile(self) -> NetworkProfile:
        """Return the numbers of the network that the settings name, those of the settings over them."""
        return profile_of(self._settings, self._settings.chain_id)

    def take_settings(self, settings: Settings) -> None:
        """Go on with settings of which some that a running node can take are other ones."""
        self._settings = settings
        if self.work is not None:
            self.work.take_settings(settings, self.profile())

    async def _connect(self) -> ChainWork:
        link = await open_link(self.rpc, self._settings, self._database, self._addresses)
        work = await self._open_work(link)
        told_of = self.readable
        is_another = told_of is None or told_of.chain != link.journal.chain
        self._note_replaced(link)
        self.link, self.past = link, None
        self.problem, self._has_failed = None, False  # it has just answered
        self.rpc.adopt(link.identity.chain_id, link.identity.genesis_hash)
        self._events.on_found(link, is_another)
        contracts = msgspec.to_builtins(link.reader.contracts)
        log.info("chain found", chain_id=link.identity.chain_id, contracts=contracts)
        return work

    def _note_replaced(self, link: ChainLink) -> None:
        """Keep which chain another one has taken the place of, as a devnet does that starts anew."""
        found = link.identity
        before = self.link.identity if self.link else self.past.told if self.past else None
        if before is None or before.chain_id != found.chain_id or before.genesis_hash == found.genesis_hash:
            return
        self.replaced = ReplacedChain(
            chain_id=found.chain_id, genesis_hash=before.genesis_hash, at=self._clock.now()
        )
        log.warning("the chain was replaced", chain_id=found.chain_id, before=before.genesis_hash)

    async def _work_on(self, work: ChainWork) -> None:
        """Look again and again. Trouble with the endpoint is told and passes; another chain ends it."""
        self.work = work
        feed = asyncio.create_task(self._follow_feed(work), name="head feed")
        try:
            while True:
                answers = work.link.answers
                try:
                    if not await work.look():
                        return
                    self.problem = None
                    self.has_looked = True
                except ProblemError as error:
                    self._trouble(error.problem)
                except Exception as error:
                    self._trouble(_fault(error))
                self._has_failed = work.link.answers == answers  # else it was read, if not all of it
                self._events.on_look(work)
                await work.rest()
        finally:
            self.work = self._feed = None
            self.has_looked = False
            feed.cancel()
            await asyncio.gather(feed, return_exceptions=True)
            await work.stop()

    async def _follow_feed(self, work: ChainWork) -> None:
        link = work.link
        url = feed_url(self._settings, link.profile)
        if url is not None:
            contracts = link.reader.contracts
            addresses = (contracts.session_queue_v2, contracts.session_v2)
            is_guessed = self._settings.head_feed is None
            self._feed = HeadFeed(url, addresses, work.pace.news, work.pace.fed, is_guessed=is_guessed)
            await self._feed.run()

    def _trouble(self, problem: Problem) -> None:
        if self.problem is None or self.problem.code != problem.code:
            log.warning("chain trouble", code=problem.code, why=problem.sentence())
        self.problem = problem


def _fault(error: Exception) -> Problem:
    log.error("a look at the chain failed", exc_info=error)
    return Problem(
        code="bad_answer",
        what="The chain endpoint answered something that cannot be read",
        why=repr(error)[:200],
        remedy="Use another endpoint if it does not pass; the node's log has the details",
    )
