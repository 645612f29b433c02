"""The oracle's side of the queue on a real chain: assigning, going on without the late, ending."""

from __future__ import annotations

from typing import Any

import pytest

from tests.devnet.devnet_on_anvil import (
    ALICE,
    BOB,
    CAROL,
    ORACLE,
    OWNER,
    ZERO,
    DevnetOnAnvil,
    in_every_generation,
)
from tests.devnet.task_steps import (
    ANSWER,
    ASSIGNED,
    COMMITTED,
    COMPLETED,
    PRECOMMITTED,
    QUEUE,
    answer,
    hash_of,
    lower,
    miners_told,
    status,
    told,
)

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("assignTask", ((ALICE,), 0)),
        ("endAck", ()),
        ("endPrecommit", (True,)),
        ("endCommit", (True,)),
        ("end", (True,)),
        ("end2", (True,)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_only_the_oracle_oversees(devnet: DevnetOnAnvil, name: str, extra: tuple[Any, ...]) -> None:
    task = await devnet.assigned_task(ALICE)

    for sender in (OWNER, ALICE):
        assert await devnet.refusal(sender, QUEUE, name, *task, *extra) == (
            "SessionQueueV2: only the oracle may do this"
        )


@in_every_generation
async def test_an_assignment_names_bound_nodes_each_once(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE, BOB))
    task = (session_id, await devnet.submit(session_id))

    async def refused(*miners: str) -> str:
        return await devnet.refusal(ORACLE, QUEUE, "assignTask", *devnet.assignment(task, *miners))

    assert await refused() == "SessionQueueV2: a task needs at least one miner"
    assert await refused(ALICE, ALICE) == "SessionQueueV2: a miner is named twice"
    assert await refused(ALICE, CAROL) == "SessionV2: only nodes bound to the session may be assigned"
    assert await refused(ZERO) == "SessionV2: only nodes bound to the session may be assigned"
    assert await refused(*([ALICE] * 33)) == "SessionQueueV2: a task takes at most 32 miners"
    await devnet.send(ORACLE, QUEUE, "assignTask", *devnet.assignment(task, BOB))
    assert await refused(ALICE) == "SessionQueueV2: the task is not queued"


async def test_an_assigned_task_stays_with_a_node_that_is_unbound(devnet: DevnetOnAnvil) -> None:
    task = await devnet.assigned_task(ALICE)
    await devnet.send(OWNER, "SessionV2", "removeDedicatedNode", task[0], ALICE)

    await answer(devnet, task, ALICE)

    assert await status(devnet, task) == COMMITTED


async def test_end_ack_goes_on_without_the_late(devnet: DevnetOnAnvil) -> None:
    task = await devnet.assigned_task(ALICE, BOB, CAROL)
    assert await devnet.refusal(ORACLE, QUEUE, "endAck", *task) == (
        "SessionQueueV2: no miner has acked, so the task can only be ended"
    )
    await answer(devnet, task, ALICE, CAROL, upto="ack")
    await devnet.send(ORACLE, QUEUE, "endAck", *task)

    assert (await devnet.read(QUEUE, "getTask", *task))[4] == lower(ALICE, CAROL)
    assert await devnet.refusal(BOB, QUEUE, "ack", *task) == "SessionQueueV2: the time for acks is over"
    assert await devnet.read(QUEUE, "getTaskResultState", *task, BOB) == 0
    assert await devnet.refusal(ORACLE, QUEUE, "endAck", *task) == (
        "SessionQueueV2: the task is not waiting for acks"
    )
    await devnet.send(ALICE, QUEUE, "precommit", *task, hash_of(ANSWER), "")
    logs = await devnet.send(CAROL, QUEUE, "precommit", *task, hash_of(ANSWER), "")
    assert miners_told(logs, "TaskAllPrecommitted") == lower(ALICE, CAROL)


async def test_end_ack_closes_precommits_when_all_who_acked_have_precommitted(devnet: DevnetOnAnvil) -> None:
    task = await devnet.assigned_task(ALICE, BOB)
    await answer(devnet, task, ALICE, upto="precommit")
    assert await status(devnet, task) == ASSIGNED

    logs = await devnet.send(ORACLE, QUEUE, "endAck", *task)

    assert miners_told(logs, "TaskAllPrecommitted") == lower(ALICE)
    assert await status(devnet, task) == PRECOMMITTED


@pytest.mark.parametrize("tells_all", [True, False])
async def test_end_precommit_goes_on_without_the_late(devnet: DevnetOnAnvil, tells_all: bool) -> None:
    task = await devnet.assigned_task(ALICE, BOB)
    await answer(devnet, task, ALICE, BOB, upto="ack")
    assert await devnet.refusal(ORACLE, QUEUE, "endPrecommit", *task, tells_all) == (
        "SessionQueueV2: no miner has precommitted, so the task can only be ended"
    )
    await devnet.send(ALICE, QUEUE, "precommit", *task, hash_of(ANSWER), "")
    logs = await devnet.send(ORACLE, QUEUE, "endPrecommit", *task, tells_all)

    assert told(logs) == ["TaskAllPrecommitted" if tells_all else "TaskPrecommitEnded"]
    assert await status(devnet, task) == PRECOMMITTED
    assert await devnet.refusal(BOB, QUEUE, "precommit", *task, hash_of("late"), "") == (
        "SessionQueueV2: the time for precommits is over"
    )
    assert await devnet.refusal(ORACLE, QUEUE, "endPrecommit", *task, tells_all) == (
        "SessionQueueV2: the task is not waiting for precommits"
    )
    logs = await devnet.send(ALICE, QUEUE, "commit", *task, ANSWER)
    assert miners_told(logs, "TaskAllCommitted") == lower(ALICE)


