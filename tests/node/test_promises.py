"""What a node puts its name to: only what it can keep, and what it promised before it forgot."""

from __future__ import annotations

import msgspec
import pytest

from cortensor_tui.chain.networks.resolve import answer_hash
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.domain.transactions import TransactionKind
from tests.devnet.devnet_on_anvil import DevnetOnAnvil
from tests.devnet.task_steps import QUEUE
from tests.node.mining_node import MINER, MiningNode
from tests.node.task_story import ANSWER, acked, assigned

pytestmark = pytest.mark.real


async def test_an_answer_that_no_commit_could_carry_is_not_precommitted(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    node.engine.times = node.link.profile.max_data_bytes // len(ANSWER) + 1
    missed = await node.until(await assigned(devnet, session_id), Stage.MISSED)
    assert "too large for the network" in missed.note
    assert node.link.journal.transactions.of_task(missed.key, TransactionKind.PRECOMMIT) is None


@pytest.mark.parametrize("promised", [ANSWER, "something else"])
async def test_a_promise_whose_answer_is_not_stored_is_kept_or_broken_but_never_contradicted(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, promised: str
) -> None:
    key = await acked(devnet, node, session_id)
    record = node.record(key)
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
