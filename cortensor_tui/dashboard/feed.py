"""The one owner of the connection to the node: connects, folds what arrives, and connects again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import msgspec

from cortensor_tui.dashboard.state import NodeView, SequenceGapError
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error

# The messages are loaded with the first connection: that takes as long as to draw the first screen.
if TYPE_CHECKING:
    from cortensor_tui.node.messages import Change, ReplyBody, RequestBody, Snapshot

POST_INTERVAL_S = 0.25
QUIET_S = 5.0
"""After so long without a word the node is asked whether it is still there."""
STALE_S = 2 * QUIET_S
NO_SETTINGS = "no_settings"
"""The code of the problem that there is nothing yet that a node could run for."""
NOT_ASKED = "not_asked"
"""The code of the problem that the node could not even be asked."""
DEMO_ENDED = "demo_ended"
"""The code of the problem that what the dashboard showed has ended with all that belonged to it."""
NODE_SILENT = "node_silent"
"""The code of the problem that a node is there and does not answer."""
_PROBE_TIMEOUT_S = 10.0
_FIRST_RETRY_S = 1.0
_LONGEST_RETRY_S = 15.0


class Connection(Protocol):
    """What the feed needs of a client of the node."""

    async def request(self, body: RequestBody, timeout_s: float = 30.0) -> ReplyBody:
        """Ask and wait; raises `ProblemError`."""

    def attach(self) -> AsyncIterator[Snapshot | Change]:
        """Yield the snapshot, then changes; ends by `ProblemError`."""

    async def close(self) -> None:
        """Hang up."""


Connect = Callable[[], Awaitable[Connection]]


class Link(StrEnum):
    """How things stand between dashboard and node."""

    CONNECTING = "connecting"
    LIVE = "live"
    UNREACHABLE = "unreachable"


class FeedState(msgspec.Struct, frozen=True, kw_only=True):
    """One moment of the feed. Times are unix seconds; `view` outlives the connection.

    `snapshots` counts those received: what was fetched for an earlier one may be out of date, and may hold
    private texts that were hidden since.
    """

    link: Link
    since: float
    heard_at: float | None = None
    retry_at: float | None = None
    problem: Problem | None = None
    view: NodeView | None = None
    snapshots: int = 0

    @property
    def is_nothing_set_up(self) -> bool:
        """Tell that there is no node yet, rather than one that is missed."""
        return self.view is None and self.problem is not None and self.problem.code == NO_SETTINGS

    @property
    def has_demo_ended(self) -> bool:
        """Tell that what was shown has ended for good: nothing can be connected to again."""
        return self.link is Link.UNREACHABLE and self.problem is not None and self.problem.code == DEMO_ENDED

    @property
    def is_node_away(self) -> bool:
        """Tell that there is no node to be asked, rather than one that does not answer."""
        if self.link is not Link.UNREACHABLE or self.problem is None:
            return False
        return self.problem.code not in (NODE_SILENT, NO_SETTINGS, DEMO_ENDED)

    def differs_in_figures_only(self, newer: FeedState) -> bool:
        """Tell whether nothing came since but a status that says the same of the node, with newer figures."""
        if self.view is None or newer.view is None:
            return False
        if (self.link, self.problem, self.snapshots) != (newer.link, newer.problem, newer.snapshots):
            return False
        return self.view.differs_in_figures_only(newer.view)

    def stale_s(self, now: float) -> float | None:
        """Return how old the view is, None while it is live and the node talks."""
        if self.heard_at is None:
            return None
        silence_s = now - self.heard_at
        return silence_s if self.link is not Link.LIVE or silence_s >= STALE_S else None


class Feed:
    """Run `run` as one worker. `post` gets a frozen state at most four times a second."""

    def __init__(
        self, connect: Connect, post: Callable[[FeedState], None], now: Callable[[], float] = time.time
    ) -> None:
        self._connect = connect
        self._post = post
        self._now = now
        self._state = FeedState(link=Link.CONNECTING, since=now())
        self._moved = asyncio.Event()
        self._retry_now = asyncio.Event()
        self._client: Connection | None = None

    @property
    def state(self) -> FeedState:
        """Return the newest state, posted or not."""
        return self._state

    async def run(self) -> None:
        """Connect and follow until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_posting())
            tasks.create_task(self._keep_connected())

    def reconnect(self) -> None:
        """Try again at once, or fetch a fresh snapshot where connected."""
        self._retry_now.set()

    async def request(self, body: RequestBody, timeout_s: float = 30.0) -> ReplyBody:
        """Ask the node. Raises `ProblemError`, code "not_asked" while no node is known to answer."""
        if self._client is None or self._state.link is Link.UNREACHABLE:
            remedy = "Wait: the connection is tried again by itself"
            raise problem_error(NOT_ASKED, "Not connected to the node", "", remedy)
        return await self._client.request(body, timeout_s)

    async def _keep_connected(self) -> None:
        delay_s = _FIRST_RETRY_S
        while True:
            self._retry_now.clear()
            was_live_at = self._state.heard_at
            try:
                await self._follow()
                delay_s = _FIRST_RETRY_S  # asked to connect again, or a change was missing
                continue
            except ProblemError as error:
                problem = error.problem
            if self._state.heard_at != was_live_at:
                delay_s = _FIRST_RETRY_S
            since = self._state.since if self._state.link is Link.UNREACHABLE else self._now()
            retry_at = self._now() + delay_s
            self._set(link=Link.UNREACHABLE, since=since, retry_at=retry_at, problem=problem)
            try:
                async with asyncio.timeout(delay_s):
                    await self._retry_now.wait()
                delay_s = _FIRST_RETRY_S
            except TimeoutError:
                delay_s = min(delay_s * 2, _LONGEST_RETRY_S)

    async def _follow(self) -> None:
        """Follow one connection. Returns when a fresh one is wanted; raises what broke it."""
        client = self._client = await self._connect()
        probe: asyncio.Task[None] | None = None
        try:
            stream = client.attach()
            reading: asyncio.Task[Snapshot | Change] = asyncio.ensure_future(anext(stream))
            retry = asyncio.ensure_future(self._retry_now.wait())
            probe = asyncio.create_task(self._probe(client))
            try:
                while True:
                    await asyncio.wait({reading, retry, probe}, return_when=asyncio.FIRST_COMPLETED)
                    if probe.done():
                        probe.result()
                    if retry.done():
                        return
                    if reading.done():
                        self._take(reading.result())
                        reading = asyncio.ensure_future(anext(stream))
            except SequenceGapError:
                return
            finally:
                for task in (reading, retry, probe):
                    task.cancel()
                await asyncio.gather(reading, retry, probe, return_exceptions=True)
        finally:
            self._client = None
            await client.close()

    async def _probe(self, client: Connection) -> None:
        """Ask a silent node for its status, so that silence and death can be told apart."""
        from cortensor_tui.node.messages import GetStatus, StatusChanged

        while True:
            heard_at = self._state.heard_at or self._now()
            await asyncio.sleep(max(1.0, QUIET_S - (self._now() - heard_at)))
            if self._now() - (self._state.heard_at or heard_at) < QUIET_S:
                continue
            try:
                reply = await client.request(GetStatus(), timeout_s=_PROBE_TIMEOUT_S)
            except ProblemError as error:
                raise (_silent() if error.problem.code == "node_timeout" else error) from error
            if isinstance(reply, StatusChanged) and self._state.view is not None:
                view = msgspec.structs.replace(self._state.view, status=reply.status)
                self._set(heard_at=self._now(), view=view)

    def _take(self, message: Snapshot | Change) -> None:
        from cortensor_tui.dashboard.folding import apply

        view = apply(self._state.view, message)
        now = self._now()
        since = self._state.since if self._state.link is Link.LIVE else now
        self._set(
            link=Link.LIVE,
            since=since,
            heard_at=now,
            retry_at=None,
            problem=None,
            view=view,
            snapshots=view.generation + 1,
        )

    def _set(self, **changes: object) -> None:
        self._state = msgspec.structs.replace(self._state, **changes)
        self._moved.set()

    async def _keep_posting(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            self._post(self._state)
            await asyncio.sleep(POST_INTERVAL_S)


def _silent() -> ProblemError:
    return problem_error(
        NODE_SILENT,
        "The node does not answer",
        "its process is there and says nothing",
        "It is asked again by itself; r asks now",
    )
