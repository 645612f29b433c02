"""Sessions on a real chain: who may do what with them, and what they then say."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from cortensor_tui.chain.abi import decode_log, load_interface
from cortensor_tui.chain.contracts import session_from_tuple
from cortensor_tui.devnet.artifacts import load_artifact
from tests.devnet.devnet_on_anvil import (
    ALICE,
    BOB,
    CAROL,
    DEPLOYER,
    LLM_PARAMS,
    ORACLE,
    OWNER,
    ROUTER,
    STRANGER,
    ZERO,
    DevnetOnAnvil,
)

pytestmark = pytest.mark.real
CREATE = ("name", "about", ZERO, 1, 2, 1, 0, 2, False, 0, 12, 300, 5)


def events(logs: list[dict[str, Any]], contract: str = "SessionV2") -> list[tuple[str, dict[str, Any]]]:
    """The logs of one contract, decoded through the public signatures."""
    known = load_interface(contract).events
    found = [(known[log["topics"][0]], log) for log in logs if log["topics"][0] in known]
    return [(event.name, decode_log(event, log["topics"], log["data"])) for event, log in found]


def node_id(address: str) -> bytes:
    return keccak(bytes.fromhex(address[2:]))


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


async def test_a_deactivated_session_takes_neither_nodes_nor_tasks_but_lets_nodes_go(
    devnet: DevnetOnAnvil,
) -> None:
    session_id = await devnet.create_session(nodes=(ALICE,))
    logs = await devnet.send(OWNER, "SessionV2", "deactivateSession", session_id)

    assert [name for name, _ in events(logs)] == ["SessionDeactivated"]
    assert (await devnet.read("SessionV2", "getSession", session_id))[4] == 2
    closed = "SessionV2: the session is not active"
    assert await devnet.refusal(OWNER, "SessionV2", "addDedicatedNode", session_id, BOB) == closed
    assert await devnet.refusal(OWNER, "SessionV2", "deactivateSession", session_id) == closed
    submitted = (session_id, 2, "prompt", 1, "", LLM_PARAMS, (), "")
    assert await devnet.refusal(OWNER, "SessionV2", "submit", *submitted) == closed
    await devnet.send(OWNER, "SessionV2", "removeDedicatedNode", session_id, ALICE)
    assert await devnet.read("SessionV2", "isNodeAssignedToAnySession", ALICE) is False


async def test_the_owner_binds_and_unbinds_nodes(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session()
    logs = [
        *await devnet.send(OWNER, "SessionV2", "addDedicatedNode", session_id, ALICE),
        *await devnet.send(OWNER, "SessionV2", "addDedicatedNode", session_id, BOB),
    ]
    bound_at = await devnet.now()
    session = session_from_tuple(await devnet.read("SessionV2", "getSession", session_id), active_state=1)

    assert session.dedicated_nodes == (ALICE, BOB)
    assert [name for name, _ in events(logs)] == ["DedicatedNodeAdded", "NewNodeAssignedToSession"] * 2
    assert events(logs)[1][1]["nodeAddresses"] == (ALICE.lower(),)
    assert await devnet.read("SessionV2", "getNodeAssignedTimestamp", BOB) == bound_at

    logs = await devnet.send(OWNER, "SessionV2", "removeDedicatedNode", session_id, ALICE)
    assert events(logs) == [("DedicatedNodeRemoved", {"nodeAddress": ALICE.lower()})]
    assert await devnet.read("SessionV2", "getDedicatedNodeExists", session_id, ALICE) is False
    assert await devnet.read("SessionV2", "getDedicatedNodeExists", session_id, BOB) is True
    assert await devnet.read("SessionV2", "getDedicatedNodeExists", session_id + 1, BOB) is False


async def test_binding_is_refused_with_a_reason(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE,))
    ephemeral = await devnet.create_session(mode=0)

    async def bind(session: int, node: str, sender: str = OWNER) -> str:
        return await devnet.refusal(sender, "SessionV2", "addDedicatedNode", session, node)

    assert await bind(session_id, BOB, STRANGER) == "SessionV2: only the session's owner may bind a node"
    assert await bind(session_id, ALICE) == "SessionV2: the node is already bound to this session"
    assert await bind(session_id, ZERO) == "SessionV2: the node's address is zero"
    assert await bind(99, BOB) == "SessionV2: there is no such session"
    assert await bind(ephemeral, BOB) == "SessionV2: an ephemeral session takes no dedicated nodes"
    await devnet.send(OWNER, "SessionV2", "update", "n", "", session_id, 1, 1, 1, 0, 2)
    assert await bind(session_id, BOB) == "SessionV2: the session already has its maximum number of nodes"
    unbind = ("SessionV2", "removeDedicatedNode", session_id)
    assert await devnet.refusal(OWNER, *unbind, BOB) == "SessionV2: the node is not bound to this session"
    assert await devnet.refusal(STRANGER, *unbind, ALICE) == (
        "SessionV2: only the session's owner may unbind a node"
    )


async def test_a_session_with_nodes_does_not_shrink_below_them_or_turn_ephemeral(
    devnet: DevnetOnAnvil,
) -> None:
    session_id = await devnet.create_session(nodes=(ALICE, BOB))

    async def update(maximum: int, mode: int) -> str:
        return await devnet.refusal(OWNER, "SessionV2", "update", "n", "", session_id, 1, maximum, 1, 0, mode)

    assert await update(1, 2) == "SessionV2: more nodes are bound than the new maximum"
    assert await update(2, 0) == "SessionV2: unbind the dedicated nodes first"


async def test_a_node_in_several_sessions_is_released_from_the_latest(devnet: DevnetOnAnvil) -> None:
    first = await devnet.create_session(nodes=(ALICE,))
    second = await devnet.create_session(STRANGER, nodes=(ALICE,))
    assert await devnet.read("SessionV2", "getNodeSessionId", ALICE) == second
    assert await devnet.refusal(OWNER, "SessionV2", "releaseByNodeId", node_id(ALICE)) == (
        "SessionV2: only the session's owner or the contract's may release a node"
    )

    logs = await devnet.send(STRANGER, "SessionV2", "releaseByNodeId", node_id(ALICE))

    assert ("NodeReleased", {"nodeId": node_id(ALICE), "sessionId": second}) in events(logs)
    assert await devnet.read("SessionV2", "getDedicatedNodeExists", second, ALICE) is False
    assert await devnet.read("SessionV2", "getNodeSessionId", ALICE) == first
    await devnet.send(DEPLOYER, "SessionV2", "releaseByNodeId", node_id(ALICE))
    assert await devnet.refusal(OWNER, "SessionV2", "getNodeSessionId", ALICE) == (
        "SessionV2: the node is not bound to any session"
    )
    assert await devnet.read("SessionV2", "getNodeAssignedTimestamp", ALICE) == 0


async def test_routers_are_listed_in_order_and_may_submit(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session()
    for router, text in ((ROUTER, "wss://r"), (ALICE, "wss://a"), (BOB, "wss://b")):
        await devnet.send(OWNER, "SessionV2", "addRouter", session_id, router, text)
    await devnet.send(OWNER, "SessionV2", "updateRouter", session_id, BOB, "wss://b2")
    await devnet.send(OWNER, "SessionV2", "removeRouter", session_id, ALICE)

    async def read(name: str, *arguments: Any) -> Any:
        return await devnet.read("SessionV2", name, session_id, *arguments)

    assert await read("getRouterCount") == 2
    assert await read("getRouterAddress", 0) == ROUTER.lower()
    assert (await read("getLatestRouterIndex"), await read("getLatestRouterInfo")) == (1, "wss://b2")
    assert await read("getLatestRouterAddress") == BOB.lower()
    assert [await read("getRouterIndex", one) for one in (ROUTER, ALICE, BOB)] == [0, -1, 1]
    assert await read("getRouterAddressToIndex", BOB) == 1
    assert await read("getRouterInfo", ROUTER) == "wss://r"
    assert [await read("getRouterInfoExists", text) for text in ("wss://b2", "wss://b")] == [True, False]
    assert await devnet.read("SessionV2", "getRouterMetadatasByAddress", OWNER) == ("wss://r", "wss://b2")
    assert await devnet.read("SessionV2", "getRouterMetadatasBySessionIds", (session_id,)) == (
        "wss://r",
        "wss://b2",
    )
    assert await devnet.submit(session_id, sender=ROUTER) == 0
    again = ("SessionV2", "addRouter", session_id, BOB, "")
    assert await devnet.refusal(OWNER, *again) == "SessionV2: the router is already listed"
    assert await devnet.refusal(OWNER, "SessionV2", "getRouterInfo", session_id, ALICE) == (
        "SessionV2: the router is not listed"
    )

    await devnet.send(OWNER, "SessionV2", "resetAllRouters", session_id)
    assert await read("getRouterCount") == 0
    assert await devnet.refusal(OWNER, "SessionV2", "getLatestRouterIndex", session_id) == (
        "SessionV2: the session has no router"
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


@pytest.mark.parametrize("contract", ["SessionV2", "SessionQueueV2", "Runtime"])
async def test_a_contract_is_handed_on_and_given_up_by_its_owner_alone(
    devnet: DevnetOnAnvil, contract: str
) -> None:
    assert await devnet.read(contract, "owner") == DEPLOYER.lower()
    assert "0x118cdaa7" in await devnet.refusal(STRANGER, contract, "transferOwnership", ALICE)
    assert "0x1e4fbdf7" in await devnet.refusal(DEPLOYER, contract, "transferOwnership", ZERO)
    await devnet.send(DEPLOYER, contract, "transferOwnership", CAROL)
    assert await devnet.read(contract, "owner") == CAROL.lower()
    await devnet.send(CAROL, contract, "renounceOwnership")
    assert await devnet.read(contract, "owner") == ZERO


async def test_the_runtime_names_the_modules_and_a_module_is_named_once(devnet: DevnetOnAnvil) -> None:
    session, queue = devnet.contracts.session_v2.lower(), devnet.contracts.session_queue_v2.lower()

    assert await devnet.read("Runtime", "getModuleAddress", "SessionV2") == session
    assert await devnet.read("Runtime", "getModuleAddress", "SessionQueueV2") == queue
    assert await devnet.read("Runtime", "getModuleAddress", "NodePool") == ZERO
    assert await devnet.read("SessionV2", "getSessionQueueAddress") == queue
    assert await devnet.read("SessionQueueV2", "isPrimaryModule", session) is True
    assert await devnet.refusal(DEPLOYER, "Runtime", "registerModule", "SessionV2", session) == (
        "Runtime: a module of this name is already registered"
    )
    assert await devnet.refusal(DEPLOYER, "Runtime", "registerModule", "Other", ALICE) == (
        "Runtime: a module must be a contract"
    )


@pytest.mark.parametrize("contract", ["SessionV2", "SessionQueueV2"])
async def test_what_a_devnet_does_not_have_reads_as_absent(devnet: DevnetOnAnvil, contract: str) -> None:
    bare = [entry["name"] for entry in load_artifact(contract).abi if entry.get("inputs") == []]
    absent = [name for name in bare if name.endswith("Address") and name != "getSessionQueueAddress"]
    switches = [name for name in bare if name.lower().startswith(("use", "getuse"))]

    assert len(absent) >= 7
    assert {await devnet.read(contract, name) for name in absent} == {ZERO}
    assert {await devnet.read(contract, name) for name in switches} == {False}
    assert await devnet.read(contract, "isOracleNode", ORACLE) is True
    assert await devnet.read(contract, "isOracleNode", OWNER) is False
    assert await devnet.read(contract, "getNodeId", ALICE) == node_id(ALICE)
