"""Whatever the chain and its endpoint do: what was delivered, less what was taken back, is on the chain."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.rpc.client import RpcError
from cortensor_tui.chain.watching.events import ContractEvent, LogDecoder
from cortensor_tui.chain.watching.watcher import (
    OVERLAP_BLOCKS,
    PUBLIC_SHORTER_PATIENCE_S,
    SHORTER_PATIENCE_S,
    Look,
    Watcher,
)
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.migrations import migrate
from cortensor_tui.journal.scope import ChainScope
from tests.chain.forking_chain import NODE, QUEUE, SESSIONS, STRANGER, ForkingChain, no_answer, queue_log
from tests.support.clock import StandingClock

LAG_BLOCKS = 5


def in_memory() -> Database:
    """A journal that no disk holds."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    migrate(connection, 0)
    return Database(connection)


class Watching:
    """A watcher on a made-up chain, and what it delivered."""

    def __init__(self, span_blocks: int = 40, shorter_patience_s: float = SHORTER_PATIENCE_S) -> None:
        self.shorter_patience_s = shorter_patience_s
        self.chain = ForkingChain()
        self.clock = StandingClock()
        self.database = in_memory()
        self.span_blocks = span_blocks
        self.delivered: list[ContractEvent] = []
        self.jumps = 0  # looks that left events out, since state tells more
        self.floor = -1
        self.numbers = itertools.count(1)
        self.start()

    def start(self) -> None:
        """Begin as after a restart: only the journal is left."""
        contracts = Contracts(session_v2=SESSIONS, session_queue_v2=QUEUE)
        decoder = LogDecoder(ContractReader(self.chain, contracts, 1), NODE)
        self.watcher = Watcher(
            self.chain,
            decoder,
            self.journal().cursor,
            self.span_blocks,
            self.clock,
            shorter_patience_s=self.shorter_patience_s,
        )

    def journal(self) -> Journal:
        return Journal(self.database, ChainScope(chain_id=1, genesis_hash="0x00", queue_address=QUEUE))

    async def look(self) -> Look | None:
        """Take one look and handle it; None when the endpoint was in the way."""
        try:
            look = await self.watcher.look()
        except ProblemError:
            return None
        self.watcher.handled(look)
        self.delivered += look.events
        self.jumps += look.is_gap and look.recent.floor == look.head.number != self.floor
        self.floor = look.recent.floor
        return look

    async def mine(self, blocks: list[list[str]]) -> None:
        """Add blocks of our tasks ("o") and of theirs ("t")."""
        for block in blocks:
            made = [(ours if one == "o" else theirs)(next(self.numbers)) for one in block]
            self.chain.mine(*made)

    async def reorganise(self, depth: int, blocks: list[list[str]]) -> None:
        """Let other blocks take the place of the newest ones."""
        self.chain.drop(depth)
        await self.mine(blocks)

    async def shorten(self, depth: int) -> None:
        """Let the newest blocks be gone, as when a chain's server starts again from an older state."""
        self.chain.drop(depth)

    async def look_often(self, times: int) -> None:
        """Take some looks."""
        for _ in range(times):
            await self.look()

    async def look_at_one_that_lags(self) -> None:
        """Take a look at an endpoint that has the newest blocks but not yet their logs."""
        before, newest = self.chain.lie, len(self.chain.blocks) - 1 - LAG_BLOCKS
        self.chain.lie = lambda logs: [one for one in logs if int(one["blockNumber"], 16) <= newest]
        await self.look()
        self.chain.lie = before

    async def wait(self) -> None:
        """Let time pass."""
        self.clock.pass_s(SHORTER_PATIENCE_S)

    async def restart(self) -> None:
        """Start the watcher anew."""
        self.start()

    async def misbehave(self, kind: str) -> None:
        """Let the endpoint fail or lie in one way until told otherwise."""
        misbehave(self.chain, kind)

    async def catch_up(self) -> None:
        """Look until nothing new comes, with a well-behaved endpoint."""
        self.chain.fault = lambda call: None
        self.chain.lie = list
        for _ in range(60):
            self.clock.pass_s(SHORTER_PATIENCE_S)
            await self.look()
        look = await self.look()
        assert look is not None
        assert look.events == ()
        assert not look.is_behind

    def net(self) -> Counter[tuple[str, str, int]]:
        """What was delivered and not taken back."""
        counts: Counter[tuple[str, str, int]] = Counter()
        for event in self.delivered:
            counts[event.identity] += -1 if event.is_removed else 1
            assert counts[event.identity] in (0, 1), "each once, and only what was delivered is taken back"
        return +counts

    def on_chain(self) -> Counter[tuple[str, str, int]]:
        """What a node with this address should know of the chain."""
        wanted = NODE[2:]
        return Counter(
            (entry["blockHash"], entry["transactionHash"], int(entry["logIndex"], 16))
            for entry in self.chain.logs()
            if wanted in entry["data"]
        )


