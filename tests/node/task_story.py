"""What happens to a task of a mining node on a test's devnet."""

from __future__ import annotations

from cortensor_tui.domain.tasks import Stage, TaskKey
from tests.devnet.devnet_on_anvil import ORACLE, DevnetOnAnvil
from tests.devnet.task_steps import QUEUE
from tests.node.mining_node import MINER, MiningNode

PROMPT, ANSWER = "What is a chain?", "You said: What is a chain?"


async def assigned(devnet: DevnetOnAnvil, session_id: int, prompt: str = PROMPT) -> TaskKey:
    """Submit a prompt and assign it to the node."""
    key = TaskKey(session_id, await devnet.submit(session_id, prompt))
    await assign(devnet, key)
    return key


async def assign(devnet: DevnetOnAnvil, key: TaskKey) -> None:
    await devnet.send(ORACLE, QUEUE, "assignTask", key.session_id, key.task_id, (MINER.address,), 12)


async def acked(devnet: DevnetOnAnvil, node: MiningNode, session_id: int, prompt: str = PROMPT) -> TaskKey:
    """Assign a prompt, and look until it is acked; its answer waits for the test's word."""
    node.engine.may_answer.clear()
    key = await assigned(devnet, session_id, prompt)
    await node.until(key, Stage.ACKED)
    return key


async def end(devnet: DevnetOnAnvil, key: TaskKey) -> None:
    await devnet.send(ORACLE, QUEUE, "end", key.session_id, key.task_id, True)


async def reorganise(devnet: DevnetOnAnvil, depth: int) -> None:
    """Put empty blocks in the place of the newest ones; their transactions are lost."""
    await devnet.rpc.call("anvil_reorg", depth, [])


async def answer_on_chain(node: MiningNode, key: TaskKey) -> str:
    [result] = await node.link.reader.results(key)
    return result.data
