"""How fast events are read on a busy queue: 100,000 logs of which one in a hundred is ours."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from eth_abi.abi import encode

from cortensor_tui.chain.contracts.abi import load_interface
from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.rpc.client import Call, Rpc
from cortensor_tui.chain.watching.events import LogDecoder
from cortensor_tui.chain.watching.watcher import Watcher
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.migrations import migrate
from cortensor_tui.journal.scope import ChainScope, Cursor

EVENTS = 100_000
OURS_ONE_IN = 100
EVENTS_A_BLOCK = 100
NODE, STRANGER = "0x" + "11" * 20, "0x" + "22" * 20
PROMPT = "Why is the sea salty? " * 10
# Writes calldata[64:] as a log with the topic in calldata[0:32], as often as calldata[32:64] says.
LOG_WRITER = "0x604036038060406000376020355b8015602157600035826000a16001900360" + "0d565b00"
MOST_FAILURES = 20
BLOCK_GAS = 2**50
_EVENTS_BY_NAME = {event.name: event for event in load_interface("SessionQueueV2").events.values()}


class PreparedChain:
    """An `Rpc` whose answers lie ready as text: what is measured is reading them."""

    url = "http://prepared.invalid"
    latency_ms = None

    def __init__(self, contracts: Contracts, events: int) -> None:
        logs = [_log(contracts, number) for number in range(events)]
        self._texts = [
            msgspec.json.encode(logs[start : start + EVENTS_A_BLOCK])
            for start in range(0, events, EVENTS_A_BLOCK)
        ]
        self.head = len(self._texts)

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        return [self._answer(*call) for call in calls]

    async def call(self, method: str, *params: Any) -> Any:
        return self._answer(method, params)

    async def send_raw(self, raw: str) -> str:
        raise NotImplementedError

    async def close(self) -> None:
        pass

    def _answer(self, method: str, params: Sequence[Any]) -> Any:
        if method == "eth_getBlockByNumber":
            number = self.head if params[0] == "latest" else int(params[0], 16)
            return {"number": hex(number), "hash": f"0x{number:064x}", "timestamp": hex(number)}
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        text = b",".join(part[1:-1] for part in self._texts[max(0, first - 1) : last])
        return msgspec.json.decode(b"[" + text + b"]")


def events_per_s(events: int = EVENTS) -> float:
    """Return how many logs a second go from an endpoint's text through the watcher to events of ours."""
    contracts = Contracts(session_v2="0x" + "bb" * 20, session_queue_v2="0x" + "aa" * 20)
    return asyncio.run(_read_all(PreparedChain(contracts, events), contracts, events // OURS_ONE_IN))


async def anvil_events_per_s(rpc: Rpc, events: int = EVENTS) -> float:
    """Return the same with a real anvil, which has just been started and gets a contract that writes logs."""
    contracts = Contracts(session_v2="0x" + "bb" * 20, session_queue_v2="0x" + "aa" * 20)
    await rpc.call("anvil_setBlockGasLimit", hex(BLOCK_GAS))
    await rpc.call("anvil_setCode", contracts.session_queue_v2, LOG_WRITER)
    await rpc.call("anvil_setBalance", STRANGER, hex(10**30))
    await rpc.call("anvil_impersonateAccount", STRANGER)
    start = int(await rpc.call("eth_blockNumber"), 16)
    for number in range(events // 1000):
        for count, log in (
            (1000 // OURS_ONE_IN, 0),
            (1000 - 1000 // OURS_ONE_IN, 1 + number % (OURS_ONE_IN - 1)),
        ):
            entry = _log(contracts, log)
            data = entry["topics"][0] + f"{count:064x}" + entry["data"][2:]
            fields = {"from": STRANGER, "to": contracts.session_queue_v2, "data": data}
            receipt = await rpc.call("eth_sendTransactionSync", {**fields, "gas": hex(10**8)})
            assert receipt["status"] == "0x1"
    return await _read_all(rpc, contracts, events // OURS_ONE_IN, start)


async def _read_all(rpc: Rpc, contracts: Contracts, ours: int, start: int = 0) -> float:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    migrate(connection, 0)
    scope = ChainScope(chain_id=1, genesis_hash="0x00", queue_address=contracts.session_queue_v2)
    cursor = Journal(Database(connection, Path(":memory:")), scope).cursor
    block = await rpc.call("eth_getBlockByNumber", hex(start), False)
    cursor.move(Cursor(block_number=start, block_hash=block["hash"]), now=0.0)
    decoder = LogDecoder(ContractReader(rpc, contracts, 1), NODE)
    watcher = Watcher(rpc, decoder, cursor, span_blocks=2000)
    found = 0
    began = time.perf_counter()
    is_behind, failures = True, 0
    while is_behind:
        try:
            look = await watcher.look()
        except ProblemError:  # an answer larger than a client takes: the next range is half as wide
            failures += 1
            if failures > MOST_FAILURES:
                raise
            continue
        found += len(look.events)
        watcher.handled(look)
        is_behind = look.is_behind
    took_s = time.perf_counter() - began
    assert found == ours, f"{found} of {ours} events were found"
    return ours * OURS_ONE_IN / took_s


def _log(contracts: Contracts, number: int) -> dict[str, Any]:
    """Return the log of one task's step: every hundredth is our assignment, the others are strangers'."""
    steps: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("TaskQueued", (number, PROMPT)),
        ("TaskAssigned", ([STRANGER],)),
        ("TaskAcked", (STRANGER,)),
        ("TaskPrecommitted", (STRANGER,)),
        ("TaskAllPrecommitted", ([STRANGER],)),
        ("TaskCommitted", (STRANGER,)),
        ("TaskEnded", ([STRANGER],)),
    )
    name, rest = steps[number % len(steps)]
    if number % OURS_ONE_IN == 0:
        name, rest = "TaskAssigned", ([STRANGER, NODE],)
    event = _EVENTS_BY_NAME[name]
    block = 1 + number // EVENTS_A_BLOCK
    return {
        "address": contracts.session_queue_v2,
        "topics": [event.topic0],
        "data": "0x" + encode(event.types, (number % 50, number, *rest)).hex(),
        "blockNumber": hex(block),
        "blockHash": f"0x{block:064x}",
        "transactionHash": f"0x{number:064x}",
        "transactionIndex": hex(number % EVENTS_A_BLOCK),
        "logIndex": hex(number % EVENTS_A_BLOCK),
        "removed": False,
    }
