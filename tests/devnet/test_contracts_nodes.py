"""Who may serve a session and submit to it: dedicated nodes and routers on a real chain."""

from __future__ import annotations

from typing import Any

import pytest

from cortensor_tui.chain.contracts.decoding import session_from_tuple
from tests.devnet.devnet_on_anvil import (
    ALICE,
    BOB,
    DEPLOYER,
    LLM_PARAMS,
    OWNER,
    ROUTER,
    STRANGER,
    ZERO,
    DevnetOnAnvil,
    events,
    node_id,
)

pytestmark = pytest.mark.real


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