def ours(number: int) -> dict[str, Any]:
    return queue_log("TaskAssigned", 1, number, [STRANGER, NODE], transaction=number)


def theirs(number: int) -> dict[str, Any]:
    return queue_log("TaskAssigned", 2, number, [STRANGER], transaction=number)


BLOCKS = st.lists(st.lists(st.sampled_from("ot"), max_size=3), min_size=1, max_size=5)
DEEDS = st.one_of(
    st.tuples(st.just("mine"), BLOCKS),
    st.tuples(st.just("reorganise"), st.integers(1, 12), BLOCKS),
    st.tuples(st.just("shorten"), st.integers(1, 6)),
    st.tuples(st.just("look_often"), st.integers(1, 3)),
    st.tuples(st.just("look_at_one_that_lags")),
    st.tuples(st.just("wait")),
    st.tuples(st.just("restart")),
    st.tuples(
        st.just("misbehave"), st.sampled_from(["silent", "no logs", "refused", "double", "odd", "none"])
    ),
)


@settings(deadline=None)
@given(st.lists(DEEDS, max_size=30))
def test_what_was_delivered_is_on_the_chain(deeds: list[tuple[Any, ...]]) -> None:
    asyncio.run(_play(deeds))


async def _play(deeds: list[tuple[Any, ...]]) -> None:
    watching = Watching()
    await watching.look()
    for name, *details in deeds:
        await getattr(watching, name)(*details)
    await watching.catch_up()
    if watching.jumps == 1:  # the first look; with another one, state tells what events cannot
        assert watching.net() == watching.on_chain()
    else:
        assert watching.net() <= watching.on_chain()


def misbehave(chain: ForkingChain, kind: str) -> None:
    """Let the endpoint fail or lie in one way until told otherwise."""
    chain.fault = lambda call: None
    chain.lie = list
    if kind == "silent":
        chain.fault = lambda call: no_answer()
    elif kind == "no logs":
        chain.fault = lambda call: no_answer() if call[0] == "eth_getLogs" else None
    elif kind == "refused":
        chain.fault = lambda call: RpcError(-32005, "too much") if call[0] == "eth_getLogs" else None
    elif kind == "double":
        chain.lie = lambda logs: [*reversed(logs), *logs]
    elif kind == "odd":
        other = {"address": STRANGER}
        chain.lie = lambda logs: [None, {}, {"address": 1}, *({**one, **other} for one in logs), *logs, [[]]]


async def test_events_come_in_the_chains_order() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.lie = lambda logs: list(reversed(logs))
    for number in range(1, 10, 3):
        watching.chain.mine(ours(number), theirs(number + 1), ours(number + 2))
    look = await watching.look()
    assert look is not None
    assert [event.task_id for event in look.events] == [1, 3, 4, 6, 7, 9]
    assert [event.nodes[1] for event in look.events] == [NODE] * 6


async def test_what_was_taken_back_comes_first_and_newest_first() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.mine(ours(1))
    watching.chain.mine(ours(2), ours(3))
    await watching.look()
    watching.chain.drop(2)
    watching.chain.mine(ours(3))
    watching.chain.mine(ours(4))
    look = await watching.look()
    assert look is not None
    assert look.is_reorganised
    assert not look.is_gap
    told = [(event.task_id, event.is_removed) for event in look.events]
    assert told == [(3, True), (2, True), (1, True), (3, False), (4, False)]


async def test_a_reorganisation_that_was_not_handled_is_told_again() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.mine(ours(1))
    await watching.look()
    watching.chain.drop(1)
    watching.chain.mine(ours(2))
    first = await watching.watcher.look()
    assert first.events == (await watching.watcher.look()).events
    assert len(first.events) == 2


async def test_an_endpoint_that_lags_takes_nothing_back_at_once() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.mine()
    watching.chain.mine(ours(1))
    await watching.look()
    newest = watching.chain.blocks[-1]
    watching.chain.drop(1)
    look = await watching.look()
    assert look is not None
    assert (look.head.number, look.events) == (1, ())
    watching.chain.blocks.append(newest)
    watching.clock.pass_s(10 * SHORTER_PATIENCE_S)
    look = await watching.look()
    assert look is not None
    assert look.events == ()
    watching.chain.drop(1)
    await watching.look()
    watching.clock.pass_s(2 * SHORTER_PATIENCE_S)
    look = await watching.look()
    assert look is not None
    assert [(event.task_id, event.is_removed) for event in look.events] == [(1, True)]


