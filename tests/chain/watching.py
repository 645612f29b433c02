"""A watcher on a made-up chain that forks and an endpoint that fails or lies."""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.rpc.client import RpcError
from cortensor_tui.chain.watching.events import ContractEvent, LogDecoder
from cortensor_tui.chain.watching.watcher import SHORTER_PATIENCE_S, Look, Watcher
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
    return Database(connection, Path(":memory:"))


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
