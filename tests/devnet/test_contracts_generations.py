"""What the earlier generations of the contracts have of their own, on a real chain."""

from __future__ import annotations

from typing import Any

import pytest

from cortensor_tui.domain.networks import Generation
from tests.devnet.devnet_on_anvil import (
    ALICE,
    BOB,
    LLM_PARAMS,
    ORACLE,
    OWNER,
    STRANGER,
    ZERO,
    DevnetOnAnvil,
    before_new,
    events,
    in_every_generation,
    node_id,
)
from tests.devnet.task_steps import COMPLETED, QUEUE, QUEUED, answer, lower, miners_told, status

pytestmark = pytest.mark.real
only_old = pytest.mark.parametrize("devnet", [Generation.OLD], indirect=True)


@in_every_generation
async def test_only_the_owner_binds_and_what_is_told_of_it(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session()
    arguments = (session_id, ALICE)

    assert await devnet.refusal(STRANGER, "SessionV2", "addDedicatedNode", *arguments) == (
        "SessionV2: only the session's owner may bind a node"
    )
    logs = await devnet.send(OWNER, "SessionV2", "addDedicatedNode", *arguments)

    assigned = {
        "sessionId": session_id,
        "nodeAddresses": lower(ALICE),
        "newNodeCount": 1,
        "assignmentType": 1,
    }
    also_told = [] if devnet.generation is Generation.OLD else [("NewNodeAssignedToSession", assigned)]
    assert events(logs) == [("DedicatedNodeAdded", {"nodeAddress": ALICE.lower()}), *also_told]
    session = await devnet.read("SessionV2", "getSession", session_id)
    assert session[9] == lower(ALICE)
    assert len(session) == (17 if devnet.generation is Generation.OLD else 21)


@in_every_generation
async def test_sessions_are_listed_in_the_generation_s_own_form(devnet: DevnetOnAnvil) -> None:
    for _ in range(3):
        await devnet.create_session()
    await devnet.send(OWNER, "SessionV2", "deactivateSession", 1)
    whole = [await devnet.read("SessionV2", "getSession", session_id) for session_id in range(3)]

    active = await devnet.read("SessionV2", "getActiveSessionsByAddress", OWNER)
    page = await devnet.read("SessionV2", "getSessionsByAddressByPage", OWNER, 1, 9)

    assert active == (whole[0], whole[2])
    assert page == (whole[1], whole[2])
    if devnet.generation is not Generation.NEW:
        assert await devnet.read("SessionV2", "getSessionsByAddress", OWNER) == tuple(whole)


@before_new
async def test_a_session_reads_from_its_mapping_without_its_lists(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE,))
    session = await devnet.read("SessionV2", "getSession", session_id)

    head = (*session[:8], *session[10:15], *session[17:])
    assert await devnet.read("SessionV2", "sessions", session_id) == head
    nothing = await devnet.read("SessionV2", "sessions", 99)
    assert not any(value for value in nothing if value not in (ZERO, bytes(32)))


@before_new
async def test_nodes_read_from_their_mappings(devnet: DevnetOnAnvil) -> None:
    await devnet.create_session()
    second = await devnet.create_session(nodes=(ALICE, BOB), redundant=2)
    task = (second, await devnet.submit(second))
    await devnet.send(ORACLE, QUEUE, "assignTask", *devnet.assignment(task, ALICE, BOB))
    await devnet.send(OWNER, "SessionV2", "removeDedicatedNode", second, ALICE)

    async def read(name: str, *arguments: Any) -> Any:
        return await devnet.read("SessionV2", name, *arguments)

    assert await read("nodeToSessionId", BOB) == second
    assert await read("nodeToSessionId", ALICE) == 0
    assert [await read("isNodeInSessions", node) for node in (ALICE, BOB)] == [False, True]
    assert await read("nodeIdToAddress", node_id(ALICE)) == ALICE.lower()
    assert await read("nodeIdToAddress", node_id(STRANGER)) == ZERO
    assert [await read("allNodeAddresses", index) for index in (0, 1)] == list(lower(ALICE, BOB))
    assert [await read("taskCountPerNode", second, node) for node in (ALICE, STRANGER)] == [1, 0]
    assert await read("userSessions", OWNER, 1) == second
    for name, arguments, thing in (
        ("userSessions", (OWNER, 2), "session"),
        ("allNodeAddresses", (2,), "node"),
    ):
        assert await devnet.refusal(OWNER, "SessionV2", name, *arguments) == (
            f"SessionV2: there is no {thing} at this position"
        )


