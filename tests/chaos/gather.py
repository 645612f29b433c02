"""Gathers a finished run's evidence: from the chain, the proxy, the journal and the monitor."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from cortensor_tui.devnet.decisions import TaskPhase
from cortensor_tui.domain.tasks import TaskKey
from tests.chaos.evidence import Evidence, MinedTransaction, Promise, SentTransaction, TaskSeen
from tests.chaos.monitor import Monitor, TaskProgress
from tests.chaos.payloads import Payload, payload_of, step_of
from tests.chaos.world import ChaosWorld


async def mined_by(world: ChaosWorld) -> tuple[MinedTransaction, ...]:
    """Return the node's transactions in the chain as it is now."""
    rpc = world.chain.rpc
    head = int(await rpc.call("eth_blockNumber"), 16)
    numbers = range(world.first_block + 1, head + 1)
    blocks = await rpc.batch([("eth_getBlockByNumber", (hex(number), True)) for number in numbers])
    ours = [
        transaction
        for block in blocks
        for transaction in block["transactions"]
        if transaction["from"].lower() == world.miner_address.lower()
    ]
    receipts = await rpc.batch([("eth_getTransactionReceipt", (one["hash"],)) for one in ours])
    return tuple(
        MinedTransaction(_payload(one), receipt["status"] == "0x1")
        for one, receipt in zip(ours, receipts, strict=True)
    )


def gather(seed: int, world: ChaosWorld, monitor: Monitor, mined: tuple[MinedTransaction, ...]) -> Evidence:
    """Return what is known once the node has stopped."""
    notes, signed, promises = _read_journal(world.node.journal)
    return Evidence(
        seed=seed,
        faults=tuple(world.spans),
        tasks=tuple(_seen(key, monitor.tasks.get(key), notes) for key in monitor.keys),
        sent=tuple(
            SentTransaction(payload_of(bytes.fromhex(one.raw[2:])), one.is_accepted)
            for one in world.proxy.sent
        ),
        signed=signed,
        mined=mined,
        promises=promises,
        recoveries_s=tuple(monitor.recoveries_s),
        crashes=tuple(world.node.crashes),
    )


def _payload(transaction: dict[str, Any]) -> Payload:
    calldata = bytes.fromhex(transaction["input"][2:])
    return Payload(transaction["hash"], int(transaction["nonce"], 16), step_of(calldata))


def _seen(key: TaskKey, task: TaskProgress | None, notes: dict[TaskKey, str]) -> TaskSeen:
    if task is None or task.last_open is TaskPhase.QUEUED:
        raise RuntimeError(f"task {key} was never assigned: the run itself is broken, not the node")
    return TaskSeen(
        key=key,
        phase=task.last_open.name.lower().replace("_", " "),
        open_since=task.open_since,
        open_until=task.open_until,
        is_committed=task.is_committed,
        is_ended=task.phase is TaskPhase.ENDED,
        note=notes.get(key, "the journal does not know it"),
    )


def _read_journal(
    path: Path,
) -> tuple[dict[TaskKey, str], tuple[Payload, ...], tuple[Promise, ...]]:
    """Read the tables by what they hold, not by their version: whatever has signed bytes counts."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        journal.row_factory = sqlite3.Row
        notes = {
            TaskKey(row["session_id"], row["task_id"]): f"{row['stage']}; {row['note']}"
            for row in journal.execute("SELECT session_id, task_id, stage, note FROM tasks")
        }
        raw = [
            bytes(row["raw"])
            for table in _tables_with(journal, "raw")
            for row in journal.execute(f"SELECT raw FROM {table} WHERE raw IS NOT NULL")
        ]
        promises = tuple(
            Promise(TaskKey(row["session_id"], row["task_id"]), row["stage"], row["payload_hash"])
            for row in journal.execute("SELECT session_id, task_id, stage, payload_hash FROM commitments")
        )
    return notes, tuple(payload_of(one) for one in raw), promises


def _tables_with(journal: sqlite3.Connection, column: str) -> Iterable[str]:
    tables = journal.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        if column in {row["name"] for row in journal.execute(f"PRAGMA table_info({table})")}:
            yield table
