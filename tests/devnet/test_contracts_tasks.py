"""A task on a real chain: its way from submit to end, the order of its steps, and what it leaves to read."""

from __future__ import annotations

from typing import Any

import pytest

from cortensor_tui.chain.contracts.abi import decode_log, load_interface
from tests.devnet.devnet_on_anvil import (
    ALICE,
    BOB,
    CAROL,
    LLM_PARAMS,
    ORACLE,
    OWNER,
    STRANGER,
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
    QUEUED,
    answer,
    hash_of,
    lower,
    miners_told,
    status,
    told,
)

pytestmark = pytest.mark.real


async def test_ids_count_by_session_and_globally(devnet: DevnetOnAnvil) -> None:
    first, second = await devnet.create_session(), await devnet.create_session()
    for session in (first, second, first):
        await devnet.submit(session, f"prompt for {session}")

    tasks = [await devnet.read(QUEUE, "getTask", *key) for key in ((0, 0), (1, 0), (0, 1))]
    assert [(task[0], task[1], task[2]) for task in tasks] == [(0, 0, 0), (0, 1, 1), (1, 2, 0)]
    assert await devnet.read(QUEUE, "getTaskCountBySessionIds", (0, 1, 2)) == (2, 1, 0)
    assert [task[1] for task in await devnet.read(QUEUE, "getTasksBySessionId", 0)] == [0, 2]
    assert await devnet.read(QUEUE, "getTasksBySessionId", 7) == ()
    assert await devnet.read(QUEUE, "getLatestTask", 1) == "prompt for 1"
    assert await devnet.refusal(STRANGER, QUEUE, "getTask", 1, 1) == "SessionQueueV2: there is no such task"
    assert (
        await devnet.refusal(STRANGER, QUEUE, "getLatestTask", 7) == "SessionQueueV2: the session has no task"
    )


