"""A task goes back with the chain, keeps its answer, and goes on: a node's chain side on a real anvil."""

from __future__ import annotations

import pytest

from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.journal.task_times import task_times
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.moving import ANOTHER_PROMPT
from cortensor_tui.node import open_tasks
from tests.devnet.devnet_on_anvil import DevnetOnAnvil
from tests.node.mining_node import MINER, MiningNode
from tests.node.task_story import ANSWER, acked, answer_on_chain, assign, assigned, end, reorganise

pytestmark = pytest.mark.real


async def test_an_ack_taken_back_is_sent_again_while_the_model_runs(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    key = await acked(devnet, node, session_id)
    await reorganise(devnet, 1)
    await node.until_met(lambda: node.stages(key)[2:] == [Stage.ASSIGNED, Stage.ACKED], key)
    assert (Stage.ASSIGNED, "the chain was reorganised: the ack is sent again") in node.told[key]
    node.engine.may_answer.set()
    await node.until(key, Stage.COMMITTED)
    way = [Stage.ASSIGNED, Stage.ACKED]
    assert node.stages(key) == [*way, *way, Stage.PRECOMMITTED, Stage.COMMITTED]
    assert node.engine.runs == 1
    assert await answer_on_chain(node, key) == ANSWER


async def test_an_end_taken_back_opens_the_task_again(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    key = await assigned(devnet, session_id)
    await node.until(key, Stage.COMMITTED)
    await end(devnet, key)
    answered = await node.until(key, Stage.ENDED)
    await reorganise(devnet, 2)
    await node.until(key, Stage.COMMITTED)
    assert (Stage.PRECOMMITTED, "the chain was reorganised: the commit is sent again") in node.told[key]
    await end(devnet, key)
    again = await node.until(key, Stage.ENDED)
    assert again.answer_cid == answered.answer_cid
    assert again.note == ""
    assert node.engine.runs == 1
    assert await answer_on_chain(node, key) == ANSWER


async def test_a_task_whose_assignment_is_gone_frees_the_engine_waits_and_goes_on(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    key = await acked(devnet, node, session_id)
    await node.until_met(lambda: node.engine.going_on == 1, key)
    await reorganise(devnet, 2)
    await node.until(key, Stage.QUEUED, "its assignment is gone")
    await node.until_met(lambda: node.engine.going_on == 0, key)
    assert not node.mining.scheduler.is_busy
    await assign(devnet, key)
    node.engine.may_answer.set()
    await node.until(key, Stage.COMMITTED)
    assert node.engine.runs == 2
    assert await answer_on_chain(node, key) == ANSWER


async def test_another_prompt_with_the_same_ids_is_taken_when_nothing_was_signed(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    key = await acked(devnet, node, session_id, "The first prompt.")
    await reorganise(devnet, 3)
    await node.look(2)
    assert await assigned(devnet, session_id, "The second prompt.") == key
    node.engine.may_answer.set()
    await node.until(key, Stage.COMMITTED)
    assert await answer_on_chain(node, key) == "You said: The second prompt."


async def test_another_prompt_with_the_same_ids_is_not_answered_after_a_signature(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    key = await assigned(devnet, session_id, "The first prompt.")
    await node.until(key, Stage.COMMITTED)
    await reorganise(devnet, 5)
    await node.until(key, Stage.QUEUED)
    assert await assigned(devnet, session_id, "The second prompt.") == key
    record = await node.until(key, Stage.MISSED)
    assert record.note == ANOTHER_PROMPT
    assert record.answer_cid is not None
    await node.look(3)
    assert node.record(key) == record
    assert await node.link.reader.results(key) == ()


async def test_a_chain_taken_back_while_the_node_was_away(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    key = await acked(devnet, node, session_id)
    await node.look()
    await node.stop()
    await reorganise(devnet, 1)
    node.engine.may_answer.set()
    await node.start()
    await node.until(key, Stage.COMMITTED)
    assert await node.link.reader.result_times(key, MINER.address) == (True, True, True)
    assert await answer_on_chain(node, key) == ANSWER


async def test_an_ack_taken_back_before_its_block_was_handled_is_told_after_a_restart(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    """The cursor stands before the block that is gone, so no look tells of a reorganisation."""
    node.engine.may_answer.clear()
    key = await assigned(devnet, session_id)
    await node.look()
    cursor, blocks = node.link.journal.cursor.read(), node.link.journal.cursor.recent_blocks()
    assert cursor is not None
    await node.until(key, Stage.ACKED)
    await node.stop()
    node.link.journal.cursor.move(cursor, 0.0, blocks)
    await reorganise(devnet, 1)
    await devnet.rpc.call("evm_setAutomine", False)
    await node.start()
    await node.look()
    assert node.told[key][-1] == (Stage.ASSIGNED, "the chain was reorganised: the ack is sent again")
    await devnet.rpc.call("evm_setAutomine", True)
    await devnet.rpc.call("evm_mine")
    node.engine.may_answer.set()
    await node.until(key, Stage.COMMITTED)


async def test_a_task_that_failed_on_a_full_disk_is_closed_though_it_ended_meanwhile(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await assigned(devnet, session_id)
    save = node.link.journal.tasks.save

    def refuse(record: TaskRecord, step: str) -> None:
        if step == "acked":
            raise problem_error("journal_unwritable", "The disk is full")
        save(record, step)

    monkeypatch.setattr(node.link.journal.tasks, "save", refuse)
    monkeypatch.setattr(open_tasks, "STATE_EVERY_S", 0.0)
    transactions = node.link.journal.transactions
    await node.until_met(lambda: any(one.state.is_final for one in transactions.recent(1)), key)
    await end(devnet, key)
    await node.look(5)
    monkeypatch.setattr(node.link.journal.tasks, "save", save)
    await node.until(key, Stage.MISSED)
    await node.look()
    assert not node.mining.scheduler.is_busy


async def test_each_step_has_its_time(devnet: DevnetOnAnvil, node: MiningNode, session_id: int) -> None:
    key = await assigned(devnet, session_id)
    await node.until(key, Stage.COMMITTED)
    await end(devnet, key)
    record = await node.until(key, Stage.ENDED)
    times = task_times(record, node.link.journal.transactions)
    steps = [
        times.seen_at,
        times.prompt_stored_at,
        times.ack_sent_at,
        times.ack_mined_at,
        times.run_began_at,
        times.first_token_at,
        times.last_token_at,
        times.answer_stored_at,
        times.precommit_sent_at,
        times.precommit_mined_at,
        times.all_precommitted_at,
        times.commit_sent_at,
        times.commit_mined_at,
        times.ended_at,
    ]
    known = [step for step in steps if step is not None]
    assert len(known) == len(steps), times
    assert known[:10] == sorted(known[:10])
    assert known[11:] == sorted(known[11:])
    assert times.assigned_block is not None
    block = await devnet.rpc.call("eth_getBlockByNumber", hex(times.assigned_block), False)
    assert times.assigned_block_at == int(block["timestamp"], 16)


async def test_a_missed_task_says_which_step_was_missing(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    key = await acked(devnet, node, session_id)
    await node.until_met(lambda: node.engine.going_on == 1, key)
    await end(devnet, key)
    record = await node.until(key, Stage.MISSED)
    assert node.engine.going_on == 0, "the engine is free for others"
    assert "before the precommit was sent (no token was written yet)" in record.note
