"""Sessions on a real chain: who may do what with them, and what they then say."""

from __future__ import annotations

from typing import Any

import pytest

from cortensor_tui.chain.contracts.decoding import session_from_tuple
from tests.devnet.devnet_on_anvil import (
    ALICE,
    LLM_PARAMS,
    OWNER,
    STRANGER,
    ZERO,
    DevnetOnAnvil,
    events,
)

pytestmark = pytest.mark.real
CREATE = ("name", "about", ZERO, 1, 2, 1, 0, 2, False, 0, 12, 300, 5)


async def test_a_created_session_reads_back_as_it_was_asked_for(devnet: DevnetOnAnvil) -> None:
    arguments = ("inference", '{"k":1}', STRANGER, 1, 3, 2, 1, 1, True, 2, 37, 600, 9)
    logs = await devnet.send(OWNER, "SessionV2", "create", *arguments)

    session = session_from_tuple(await devnet.read("SessionV2", "getSession", 0), active_state=1)
    assert (session.session_id, session.name, session.metadata) == (0, "inference", '{"k":1}')
    assert session.is_active
    assert session.owner == OWNER
    assert (session.min_nodes, session.max_nodes, session.redundant, session.validator_nodes) == (1, 3, 2, 1)
    assert (session.mode, session.sla, session.model_identifier) == (1, 2, 37)
    assert (session.reserve_period_s, session.max_task_executions) == (600, 9)
    assert session.created_at == session.updated_at == await devnet.now()
    [(name, values)] = events(logs)
    assert name == "SessionCreated"
    assert (values["sessionId"], values["owner"], values["miners"]) == (0, OWNER.lower(), ())


