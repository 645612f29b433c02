"""What was assigned to this node and ended while it was away is missed, once, with its cause."""

from __future__ import annotations

import time

import msgspec
import pytest

from cortensor_tui.chain.watching import watcher
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.miner.causes import Hindrance
from cortensor_tui.node import open_tasks
from cortensor_tui.node.standstill import STOOD_STILL
from cortensor_tui.settings import load_settings
from tests.devnet.devnet_on_anvil import ORACLE, OWNER, DevnetOnAnvil
from tests.devnet.task_steps import QUEUE, answer
from tests.node.mining_node import MINER, MiningNode
from tests.node.task_story import acked, assigned, end

pytestmark = pytest.mark.real


async def ended_unseen(devnet: DevnetOnAnvil, session_id: int) -> TaskKey:
    key = await assigned(devnet, session_id)
    await end(devnet, key)
    return key


async def come_back(node: MiningNode) -> None:
    await node.stop()
    await node.start()
    await node.look()


def told_missed(node: MiningNode, key: TaskKey) -> int:
    return sum(stage is Stage.MISSED for stage, _ in node.told.get(key, []))


async def test_a_task_that_ended_between_two_looks_is_missed_once(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    key = await ended_unseen(devnet, session_id)
    await node.look(3)
    record = node.record(key)
    assert record.stage is Stage.MISSED
    assert record.note.startswith("assigned at ")
    assert "ack due by" in record.note
    assert record.times.assigned_block is not None
    assert record.assigned_at == record.times.assigned_block_at
    assert record.ended_at is not None
    assert node.engine.runs == 0
    await come_back(node)
    assert told_missed(node, key) == 1
    assert node.record(key) == record
    assert not node.mining.scheduler.is_busy


async def test_a_task_that_ended_between_two_runs_is_missed_once(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    await node.stop()
    key = await ended_unseen(devnet, session_id)
    await node.start()
    await node.look(2)
    assert node.record(key).stage is Stage.MISSED
    await come_back(node)
    assert told_missed(node, key) == 1


async def test_a_task_of_a_gap_whose_logs_are_not_read_is_found_by_state(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await node.stop()
    key = await ended_unseen(devnet, session_id)
    monkeypatch.setattr(watcher, "MOST_SPANS_BEHIND", 0)
    await node.start()
    await node.look(2)
    record = node.record(key)
    assert record.stage is Stage.MISSED
    assert record.note.startswith("submitted at ")
    assert record.times.assigned_block is None
    await come_back(node)
    assert told_missed(node, key) == 1


async def test_a_task_that_this_node_has_answered_is_not_missed_by_a_journal_that_lacks_it(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    key = await assigned(devnet, session_id)
    await answer(devnet, (key.session_id, key.task_id), MINER.address)
    await end(devnet, key)
    await node.look(2)
    assert node.link.journal.tasks.get(key) is None
    assert told_missed(node, key) == 0


async def test_what_ended_before_this_journal_began_is_not_missed(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    await node.stop()
    key = await ended_unseen(devnet, session_id)
    with node.database.step("forgotten") as connection:
        connection.execute("UPDATE chains SET cursor_block = NULL, cursor_hash = NULL")
    await node.start()
    await node.look(2)
    assert node.link.journal.tasks.get(key) is None


async def test_a_session_served_later_brings_no_missed_tasks_of_before(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_tasks, "IDLE_STATE_EVERY_S", 0.0)
    served = load_settings(node.settings_path, {})
    off = msgspec.structs.replace(served, dedicated_enabled=False)
    node.mining.take_settings(off, node.link.profile)
    key = await ended_unseen(devnet, session_id)
    await devnet.rpc.call("evm_increaseTime", 5)
    await devnet.rpc.call("evm_mine")
    await node.look(2)
    node.mining.take_settings(served, node.link.profile)
    await node.look(2)
    assert node.link.journal.tasks.get(key) is None


async def test_others_tasks_are_not_missed(devnet: DevnetOnAnvil, node: MiningNode) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(OWNER,))
    await node.look()
    key = TaskKey(session_id, await devnet.submit(session_id, "What is a chain?"))
    await devnet.send(ORACLE, QUEUE, "assignTask", session_id, key.task_id, (OWNER,), 12)
    await end(devnet, key)
    await node.look(2)
    assert node.link.journal.tasks.get(key) is None


async def test_a_standstill_is_named_by_what_was_missed_in_it(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    under_way = await acked(devnet, node, session_id)
    now = time.time()
    unseen = await ended_unseen(devnet, session_id)
    node.standstills.append(Hindrance(what=STOOD_STILL, began_at=now, lasted_until=now + 50))
    await end(devnet, under_way)
    await node.until(under_way, Stage.MISSED, STOOD_STILL)
    await node.until(unseen, Stage.MISSED, STOOD_STILL)
