"""How often a node with tasks looks: while its engine answers as an idle one does, and else more often."""

from __future__ import annotations

from cortensor_tui.domain.tasks import Stage
from tests.devnet.devnet_on_anvil import DevnetOnAnvil
from tests.node.mining_node import MiningNode
from tests.node.task_story import acked


async def test_a_node_looks_less_often_while_its_engine_answers(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    key = await acked(devnet, node, session_id)
    await node.until_met(lambda: node.record(key).times.run_began_at is not None, key)
    await node.until_met(lambda: not node.streams.is_busy, key)
    assert node.mining.scheduler.is_busy
    assert not node.mining.scheduler.awaits_chain
    node.engine.may_answer.set()
    await node.until(key, Stage.PRECOMMITTED)
    assert node.mining.scheduler.awaits_chain