async def test_a_public_chain_that_is_shorter_is_waited_for() -> None:
    watching = Watching(shorter_patience_s=PUBLIC_SHORTER_PATIENCE_S)
    await watching.look()
    await watching.mine([["o"], ["o"], ["o"]])
    await watching.look()
    await watching.shorten(2)
    await watching.look()
    watching.clock.pass_s(PUBLIC_SHORTER_PATIENCE_S)
    await watching.look()
    assert len(watching.delivered) == 3
    watching.clock.pass_s(1)
    await watching.look()
    assert [event.is_removed for event in watching.delivered] == [False] * 3 + [True] * 2


async def test_without_logs_the_head_is_told_and_the_cursor_stays() -> None:
    watching = Watching()
    await watching.look()
    before = watching.journal().cursor.read()
    misbehave(watching.chain, "no logs")
    await watching.mine([["o"]])
    assert await watching.look() is None, "the look that found out"
    for _ in range(3):
        look = await watching.look()
        assert look is not None
        assert look.trouble is not None
        assert look.head.number == len(watching.chain.blocks) - 1
        assert watching.journal().cursor.read() == before
    misbehave(watching.chain, "none")
    await watching.look()
    assert watching.net() == watching.on_chain()


async def test_a_log_left_out_at_first_is_found_later() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.lie = lambda logs: []
    watching.chain.mine(ours(1))
    for _ in range(OVERLAP_BLOCKS // 2 - 1):
        watching.chain.mine()
        assert (await watching.look()) is not None
    watching.chain.lie = list
    look = await watching.look()
    assert look is not None
    assert [event.task_id for event in look.events] == [1]


async def test_a_quiet_look_is_one_request() -> None:
    watching = Watching()
    await watching.look()
    await watching.look()
    for _ in range(5):
        watching.chain.mine(ours(watching.chain.requests))
        before = watching.chain.requests
        await watching.look()
        assert watching.chain.requests == before + 1


async def test_a_look_without_a_new_block_does_not_narrow_the_ranges() -> None:
    watching = Watching()
    watching.chain.refuses_ahead = True
    for _ in range(3):
        await watching.look()
    watching.chain.mine(ours(1))
    await watching.look()
    for number in range(2, 12):
        watching.chain.mine(ours(number))
        before = watching.chain.requests
        await watching.look()
        assert watching.chain.requests == before + 1
    assert [event.task_id for event in watching.delivered] == list(range(1, 12))


async def test_a_quiet_look_is_one_request_where_ranges_are_narrow() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.most_span = 10
    for number in range(1, 41):
        watching.chain.mine(ours(number))
    await watching.look()
    before = watching.chain.requests
    for number in range(41, 241):
        watching.chain.mine(ours(number))
        await watching.look()
    assert watching.chain.requests - before < 220
    assert [event.task_id for event in watching.delivered] == list(range(1, 241))


@pytest.mark.parametrize("most_span", [1, 3, 10])
async def test_an_endpoint_with_narrow_ranges_is_read_to_the_end(most_span: int) -> None:
    watching = Watching()
    await watching.look()
    watching.chain.most_span = most_span
    for number in range(1, 101):
        watching.chain.mine(ours(number))
    looks = 0
    while len(watching.delivered) < 100:
        await watching.look()
        looks += 1
        assert looks < 60
    assert [event.task_id for event in watching.delivered] == list(range(1, 101))
    watching.chain.mine(ours(101))
    await watching.look()
    assert watching.delivered[-1].task_id == 101


async def test_far_behind_is_a_gap_and_no_history() -> None:
    watching = Watching(span_blocks=4)
    await watching.look()
    for number in range(1, 40):
        watching.chain.mine(ours(number))
    look = await watching.look()
    assert look is not None
    assert (look.is_gap, look.events, look.cursor.block_number) == (True, (), 39)
    watching.chain.mine(ours(40))
    look = await watching.look()
    assert look is not None
    assert [event.task_id for event in look.events] == [40]


async def test_a_head_beyond_reason_passes() -> None:
    watching = Watching()
    await watching.look()
    watching.chain.mine(ours(1))
    await watching.look()
    told = watching.chain.blocks[-1]
    told.number = 2**62
    await watching.look()
    told.number = 1
    await watching.catch_up()
    watching.chain.mine(ours(2))
    await watching.look()
    assert watching.delivered[-1].task_id == 2


async def test_a_reorganisation_beyond_what_is_remembered_is_a_gap() -> None:
    watching = Watching()
    for number in range(1, 6):
        watching.chain.mine(ours(number))
    await watching.look()
    watching.chain.mine(ours(6))
    await watching.look()
    watching.chain.drop(4)
    for number in range(7, 14):
        watching.chain.mine(ours(number))
    look = await watching.look()
    assert look is not None
    assert (look.is_gap, look.is_reorganised) == (True, True)
    assert [(event.task_id, event.is_removed) for event in look.events] == [(6, True)]
