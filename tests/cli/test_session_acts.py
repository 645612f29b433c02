"""What the command line does to a session, and what it does not do without being told twice."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.sessions import SessionMode
from cortensor_tui.domain.swaps import WhenBusy
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.owner_messages import Check, CheckAssignment
from cortensor_tui.node.session_messages import (
    CheckAct,
    CheckSwap,
    DeactivateSession,
    HandOver,
    SetRouter,
    StopSwap,
    SwapNodes,
    Swapped,
    UpdateSession,
)
from tests.cli.conftest import Home
from tests.cli.examples import ACT_CHECKED, CHECKED, NODE, OWNER, SWAP_CHECKED, TRANSACTION
from tests.cli.scripted_node import ScriptedNode

HALF_WAY = Problem(code="swap_half_way", what="It has lost one", why="no coin", remedy="Bind it")


async def test_only_what_is_given_is_changed(home: Home, node: ScriptedNode) -> None:
    ended = await home.run("session", "update", "3", "--max-nodes", "4", "--mode", "hybrid")
    assert ended.code == 0
    assert "Session 3 is changed." in ended.out
    body = UpdateSession(session_id=3, max_nodes=4, mode=SessionMode.HYBRID)
    assert node.requests == [CheckAct(act=body), body]


async def test_a_change_of_nothing_is_wrong_use(home: Home, node: ScriptedNode) -> None:
    assert (await home.run("session", "update", "3")).code == 2
    assert node.requests == []


async def test_closing_needs_a_yes(home: Home, node: ScriptedNode) -> None:
    ended = await home.run("session", "deactivate", "3")
    assert ended.code == 2
    assert "--yes" in ended.err
    assert node.requests == []
    assert (await home.run("session", "deactivate", "3", "--yes")).code == 0
    assert node.requests[-1] == DeactivateSession(session_id=3)


async def test_what_would_be_refused_is_not_sent(home: Home, node: ScriptedNode) -> None:
    unmet = Check(name="owner", is_met=False, detail="it belongs to another")
    node.answers[CheckAct] = msgspec.structs.replace(ACT_CHECKED, checks=(unmet,))
    ended = await home.run("session", "update", "3", "--name", "mine")
    assert ended.code == 1
    assert "it belongs to another" in ended.err
    assert not any(isinstance(body, UpdateSession) for body in node.requests)
    assert (await home.run("session", "update", "3", "--name", "mine", "--dry-run")).code == 1


async def test_a_swap_takes_this_node_for_the_one_that_is_not_named(home: Home, node: ScriptedNode) -> None:
    ended = await home.run("swap", "3", "--unbind", OWNER)
    assert ended.code == 0
    assert f"{NODE} is in the place of {OWNER} in session 3" in ended.out
    body = SwapNodes(session_id=3, unbind_address=OWNER, bind_address=NODE)
    assert node.requests[1:] == [CheckSwap(swap=body), body]


async def test_a_swap_of_nobody_is_wrong_use(home: Home, node: ScriptedNode) -> None:
    assert (await home.run("swap", "3")).code == 2


async def test_a_swap_that_stands_half_way_says_so_and_fails(home: Home, node: ScriptedNode) -> None:
    node.answers[SwapNodes] = Swapped(session_id=3, unbound=TRANSACTION, problem=HALF_WAY)
    ended = await home.run("swap", "3", "--unbind", OWNER)
    assert (ended.code, ended.err) == (1, "It has lost one. No coin. Bind it.\n")
    told = await home.run("swap", "3", "--unbind", OWNER, "--json")
    assert told.code == 1
    assert (told.document["bound"], told.document["error"]["code"]) == (None, "swap_half_way")


async def test_a_dry_swap_tells_both_halves(home: Home, node: ScriptedNode) -> None:
    node.answers[CheckSwap] = msgspec.structs.replace(SWAP_CHECKED, checks=())
    ended = await home.run("swap", "3", "--unbind", OWNER, "--dry-run")
    assert "known once the first is out" in ended.out
    assert "SessionV2.addDedicatedNode" in ended.out
    assert not any(isinstance(body, SwapNodes) for body in node.requests)


async def test_a_swap_waits_or_is_made_all_the_same(home: Home, node: ScriptedNode) -> None:
    node.answers[CheckSwap] = msgspec.structs.replace(SWAP_CHECKED, in_flight=(TaskKey(3, 7),))
    waited = await home.run("swap", "3", "--unbind", OWNER, "--wait")
    assert waited.code == 0
    assert "Waiting for task 3/7" in waited.err
    body = SwapNodes(session_id=3, unbind_address=OWNER, bind_address=NODE, when_busy=WhenBusy.WAIT)
    assert node.requests[1:] == [CheckSwap(swap=body), body]
    assert (await home.run("swap", "3", "--unbind", OWNER, "--now")).code == 0
    assert node.requests[-1] == msgspec.structs.replace(body, when_busy=WhenBusy.NOW)
    assert (await home.run("swap", "3", "--unbind", OWNER, "--now", "--wait")).code == 2


async def test_a_swap_is_stopped_by_its_session_alone(home: Home, node: ScriptedNode) -> None:
    assert (await home.run("swap", "3", "--stop", "--wait")).code == 2
    assert (await home.run("swap", "3", "--stop", "--bind", OWNER)).code == 2
    assert node.requests == []
    ended = await home.run("swap", "3", "--stop")
    assert (ended.code, node.requests) == (0, [StopSwap(session_id=3)])
    assert "The swap of session 3 is given up" in ended.out
    assert (await home.run("swap", "3", "--stop", "--json")).document == {"session_id": 3, "stopped": True}


async def test_handing_over_needs_a_yes(home: Home, node: ScriptedNode) -> None:
    body = HandOver(session_id=3, new_owner=NODE)
    ended = await home.run("session", "hand-over", "3", NODE)
    assert ended.code == 2
    assert "--yes" in ended.err
    assert node.requests == []
    ended = await home.run("session", "hand-over", "3", NODE, "--yes")
    assert f"Session 3 belongs to {NODE} now." in ended.out
    assert node.requests == [CheckAct(act=body), body]


async def test_a_router_is_listed_and_taken_off(home: Home, node: ScriptedNode) -> None:
    assert (await home.run("session", "router", "3", NODE)).code == 2
    assert (await home.run("session", "router", "3", NODE, "--text", "x", "--remove")).code == 2
    assert node.requests == []
    listed = await home.run("session", "router", "3", NODE, "--text", "wss://router.example")
    assert "The router is listed by session 3." in listed.out
    assert node.requests[-1] == SetRouter(session_id=3, address=NODE, text="wss://router.example")
    off = await home.run("session", "router", "3", NODE, "--remove")
    assert "The router is off the list of session 3." in off.out
    assert node.requests[-1] == SetRouter(session_id=3, address=NODE)


async def test_unbinding_in_the_middle_of_a_task_says_so(home: Home, node: ScriptedNode) -> None:
    node.answers[CheckAssignment] = msgspec.structs.replace(CHECKED, in_flight=(TaskKey(3, 7),))
    ended = await home.run("unassign", "3")
    assert ended.code == 0
    assert "Task 3/7 is being answered by it and may end unanswered." in ended.err


async def test_unbinding_where_nobody_can_tell_whether_there_is_a_task_says_so(
    home: Home, node: ScriptedNode
) -> None:
    node.answers[CheckAssignment] = msgspec.structs.replace(CHECKED, is_in_flight_known=False)
    ended = await home.run("unassign", "3")
    assert ended.code == 0
    assert "Whether it is answering a task could not be read" in ended.err
