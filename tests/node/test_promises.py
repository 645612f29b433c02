"""What a node puts its name to: only what it can keep, and what it promised before it forgot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.chain.networks.resolve import answer_hash
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from tests.devnet.conftest import anvil_url, devnet, node_modules
from tests.devnet.devnet_on_anvil import ORACLE, OWNER, DevnetOnAnvil
from tests.node.mining_node import MINER, MiningNode

__all__ = ["anvil_url", "devnet", "node_modules"]  # the fixtures
pytestmark = pytest.mark.real
QUEUE = "SessionQueueV2"
PROMPT, ANSWER = "What is kept?", "You said: What is kept?"


@pytest.fixture
async def node(devnet: DevnetOnAnvil, tmp_path: Path) -> AsyncIterator[MiningNode]:
    """A node that serves what the owner binds it to."""
    mining = MiningNode(devnet, tmp_path)
    await mining.start()
    yield mining
    await mining.stop()
    mining.database.close()


async def assigned(devnet: DevnetOnAnvil, node: MiningNode) -> TaskKey:
    session_id = await devnet.create_session(OWNER, nodes=(MINER.address,))
    await node.look()
    key = TaskKey(session_id, await devnet.submit(session_id, PROMPT))
    await devnet.send(ORACLE, QUEUE, "assignTask", key.session_id, key.task_id, (MINER.address,), 12)
    return key


async def test_an_answer_that_no_commit_could_carry_is_not_precommitted(
    devnet: DevnetOnAnvil, node: MiningNode
) -> None:
    node.engine.times = node.link.profile.max_data_bytes // len(ANSWER) + 1
    missed = await node.until(await assigned(devnet, node), Stage.MISSED)
    assert "too large for the network" in missed.note
    assert node.link.journal.transactions.of_task(missed.key, TransactionKind.PRECOMMIT) is None


@pytest.mark.parametrize("promised", [ANSWER, "something else"])
async def test_a_promise_whose_answer_is_not_stored_is_kept_or_broken_but_never_contradicted(
    devnet: DevnetOnAnvil, node: MiningNode, promised: str
) -> None:
    node.engine.may_answer.clear()
    key = await assigned(devnet, node)
    record = await node.until(key, Stage.ACKED)
    await node.stop()
    digest = bytes.fromhex(answer_hash(promised)[2:])
    await devnet.send(MINER.address, QUEUE, "precommit", key.session_id, key.task_id, digest, "")
    forgotten = msgspec.structs.replace(record, stage=Stage.PRECOMMITTED, answer_cid=None, answer_hash=None)
    node.link.journal.tasks.save(forgotten, "an older backup")
    node.engine.may_answer.set()
    await node.start()
    if promised == ANSWER:
        await node.until(key, Stage.COMMITTED)
        [result] = await node.link.reader.results(key)
        assert (result.data, result.hash) == (ANSWER, answer_hash(ANSWER))
    else:
        missed = await node.until(key, Stage.MISSED)
        assert "second answer" in missed.note
        assert node.link.journal.transactions.of_task(key, TransactionKind.COMMIT) is None