@pytest.mark.parametrize(
    ("position", "value", "sentence"),
    [
        (0, "", "SessionV2: the session's name is empty"),
        (0, "n" * 129, "SessionV2: the session's name is longer than 128 bytes"),
        (1, "m" * 4097, "SessionV2: the metadata is longer than 4096 bytes"),
        (3, 3, "SessionV2: the minimum of nodes is above the maximum"),
        (4, 33, "SessionV2: the maximum of nodes is above 32"),
        (5, 3, "SessionV2: the redundancy is above the maximum of nodes"),
        (6, 33, "SessionV2: the number of validator nodes is above 32"),
        (7, 3, "SessionV2: the mode must be 0, 1 or 2"),
        (9, 3, "SessionV2: the sla must be 0, 1 or 2"),
        (11, 8 * 86_400, "SessionV2: the reserve period is too long"),
        (12, 1001, "SessionV2: the task execution count is too large"),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_a_session_out_of_bounds_is_refused_with_a_sentence(
    devnet: DevnetOnAnvil, position: int, value: Any, sentence: str
) -> None:
    arguments = (*CREATE[:position], value, *CREATE[position + 1 :])

    assert await devnet.refusal(OWNER, "SessionV2", "create", *arguments) == sentence


async def test_a_session_without_room_for_a_node_is_refused(devnet: DevnetOnAnvil) -> None:
    arguments = ("name", "about", ZERO, 0, 0, 0, 0, 2, False, 0, 12, 300, 5)

    assert await devnet.refusal(OWNER, "SessionV2", "create", *arguments) == (
        "SessionV2: the maximum of nodes is zero"
    )


async def test_sessions_are_found_by_their_owner(devnet: DevnetOnAnvil) -> None:
    for owner in (OWNER, STRANGER, OWNER, OWNER):
        await devnet.send(owner, "SessionV2", "create", *CREATE)
    await devnet.send(OWNER, "SessionV2", "deactivateSession", 2)

    async def read(name: str, *arguments: Any) -> Any:
        return await devnet.read("SessionV2", name, *arguments)

    assert await read("getSessionCount") == 4
    assert await read("getSessionCountByAddress", OWNER) == 3
    for getter in ("getSessionIds", "getSessionsIdsByAddress", "getUserSessions"):
        assert await read(getter, OWNER) == (0, 2, 3)
    assert [one[0] for one in await read("getActiveSessionsByAddress", OWNER)] == [0, 3]
    assert [one[0] for one in await read("getSessionsByAddressByPage", OWNER, 1, 1)] == [2]
    assert [one[0] for one in await read("getSessionsByAddressByPage", OWNER, 2, 10)] == [3]
    assert await read("getSessionsByAddressByPage", OWNER, 3, 10) == ()
    assert (await read("getSessionIdAndNameAndMetadataByAddress", STRANGER))[:3] == (
        (1,),
        ("name",),
        ("about",),
    )
    assert await read("getLatestSessionId", OWNER) == 3
    assert [await read("doesSessionExist", number) for number in (3, 4)] == [True, False]
    assert (
        await devnet.refusal(STRANGER, "SessionV2", "getSession", 4) == "SessionV2: there is no such session"
    )
    assert await devnet.refusal(STRANGER, "SessionV2", "getLatestSessionId", ALICE) == (
        "SessionV2: the address owns no session"
    )


async def test_the_owner_updates_and_hands_on_a_session(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session()
    later = await devnet.create_session()
    logs = await devnet.send(OWNER, "SessionV2", "update", "new", "text", session_id, 2, 4, 3, 1, 1)
    await devnet.send(OWNER, "SessionV2", "updateOwner", session_id, STRANGER)

    session = session_from_tuple(await devnet.read("SessionV2", "getSession", session_id), active_state=1)
    assert (session.name, session.min_nodes, session.max_nodes, session.mode) == ("new", 2, 4, 1)
    assert session.owner == STRANGER
    assert [name for name, _ in events(logs)] == ["SessionUpdated"]
    assert await devnet.read("SessionV2", "getSessionIds", OWNER) == (later,)
    assert await devnet.read("SessionV2", "getSessionIds", STRANGER) == (session_id,)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("update", ("n", "m", 0, 1, 1, 1, 0, 2)),
        ("updateOwner", (0, ALICE)),
        ("deactivateSession", (0,)),
        ("addRouter", (0, ALICE, "")),
        ("updateRouter", (0, ALICE, "")),
        ("removeRouter", (0, ALICE)),
        ("resetAllRouters", (0,)),
    ],
)
async def test_a_stranger_may_not_change_a_session(
    devnet: DevnetOnAnvil, name: str, arguments: tuple[Any, ...]
) -> None:
    await devnet.create_session()

    assert await devnet.refusal(STRANGER, "SessionV2", name, *arguments) == (
        "SessionV2: only the session's owner may do this"
    )


@pytest.mark.parametrize(
    ("position", "value", "sentence"),
    [
        (0, 7, "SessionV2: there is no such session"),
        (1, 3, "SessionV2: the node type must be 0, 1 or 2"),
        (2, "", "SessionV2: the task is empty"),
        (2, "p" * 95_001, "SessionV2: the task is longer than 95000 bytes"),
        (4, "t" * 16_385, "SessionV2: the prompt template is too long"),
        (5, LLM_PARAMS[:6], "SessionV2: llmParams must have 7 entries"),
        (6, (0,) * 33, "SessionV2: requestParams has too many entries"),
        (7, "r" * 1025, "SessionV2: the client reference is too long"),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_a_malformed_task_is_refused_with_a_sentence(
    devnet: DevnetOnAnvil, position: int, value: Any, sentence: str
) -> None:
    await devnet.create_session()
    arguments: tuple[Any, ...] = (0, 2, "prompt", 1, "", LLM_PARAMS, (), "")
    arguments = (*arguments[:position], value, *arguments[position + 1 :])

    assert await devnet.refusal(OWNER, "SessionV2", "submit", *arguments) == sentence


async def test_a_stranger_may_not_submit_or_reach_behind_the_session(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session()
    submitted = (session_id, 2, "prompt", 1, "", LLM_PARAMS, (), "")

    assert await devnet.refusal(STRANGER, "SessionV2", "submit", *submitted) == (
        "SessionV2: only the session's owner or its routers may submit a task"
    )
    assert await devnet.refusal(
        OWNER, "SessionQueueV2", "enqueueTask", session_id, "prompt", 1, "", LLM_PARAMS, ()
    ) == ("SessionQueueV2: only SessionV2 may enqueue a task")
    assert await devnet.refusal(OWNER, "SessionV2", "onTaskAssigned", session_id, 0, (ALICE,)) == (
        "SessionV2: only the session queue may tell of assignments"
    )
