"""The watcher: every event once and in order, and a gap is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.watching.events import LogDecoder
from cortensor_tui.chain.watching.watcher import Look, Watcher
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope
from tests.devnet.devnet_on_anvil import ALICE, BOB, OWNER, DevnetOnAnvil

pytestmark = pytest.mark.real


def watcher(devnet: DevnetOnAnvil, path: Path, span_blocks: int = 1000) -> Watcher:
    contracts = Contracts(
        session_v2=devnet.contracts.session_v2, session_queue_v2=devnet.contracts.session_queue_v2
    )
    scope = ChainScope(chain_id=31337, genesis_hash="0x00", queue_address=contracts.session_queue_v2)
    journal = Journal(Database.open(path), scope)
    decoder = LogDecoder(ContractReader(devnet.rpc, contracts, 1), ALICE)
    return Watcher(devnet.rpc, decoder, journal.cursor, span_blocks)


async def take(watching: Watcher) -> Look:
    look = await watching.look()
    watching.handled(look)
    return look


async def test_each_event_comes_once_and_in_order(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    watching = watcher(devnet, tmp_path / "journal.sqlite")
    assert (await take(watching)).is_gap, "what happened before the first look is read from state"
    session_id = await devnet.create_session(OWNER)
    watching.watch([session_id])
    for number in range(3):
        await devnet.submit(session_id, f"prompt {number}")
    look = await take(watching)
    assert [event.name for event in look.events] == ["SessionCreated", *["TaskQueued"] * 3]
    assert [event.task_id for event in look.events if event.name == "TaskQueued"] == [0, 1, 2]
    assert not look.is_gap
    assert (await take(watching)).events == ()


async def test_tasks_of_others_are_passed_over(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    watching = watcher(devnet, tmp_path / "journal.sqlite")
    await take(watching)
    theirs = await devnet.assigned_task(BOB)
    ours = await devnet.assigned_task(ALICE)
    await devnet.send(ALICE, "SessionQueueV2", "ack", *ours)
    look = await take(watching)
    tasks = [event for event in look.events if event.task_id is not None]
    assert [(event.name, event.session_id, event.nodes) for event in tasks] == [
        ("TaskAssigned", ours[0], (ALICE,)),
        ("TaskAcked", ours[0], (ALICE,)),
    ]
    bindings = [event.nodes for event in look.events if event.name == "DedicatedNodeAdded"]
    assert bindings == [(BOB,), (ALICE,)]
    for session_id, task_id in (theirs, ours):
        assert watching.submitted_in(TaskKey(session_id, task_id)) is not None


async def test_what_was_not_handled_comes_again(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    watching = watcher(devnet, tmp_path / "journal.sqlite")
    await take(watching)
    await devnet.create_session(OWNER)
    first = await watching.look()
    assert first.events == (await watching.look()).events
    after_restart = watcher(devnet, tmp_path / "journal.sqlite")
    look = await after_restart.look()
    assert look.events == first.events
    assert look.is_gap, "a restart may have missed more than events tell"


async def test_a_long_way_is_read_in_spans(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    watching = watcher(devnet, tmp_path / "journal.sqlite", span_blocks=3)
    await take(watching)
    for _ in range(8):
        await devnet.create_session(OWNER)
    names = [event.name for _ in range(4) for event in (await take(watching)).events]
    assert names == ["SessionCreated"] * 8


async def test_a_reorganisation_takes_back_and_adds(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    watching = watcher(devnet, tmp_path / "journal.sqlite")
    await take(watching)
    session_id, task_id = await devnet.assigned_task(ALICE)
    await take(watching)
    await devnet.send(ALICE, "SessionQueueV2", "ack", session_id, task_id)
    assert [event.name for event in (await take(watching)).events] == ["TaskAcked"]
    await devnet.rpc.call("anvil_reorg", 1, [])
    look = await take(watching)
    assert look.is_reorganised
    assert [(event.name, event.is_removed) for event in look.events] == [("TaskAcked", True)]
    await devnet.send(ALICE, "SessionQueueV2", "ack", session_id, task_id)
    look = await take(watching)
    assert [(event.name, event.is_removed) for event in look.events] == [("TaskAcked", False)]


async def test_a_chain_taken_back_while_the_node_was_away(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    watching = watcher(devnet, tmp_path / "journal.sqlite")
    await take(watching)
    snapshot = await devnet.rpc.call("evm_snapshot")
    await devnet.assigned_task(ALICE)
    told = (await take(watching)).events
    await devnet.rpc.call("evm_revert", snapshot)
    for _ in range(10):
        await devnet.rpc.call("evm_mine")
    after_restart = watcher(devnet, tmp_path / "journal.sqlite")
    look = await take(after_restart)
    assert [event.identity for event in look.events] == [event.identity for event in reversed(told)]
    assert all(event.is_removed for event in look.events)
    assert look.is_reorganised