async def test_end_precommit_also_drops_those_who_never_acked(devnet: DevnetOnAnvil) -> None:
    task = await devnet.assigned_task(ALICE, BOB)
    await answer(devnet, task, ALICE, upto="precommit")
    await devnet.send(ORACLE, QUEUE, "endPrecommit", *task, True)

    assert (await devnet.read(QUEUE, "getTask", *task))[4] == lower(ALICE)
    assert await devnet.refusal(BOB, QUEUE, "ack", *task) == "SessionQueueV2: the time for acks is over"


@pytest.mark.parametrize("tells_all", [True, False])
@pytest.mark.parametrize("end", ["end", "end2"])
async def test_end_commit_goes_on_without_the_late(devnet: DevnetOnAnvil, tells_all: bool, end: str) -> None:
    task = await devnet.assigned_task(ALICE, BOB)
    await answer(devnet, task, ALICE, BOB, upto="precommit")
    assert await devnet.refusal(ORACLE, QUEUE, end, *task, False) == (
        "SessionQueueV2: commits are still open, so the task can only be ended by force"
    )
    assert await devnet.read(QUEUE, "endCommit", *task, tells_all, sender=ORACLE) is False
    await devnet.send(BOB, QUEUE, "commit", *task, ANSWER)
    assert await devnet.read(QUEUE, "endCommit", *task, tells_all, sender=ORACLE) is True
    logs = await devnet.send(ORACLE, QUEUE, "endCommit", *task, tells_all)

    assert told(logs) == ["TaskAllCommitted" if tells_all else "TaskCommitEnded"]
    assert await status(devnet, task) == COMMITTED
    assert await devnet.refusal(ALICE, QUEUE, "commit", *task, ANSWER) == (
        "SessionQueueV2: the time for commits is over"
    )
    assert await devnet.refusal(ORACLE, QUEUE, "endCommit", *task, tells_all) == (
        "SessionQueueV2: the task is not waiting for commits"
    )
    logs = await devnet.send(ORACLE, QUEUE, end, *task, False)
    assert miners_told(logs, "TaskEnded") == lower(BOB)
    assert await devnet.refusal(ORACLE, QUEUE, end, *task, True) == "SessionQueueV2: the task has ended"
    assert await devnet.read(QUEUE, "getTaskResults", *task) == (lower(ALICE, BOB), ("", ANSWER))


@pytest.mark.parametrize("reached", ["queued", "assigned", "ack", "precommit"])
async def test_force_ends_a_task_wherever_it_stands(devnet: DevnetOnAnvil, reached: str) -> None:
    if reached == "queued":
        session_id = await devnet.create_session(nodes=(ALICE,))
        task = (session_id, await devnet.submit(session_id))
    else:
        task = await devnet.assigned_task(ALICE)
        if reached != "assigned":
            await answer(devnet, task, ALICE, upto=reached)

    logs = await devnet.send(ORACLE, QUEUE, "end", *task, True)

    assert miners_told(logs, "TaskEnded") == ()
    assert await status(devnet, task) == COMPLETED


async def test_progress_tells_what_a_task_waits_for_and_since_when(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE, BOB))
    task = (session_id, await devnet.submit(session_id))
    seen = []

    async def look() -> None:
        phase, began_at, *counts = (await devnet.read(QUEUE, "getTaskProgress", *task))[:6]
        seen.append((phase, counts))
        began.append((began_at, await devnet.now()))

    began: list[tuple[int, int]] = []
    await look()
    steps: list[tuple[str, str, tuple[Any, ...]]] = [
        (ORACLE, "assignTask", ((ALICE, BOB), 0)),
        (ALICE, "ack", ()),
        (BOB, "ack", ()),
        (ALICE, "precommit", (hash_of(ANSWER), "")),
        (ORACLE, "endPrecommit", (False,)),
        (ALICE, "commit", (ANSWER,)),
        (ORACLE, "end", (False,)),
    ]
    for sender, name, extra in steps:
        await devnet.advance(5)
        await devnet.send(sender, QUEUE, name, *task, *extra)
        await look()

    assert seen == [
        (0, [0, 0, 0, 0]),
        (1, [2, 0, 0, 0]),
        (1, [2, 1, 0, 0]),
        (2, [2, 2, 0, 0]),
        (2, [2, 2, 1, 0]),
        (3, [2, 2, 1, 0]),
        (4, [2, 2, 1, 1]),
        (5, [2, 2, 1, 1]),
    ]
    entered = (0, 1, 3, 5, 6, 7)  # every look but those after a step that opened no phase
    assert [began[index][0] for index in entered] == [began[index][1] for index in entered]
    assert began[2][0] == began[1][0]
