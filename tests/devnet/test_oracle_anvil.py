"""The oracle on a real chain: assigning in turns, keeping deadlines, and surviving what a chain does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest
from eth_utils.crypto import keccak
from structlog.testing import capture_logs

from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.devnet.accounts import oracle_account
from cortensor_tui.devnet.decisions import Deadlines, TaskPhase
from cortensor_tui.devnet.oracle import Oracle
from cortensor_tui.domain.problems import ProblemError
from tests.devnet.devnet_on_anvil import ALICE, BOB, CAROL, OWNER, DevnetOnAnvil, in_every_generation

pytestmark = pytest.mark.real
QUEUE = "SessionQueueV2"
DEADLINES = Deadlines(ack_s=20, precommit_s=120, commit_s=30)
MAX_TICKS = 12


def oracle_on(devnet: DevnetOnAnvil, rpc: RpcClient | None = None, tick_s: float = 0.02) -> Oracle:
    key = oracle_account().private_key
    return Oracle(rpc or devnet.rpc, key, devnet.contracts, DEADLINES, tick_s, generation=devnet.generation)


async def settle(oracle: Oracle) -> None:
    """Let the oracle look until it has nothing more to do at this head."""
    for _ in range(MAX_TICKS):
        if not await oracle.tick():
            return
    raise AssertionError(f"the oracle still had work after {MAX_TICKS} ticks")


async def phase(devnet: DevnetOnAnvil, task: tuple[int, int]) -> TaskPhase:
    return TaskPhase((await devnet.read(QUEUE, "getTaskProgress", *task))[0])


async def take(devnet: DevnetOnAnvil, step: str, task: tuple[int, int], *senders: str) -> None:
    extra: dict[str, tuple[Any, ...]] = {
        "ack": (),
        "precommit": (keccak(text="answer"), ""),
        "commit": ("answer",),
    }
    for sender in senders:
        await devnet.send(sender, QUEUE, step, *task, *extra[step])


@in_every_generation
async def test_tasks_go_to_the_nodes_in_turns_and_end_when_answered(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE, BOB, CAROL), redundant=2)
    tasks = [(session_id, await devnet.submit(session_id)) for _ in range(3)]
    oracle = oracle_on(devnet)

    await settle(oracle)

    expected = [(ALICE, BOB), (CAROL, ALICE), (BOB, CAROL)]
    for task, pair in zip(tasks, expected, strict=True):
        assert await devnet.miners(task) == tuple(one.lower() for one in pair)
        for step in ("ack", "precommit", "commit"):
            await take(devnet, step, task, *pair)
    await settle(oracle)
    assert [await phase(devnet, task) for task in tasks] == [TaskPhase.ENDED] * 3


async def test_a_task_waits_for_a_node_and_is_assigned_once_one_is_bound(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session()
    task = (session_id, await devnet.submit(session_id))
    oracle = oracle_on(devnet)
    await settle(oracle)
    assert await phase(devnet, task) is TaskPhase.QUEUED

    await devnet.send(OWNER, "SessionV2", "addDedicatedNode", session_id, ALICE)
    await settle(oracle)

    assert await devnet.miners(task) == (ALICE.lower(),)


@in_every_generation
async def test_a_queued_task_of_a_closed_session_ends(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session()
    task = (session_id, await devnet.submit(session_id))
    await devnet.send(OWNER, "SessionV2", "deactivateSession", session_id)

    await settle(oracle_on(devnet))

    assert await phase(devnet, task) is TaskPhase.ENDED


async def test_deadlines_drop_the_late_and_end_what_nobody_answers(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE, BOB, CAROL), redundant=3)
    late, ignored = (
        (session_id, await devnet.submit(session_id)),
        (session_id, await devnet.submit(session_id)),
    )
    oracle = oracle_on(devnet)
    await settle(oracle)

    await take(devnet, "ack", late, ALICE, BOB)
    await devnet.advance(20)
    await settle(oracle)
    assert await phase(devnet, ignored) is TaskPhase.ENDED
    assert await phase(devnet, late) is TaskPhase.AWAITING_PRECOMMITS
    assert await devnet.miners(late) == (ALICE.lower(), BOB.lower())

    await take(devnet, "precommit", late, ALICE)
    await devnet.advance(100)
    await settle(oracle)
    assert await phase(devnet, late) is TaskPhase.AWAITING_PRECOMMITS
    await devnet.advance(20)
    await settle(oracle)
    assert await phase(devnet, late) is TaskPhase.AWAITING_COMMITS

    await devnet.advance(30)
    await settle(oracle)
    assert await phase(devnet, late) is TaskPhase.ENDED
    assert await devnet.read(QUEUE, "getTaskResults", *late) == ((ALICE.lower(), BOB.lower()), ("", ""))


async def test_another_oracle_goes_on_where_one_was_stopped(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE,))
    tasks = [(session_id, await devnet.submit(session_id)) for _ in range(4)]
    await settle(oracle_on(devnet))
    await take(devnet, "ack", tasks[0], ALICE)
    await take(devnet, "ack", tasks[1], ALICE)
    await take(devnet, "precommit", tasks[1], ALICE)
    await take(devnet, "commit", tasks[1], ALICE)
    tasks.append((session_id, await devnet.submit(session_id)))
    await devnet.advance(20)

    await settle(oracle_on(devnet))

    assert [await phase(devnet, task) for task in tasks] == [
        TaskPhase.AWAITING_PRECOMMITS,
        TaskPhase.ENDED,
        TaskPhase.ENDED,
        TaskPhase.ENDED,
        TaskPhase.AWAITING_ACKS,
    ]


async def test_a_task_that_a_reorg_takes_away_and_brings_back_is_assigned_again(
    devnet: DevnetOnAnvil,
) -> None:
    session_id = await devnet.create_session(nodes=(ALICE,))
    snapshot = await devnet.rpc.call("evm_snapshot")
    task = (session_id, await devnet.submit(session_id))
    oracle = oracle_on(devnet)
    await settle(oracle)
    assert await phase(devnet, task) is TaskPhase.AWAITING_ACKS

    await devnet.rpc.call("evm_revert", snapshot)
    await settle(oracle)
    assert await devnet.submit(session_id, "another prompt") == task[1]
    await settle(oracle)

    assert await phase(devnet, task) is TaskPhase.AWAITING_ACKS
    assert await devnet.read(QUEUE, "getTaskData", *task) == "another prompt"


class Interrupted(RpcClient):
    """An endpoint that goes away for a while."""

    is_away = False

    async def _post(self, payload: Any) -> Any:
        if self.is_away:
            raise self._problem("the connection was refused")
        return await super()._post(payload)


async def test_the_oracle_goes_on_after_the_chain_was_away(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE,))
    rpc = Interrupted(devnet.rpc.url)
    oracle = oracle_on(devnet, rpc)
    running = asyncio.create_task(oracle.run())
    try:
        first = (session_id, await devnet.submit(session_id))
        await until(lambda: is_in(devnet, first, TaskPhase.AWAITING_ACKS))
        with capture_logs() as logs:
            rpc.is_away = True
            await until(lambda: has_said(logs, "oracle_cannot_read_the_chain"))
        second = (session_id, await devnet.submit(session_id))
        rpc.is_away = False
        await until(lambda: is_in(devnet, second, TaskPhase.AWAITING_ACKS))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await rpc.close()


async def test_the_oracle_says_once_that_the_chain_is_away_and_gives_up_in_the_end(
    devnet: DevnetOnAnvil,
) -> None:
    rpc = Interrupted(devnet.rpc.url)
    rpc.is_away = True
    oracle = Oracle(
        rpc, oracle_account().private_key, devnet.contracts, DEADLINES, tick_s=0.01, lost_after_s=0.2
    )

    with capture_logs() as logs, pytest.raises(ProblemError) as caught:
        await oracle.run()

    assert caught.value.problem.code == "chain_lost"
    assert [entry["event"] for entry in logs] == ["oracle_cannot_read_the_chain"]


async def is_in(devnet: DevnetOnAnvil, task: tuple[int, int], expected: TaskPhase) -> bool:
    return await phase(devnet, task) is expected


async def has_said(logs: Sequence[Mapping[str, Any]], event: str) -> bool:
    return any(entry["event"] == event for entry in logs)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds, 30 s at most."""
    waits_until = asyncio.get_running_loop().time() + 30
    while not await holds():
        assert asyncio.get_running_loop().time() < waits_until
        await asyncio.sleep(0.02)
