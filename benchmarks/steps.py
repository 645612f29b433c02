"""How long a node takes for each step that it owes the chain, one short task after another."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from benchmarks.heads import Heads
from benchmarks.processes import BenchmarkError
from benchmarks.served import BoundNode
from cortensor_tui.chain.lookup import find_block, find_queue_events
from cortensor_tui.domain.tasks import TaskKey, TaskTimes
from tests.world import World

PROMPT, TOKENS = "Name three colours.", 8
AT_A_TIME = 2
BLOCKS_OF_A_TASK = 200


class StepTimes(msgspec.Struct, frozen=True, kw_only=True):
    """One value a task, in ms. All end when the step's transaction has been sent.

    `ack` counts from the assignment seen by the node, `block_to_ack` from the arrival of the assignment's
    block at an observer of its own, `precommit` from the last token, `commit` from all precommits seen.
    """

    ack: list[float]
    block_to_ack: list[float]
    precommit: list[float]
    commit: list[float]


async def step_times(node: BoundNode, heads: Heads, tasks: int) -> StepTimes:
    """Serve so many tasks, two under way at a time, after one that warms up."""
    await node.serve(PROMPT, TOKENS)
    found = StepTimes(ack=[], block_to_ack=[], precommit=[], commit=[])
    waiting = iter(range(tasks))

    async def work() -> None:
        for _ in waiting:
            task = await node.serve(PROMPT, TOKENS)
            _add(found, task.times, heads.arrived_at[await _assigned_block(node.world, task.key)])
            values = (found.ack, found.block_to_ack, found.precommit, found.commit)
            ack, block_to_ack, precommit, commit = (f"{one[-1]:.1f}" for one in values)
            told = f"ack {ack} ms (from its block {block_to_ack}), precommit {precommit}, commit {commit}"
            print(f"task {len(found.ack)} of {tasks}: {told}", flush=True)

    await asyncio.gather(*(work() for _ in range(AT_A_TIME)))
    return found


async def _assigned_block(world: World, key: TaskKey) -> int:
    """Ask the chain, not the node, in which block the task was assigned."""
    head = await find_block(world.rpc, "latest")
    last = head.number if head else 0
    events = await find_queue_events(world.rpc, world.reader, max(0, last - BLOCKS_OF_A_TASK), last)
    for event in events:
        if (event.name, event.session_id, event.task_id) == ("TaskAssigned", key.session_id, key.task_id):
            return event.block_number
    raise BenchmarkError(f"task {key} was not assigned in the last {BLOCKS_OF_A_TASK} blocks")


def _add(found: StepTimes, times: TaskTimes, block_arrived_at: float) -> None:
    ack_sent_at = _known(times, "ack_sent_at")
    found.ack.append((ack_sent_at - _known(times, "seen_at")) * 1000)
    found.block_to_ack.append((ack_sent_at - block_arrived_at) * 1000)
    found.precommit.append((_known(times, "precommit_sent_at") - _known(times, "last_token_at")) * 1000)
    found.commit.append((_known(times, "commit_sent_at") - _known(times, "all_precommitted_at")) * 1000)


def _known(times: TaskTimes, name: str) -> Any:
    value = getattr(times, name)
    if value is None:
        raise BenchmarkError(f"the node did not tell {name} of a task")
    return value