@before_new
async def test_tasks_and_results_read_from_their_mappings(devnet: DevnetOnAnvil) -> None:
    await devnet.create_session()
    await devnet.submit(0, "of another session")
    task = await devnet.assigned_task(ALICE, BOB)
    await answer(devnet, task, ALICE, BOB, upto="precommit")
    whole = (await devnet.read(QUEUE, "getTasksBySessionId", 1))[0]

    assert await devnet.read(QUEUE, "sessionTasks", *task) == (*whole[:4], *whole[5:])
    assert await devnet.read(QUEUE, "sessionTasks", 7, 7) == (0, 0, 0, "", False, QUEUED, 0, 0, 0, 0)
    decoration = await devnet.read(QUEUE, "getTaskDecoration", *task)
    assert decoration[5:] == (*LLM_PARAMS[:4], *LLM_PARAMS[5:])
    assert await devnet.read(QUEUE, "sessionTaskDecorations", *task) == decoration
    assert await devnet.read(QUEUE, "sessionTaskDecorations", 7, 7) == (*[0] * 4, "", *[0] * 6)
    assert await devnet.read(QUEUE, "sessionTaskResults", *task) == (0, 1, 1, 2, 0)
    assert await devnet.read(QUEUE, "sessionTaskResults", 7, 7) == (0,) * 5
    assert await devnet.read(QUEUE, "sessionTaskCount", 1) == 1


@before_new
async def test_a_task_is_also_read_as_the_request_it_came_from(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE,))
    assert await devnet.refusal(OWNER, "SessionV2", "getLatestTaskRequest", session_id) == (
        "SessionV2: the session has no task request"
    )
    await devnet.submit(session_id, "first")
    first_at = await devnet.now()
    await devnet.submit(session_id, "second")
    await devnet.send(ORACLE, QUEUE, "end", session_id, 0, True)

    first = await devnet.read("SessionV2", "getTaskRequset", session_id, 0)
    latest = await devnet.read("SessionV2", "getLatestTaskRequest", session_id)

    assert first == (session_id, 0, 0, first_at, True, "first")
    assert latest == (session_id, 1, 1, await submitted_at(devnet, session_id, 1), False, "second")
    assert await devnet.read("SessionV2", "sessionTaskRequestCount", session_id) == 2
    assert await devnet.refusal(OWNER, "SessionV2", "getTaskRequset", session_id, 2) == (
        "SessionV2: there is no such task request"
    )
    assert await devnet.refusal(OWNER, "SessionV2", "storeTaskRequest", session_id, "third") == (
        "SessionV2: a task request is stored by submit alone"
    )


async def submitted_at(devnet: DevnetOnAnvil, session_id: int, task_id: int) -> int:
    return int((await devnet.read(QUEUE, "sessionTasks", session_id, task_id))[6])


@before_new
async def test_the_oracle_pops_queued_tasks_and_they_end_unanswered(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE,))
    tasks = [(session_id, await devnet.submit(session_id)) for _ in range(4)]
    await devnet.send(ORACLE, QUEUE, "assignTask", *devnet.assignment(tasks[0], ALICE))

    for name, arguments in (("pop", (session_id,)), ("popSpecificTask", tasks[3])):
        assert await devnet.refusal(OWNER, QUEUE, name, *arguments) == (
            "SessionQueueV2: only the oracle may do this"
        )
    logs = await devnet.send(ORACLE, QUEUE, "popSpecificTask", *tasks[3])
    await devnet.send(ORACLE, QUEUE, "pop", session_id)

    assert miners_told(logs, "TaskEnded") == ()
    expected = [1, COMPLETED, QUEUED, COMPLETED]
    assert [await status(devnet, task) for task in tasks] == expected
    assert await devnet.refusal(ORACLE, QUEUE, "popSpecificTask", *tasks[0]) == (
        "SessionQueueV2: the task is not queued"
    )
    await devnet.send(ORACLE, QUEUE, "pop", session_id)
    assert await devnet.refusal(ORACLE, QUEUE, "pop", session_id) == (
        "SessionQueueV2: the session has no queued task"
    )


@only_old
async def test_the_oldest_tells_a_session_s_parts_and_what_a_devnet_lacks(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE, BOB), mode=1)

    async def read(name: str, *arguments: Any) -> Any:
        return await devnet.read("SessionV2", name, *arguments)

    assert await read("getMode", session_id) == 1
    assert await read("getDedicatedNodes", session_id) == lower(ALICE, BOB)
    assert await read("getDedicatedNodeCount", session_id) == 2
    assert await read("getEphemeralNodes", session_id) == ()
    assert await read("isNodeInExecutionMode", ALICE) == 0
    assert await read("sessionBalances", session_id) == 0
    assert await read("tasksBeforeRelease") == 0
