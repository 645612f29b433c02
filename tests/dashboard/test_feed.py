"""One owner of the connection: it comes back by itself, and says how things stand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from cortensor_tui.dashboard import feed
from cortensor_tui.dashboard.feed import Feed, FeedState, Link
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.node.live_messages import RateSampled
from cortensor_tui.node.messages import GetStatus, StatusChanged

from . import samples
from .scripted_node import ScriptedNode

LIMIT_S = 20.0


class Watched:
    """A running feed and what it has posted."""

    def __init__(self, node: ScriptedNode) -> None:
        self.posted: list[FeedState] = []
        self._arrived = asyncio.Event()
        self.feed = Feed(node.connect, self._take)
        self.task = asyncio.create_task(self.feed.run())

    def _take(self, state: FeedState) -> None:
        self.posted.append(state)
        self._arrived.set()

    async def until(self, is_so: Callable[[FeedState], bool]) -> FeedState:
        """Wait for a posted state of which something is so."""
        async with asyncio.timeout(LIMIT_S):
            while not (self.posted and is_so(self.posted[-1])):
                self._arrived.clear()
                await self._arrived.wait()
        return self.posted[-1]


@pytest.fixture
async def watched(node: ScriptedNode) -> AsyncIterator[Watched]:
    """Run a feed over the scripted node."""
    watching = Watched(node)
    yield watching
    watching.task.cancel()
    await asyncio.gather(watching.task, return_exceptions=True)


async def test_the_first_state_posted_is_the_snapshot(watched: Watched) -> None:
    state = await watched.until(lambda state: state.link is Link.LIVE)
    assert state.view is not None
    assert state.view.status == samples.status()


async def test_many_changes_are_posted_as_few_states(node: ScriptedNode, watched: Watched) -> None:
    await watched.until(lambda state: state.link is Link.LIVE)
    before = len(watched.posted)
    for _ in range(300):
        await node.change(RateSampled(1.0))
    state = await watched.until(lambda s: s.view is not None and s.view.sequence == 400)
    assert state.view is not None
    assert len(watched.posted) - before <= 5  # 300 would be one a change


async def test_a_gap_fetches_a_fresh_snapshot(node: ScriptedNode, watched: Watched) -> None:
    await watched.until(lambda state: state.link is Link.LIVE)
    await node.change(RateSampled(1.0), skip=3)
    await watched.until(lambda state: state.view is not None and state.view.sequence == 104)
    assert node.attached == 2


async def test_a_lost_node_is_said_and_found_again(node: ScriptedNode, watched: Watched) -> None:
    await watched.until(lambda state: state.link is Link.LIVE)
    await node.stop()
    gone = await watched.until(lambda state: state.link is Link.UNREACHABLE)
    assert gone.problem is not None
    assert gone.retry_at is not None
    assert gone.view is not None, "what was last known stays on the screen"
    await node.start()
    watched.feed.reconnect()
    back = await watched.until(lambda state: state.link is Link.LIVE)
    assert back.problem is None
    assert back.retry_at is None


async def test_a_missing_node_is_told_apart_from_a_lost_one(node: ScriptedNode) -> None:
    await node.stop()
    watching = Watched(node)
    state = await watching.until(lambda state: state.link is Link.UNREACHABLE)
    assert state.problem is not None
    assert state.problem.code == "no_node"
    assert state.view is None
    with pytest.raises(ProblemError) as caught:
        await watching.feed.request(GetStatus())
    assert caught.value.problem.code == "not_asked"
    watching.task.cancel()
    await asyncio.gather(watching.task, return_exceptions=True)


async def test_a_node_that_is_there_and_says_nothing_is_neither_gone_nor_to_be_started(
    node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "_PROBE_TIMEOUT_S", 0.01)
    monkeypatch.setattr(feed, "QUIET_S", 0.0)
    node.unanswered.add(GetStatus)
    watching = Watched(node)
    silent = await watching.until(lambda state: state.link is Link.UNREACHABLE)
    assert silent.problem is not None
    assert silent.problem.what == "The node does not answer"
    assert not silent.is_node_away
    with pytest.raises(ProblemError) as caught:  # that nothing was sent is known, whoever is connected again
        await watching.feed.request(GetStatus())
    assert caught.value.problem.code == feed.NOT_ASKED
    watching.task.cancel()
    await asyncio.gather(watching.task, return_exceptions=True)


async def test_what_was_asked_when_the_line_is_ended_here_stays_open(
    node: ScriptedNode, watched: Watched
) -> None:
    await watched.until(lambda state: state.link is Link.LIVE)
    node.unanswered.add(GetStatus)
    asking = asyncio.create_task(watched.feed.request(GetStatus()))
    while GetStatus() not in node.requests:
        await asyncio.sleep(0)
    watched.feed.reconnect()
    with pytest.raises(ProblemError) as caught:
        await asking
    assert caught.value.problem.code == "no_answer", "it is not gone"


async def test_requests_share_the_connection(watched: Watched) -> None:
    await watched.until(lambda state: state.link is Link.LIVE)
    reply = await watched.feed.request(GetStatus())
    assert reply == StatusChanged(samples.status())


def test_silence_makes_a_view_stale() -> None:
    state = FeedState(link=Link.LIVE, since=0.0, heard_at=100.0)
    assert state.stale_s(105.0) is None
    assert state.stale_s(130.0) == 30.0
    lost = FeedState(link=Link.UNREACHABLE, since=100.0, heard_at=100.0)
    assert lost.stale_s(101.0) == 1.0