async def test_a_submitted_task_is_queued_and_told_by_both_contracts(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session()
    arguments = (session_id, 2, "prompt", 1, "T: {}", LLM_PARAMS, (90, 0), "my-ref")
    logs = await devnet.send(OWNER, "SessionV2", "submit", *arguments)

    assert told(logs, QUEUE) == ["TaskQueued"]
    assert told(logs, "SessionV2") == ["TaskSubmitted"]
    submitted = next(
        one for one in load_interface("SessionV2").events.values() if one.name == "TaskSubmitted"
    )
    values = decode_log(submitted, logs[1]["topics"], logs[1]["data"])
    assert values == {"sessionId": 0, "taskId": 0, "taskData": "prompt", "clientReference": "my-ref"}
    assert await devnet.read(QUEUE, "getTask", 0, 0) == (
        *(0, 0, 0, "prompt", (), False, QUEUED, await devnet.now(), 0, 0, 0),
    )


async def test_the_decoration_keeps_all_but_the_repeat_penalty(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session()
    arguments = (session_id, 2, "prompt", 2, "T: {}", LLM_PARAMS, (), "")
    await devnet.send(OWNER, "SessionV2", "submit", *arguments)
    expected = {
        "PromptType": 2,
        "PromptTemplate": "T: {}",
        "MaxTokens": 128,
        "Temperature": 70,
        "TopP": 95,
        "TopK": 40,
        "PresencePenalty": 3,
        "FrequencyPenalty": 4,
    }

    assert await devnet.read(QUEUE, "getTaskDecoration", 0, 0) == (0, 0, 0, *expected.values())
    for field, value in expected.items():
        assert await devnet.read(QUEUE, f"getTaskDecoration{field}", 0, 0) == value


@in_every_generation
async def test_a_task_for_two_miners_goes_through_every_stage(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE, BOB), redundant=2)
    task = (session_id, await devnet.submit(session_id))

    logs = await devnet.send(ORACLE, QUEUE, "assignTask", *devnet.assignment(task, ALICE, BOB))
    assert told(logs) == ["TaskAssigned"]
    assert told(logs, "SessionV2") == ["TaskAssigned"]
    assert await status(devnet, task) == ASSIGNED

    assert told(await devnet.send(ALICE, QUEUE, "ack", *task)) == ["TaskAcked"]
    assert told(await devnet.send(BOB, QUEUE, "ack", *task)) == ["TaskAcked"]
    assert await status(devnet, task) == ASSIGNED

    logs = await devnet.send(ALICE, QUEUE, "precommit", *task, hash_of(ANSWER), "")
    assert told(logs) == ["TaskPrecommitted"]
    assert await status(devnet, task) == ASSIGNED
    logs = await devnet.send(BOB, QUEUE, "precommit", *task, hash_of("other"), "note")
    assert told(logs) == ["TaskPrecommitted", "TaskAllPrecommitted"]
    assert miners_told(logs, "TaskAllPrecommitted") == lower(ALICE, BOB)
    assert await status(devnet, task) == PRECOMMITTED

    assert told(await devnet.send(BOB, QUEUE, "commit", *task, "other")) == ["TaskCommitted"]
    logs = await devnet.send(ALICE, QUEUE, "commit", *task, ANSWER)
    assert told(logs) == ["TaskCommitted", "TaskAllCommitted"]
    assert await status(devnet, task) == COMMITTED
    committed_at = await devnet.now()

    logs = await devnet.send(ORACLE, QUEUE, "end", *task, False)
    assert miners_told(logs, "TaskEnded") == lower(ALICE, BOB)
    [ended] = await devnet.read(QUEUE, "getTasksBySessionId", session_id)
    assert (ended[5], ended[6], ended[10]) == (True, COMPLETED, await devnet.now())
    assert ended[9] == committed_at

    hashes = (hash_of(ANSWER), hash_of("other"))
    results = (lower(ALICE, BOB), (ANSWER, "other"))
    assert await devnet.read(QUEUE, "getTaskResults", *task) == results
    assert await devnet.read("SessionV2", "getTaskResults", *task) == results
    assert await devnet.read(QUEUE, "getTaskResultHashes", *task) == (lower(ALICE, BOB), hashes)
    assert await devnet.read(QUEUE, "getAllTaskResults", session_id) == (
        (results[0],),
        (results[1],),
        (hashes,),
    )


async def test_each_miner_s_result_and_times_can_be_read(devnet: DevnetOnAnvil) -> None:
    task = await devnet.assigned_task(ALICE, BOB)
    states = [await devnet.read(QUEUE, "getTaskResultState", *task, ALICE)]
    times = []
    for step, extra in (("ack", ()), ("precommit", (hash_of(ANSWER), "")), ("commit", (ANSWER,))):
        await devnet.advance(10)
        if step == "commit":
            await devnet.send(BOB, QUEUE, "ack", *task)
            await devnet.send(ORACLE, QUEUE, "endPrecommit", *task, True)
        await devnet.send(ALICE, QUEUE, step, *task, *extra)
        times.append(await devnet.now())
        states.append(await devnet.read(QUEUE, "getTaskResultState", *task, ALICE))

    assert states == [1, 2, 3, 4]
    assert await devnet.read(QUEUE, "getTaskResultState", *task, STRANGER) == 0
    assert await devnet.read(QUEUE, "getTaskResultData", *task, ALICE) == ANSWER
    assert await devnet.read(QUEUE, "getTaskResultDataHash", *task, ALICE) == hash_of(ANSWER)
    results = await devnet.read(QUEUE, "getTaskResultsAndHashes", *task)
    assert results == (lower(ALICE, BOB), (ANSWER, ""), (hash_of(ANSWER), bytes(32)))
    assert await devnet.read(QUEUE, "getTaskResultPrecommitTimestamp", *task, ALICE) == times[1]
    assert await devnet.read(QUEUE, "getTaskResultCommitTimestamp", *task, ALICE) == times[2]
    acked = await devnet.read(QUEUE, "getAllTaskResultAckedTimestamps", *task)
    assert (acked[0], acked[1][0]) == (lower(ALICE, BOB), times[0])
    assert acked[1][1] > 0
    for step, time in (("Precommit", times[1]), ("Commit", times[2])):
        assert await devnet.read(QUEUE, f"getAllTaskResult{step}Timestamps", *task) == (
            lower(ALICE, BOB),
            (time, 0),
        )


@in_every_generation
async def test_the_hash_is_keccak_of_the_bytes_and_is_enforced(devnet: DevnetOnAnvil) -> None:
    task = await devnet.assigned_task(ALICE)
    await answer(devnet, task, ALICE, upto="precommit")

    assert await devnet.read(QUEUE, "getHash", ANSWER) == hash_of(ANSWER)
    assert await devnet.read(QUEUE, "verifyHash", ANSWER, hash_of(ANSWER)) is True
    assert await devnet.read(QUEUE, "verifyHash", ANSWER + " ", hash_of(ANSWER)) is False
    assert await devnet.refusal(ALICE, QUEUE, "commit", *task, ANSWER + " ") == (
        "SessionQueueV2: the answer does not hash to what was precommitted"
    )
    await devnet.send(ALICE, QUEUE, "commit", *task, ANSWER)


async def test_an_empty_answer_is_an_answer(devnet: DevnetOnAnvil) -> None:
    task = await devnet.assigned_task(ALICE)
    await devnet.send(ALICE, QUEUE, "ack", *task)
    await devnet.send(ALICE, QUEUE, "precommit", *task, hash_of(""), "")
    await devnet.send(ALICE, QUEUE, "commit", *task, "")

    assert await status(devnet, task) == COMMITTED
    assert await devnet.read(QUEUE, "getTaskResultState", *task, ALICE) == 4


@in_every_generation
async def test_steps_out_of_order_or_twice_are_refused(devnet: DevnetOnAnvil) -> None:
    task = await devnet.assigned_task(ALICE, BOB)
    precommit, commit = (*task, hash_of(ANSWER), ""), (*task, ANSWER)

    async def refused(name: str, *arguments: Any) -> str:
        return await devnet.refusal(ALICE, QUEUE, name, *arguments)

    assert await refused("precommit", *precommit) == "SessionQueueV2: the miner must ack first"
    assert await refused("commit", *commit) == "SessionQueueV2: the miner must precommit first"
    await answer(devnet, task, ALICE, BOB, upto="ack")
    assert await refused("ack", *task) == "SessionQueueV2: the miner has already acked"
    assert await refused("commit", *commit) == "SessionQueueV2: the miner must precommit first"
    assert await refused("precommit", *task, bytes(32), "") == "SessionQueueV2: the hash is zero"
    assert await refused("precommit", *task, hash_of(ANSWER), "d" * 1025) == (
        "SessionQueueV2: the precommit's data is too long"
    )
    await devnet.send(ALICE, QUEUE, "precommit", *precommit)
    assert await refused("precommit", *precommit) == "SessionQueueV2: the miner has already precommitted"
    assert (
        await refused("commit", *commit) == "SessionQueueV2: commits open once every miner has precommitted"
    )
    await devnet.send(BOB, QUEUE, "precommit", *precommit)
    await devnet.send(ALICE, QUEUE, "commit", *commit)
    assert await refused("commit", *commit) == "SessionQueueV2: the miner has already committed"
    await devnet.send(ORACLE, QUEUE, "end", *task, True)
    for name, arguments in (("ack", task), ("precommit", precommit), ("commit", commit)):
        assert await refused(name, *arguments) == "SessionQueueV2: the task has ended"


@pytest.mark.parametrize("step", ["ack", "precommit", "commit"])
@in_every_generation
async def test_only_an_assigned_miner_answers(devnet: DevnetOnAnvil, step: str) -> None:
    task = await devnet.assigned_task(ALICE)
    extra = {"ack": (), "precommit": (hash_of(ANSWER), ""), "commit": (ANSWER,)}[step]

    for sender in (STRANGER, OWNER, ORACLE):
        assert await devnet.refusal(sender, QUEUE, step, *task, *extra) == (
            "SessionQueueV2: only an assigned miner may answer the task"
        )


async def test_what_depends_on_the_sender_is_told_to_each_apart(devnet: DevnetOnAnvil) -> None:
    task = await devnet.assigned_task(ALICE, BOB)
    await devnet.send(ALICE, QUEUE, "ack", *task)

    assert await devnet.read(QUEUE, "isAcked", *task, sender=ALICE) is True
    assert await devnet.read(QUEUE, "isAcked", *task, sender=BOB) is False
    assert await devnet.read(QUEUE, "getTaskDataWithAcked", *task, sender=ALICE) == "What is a chain?"
    assert await devnet.read(QUEUE, "getTaskData", *task, sender=BOB) == "What is a chain?"
    assert await devnet.refusal(BOB, QUEUE, "getTaskDataWithAcked", *task) == (
        "SessionQueueV2: only a miner that has acked may read the task here"
    )


@in_every_generation
async def test_an_estimate_made_within_the_same_second_is_enough_later(devnet: DevnetOnAnvil) -> None:
    """Wallets such as ethers add no margin to the estimate, which is made on the last block's time."""
    session_id = await devnet.create_session()
    task = (session_id, 0)
    precommit, commit = (*task, hash_of(ANSWER), ""), (*task, ANSWER)
    steps: list[tuple[str, str, str, tuple[Any, ...]]] = [
        (OWNER, "SessionV2", "addDedicatedNode", (session_id, ALICE)),
        (OWNER, "SessionV2", "addDedicatedNode", (session_id, BOB)),
        (OWNER, "SessionV2", "addRouter", (session_id, CAROL, "text")),
        (OWNER, "SessionV2", "updateRouter", (session_id, CAROL, "texts")),
        (OWNER, "SessionV2", "update", ("n", "m", session_id, 1, 5, 2, 0, 1)),
        (OWNER, "SessionV2", "submit", devnet.submission(session_id, "prompt")),
        (ORACLE, QUEUE, "assignTask", devnet.assignment(task, ALICE, BOB)),
        (ALICE, QUEUE, "ack", task),
        (BOB, QUEUE, "ack", task),
        (ALICE, QUEUE, "precommit", precommit),
        (BOB, QUEUE, "precommit", precommit),
        (ALICE, QUEUE, "commit", commit),
        (BOB, QUEUE, "commit", commit),
        (ORACLE, QUEUE, "end", (*task, False)),
        (OWNER, "SessionV2", "removeDedicatedNode", (session_id, ALICE)),
        (OWNER, "SessionV2", "updateOwner", (session_id, STRANGER)),
        (STRANGER, "SessionV2", "deactivateSession", (session_id,)),
    ]
    for sender, contract, name, arguments in steps:
        estimate = await devnet.estimate(sender, contract, name, *arguments)
        await devnet.rpc.call("evm_increaseTime", 7)
        await devnet.send(sender, contract, name, *arguments, gas_limit=estimate)

    assert await status(devnet, task) == COMPLETED
