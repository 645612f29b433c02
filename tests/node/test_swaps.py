"""Swapping one node for another: refused, made, waited for, stopped, and half way."""

from __future__ import annotations

import asyncio

import pytest

from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.swaps import WhenBusy
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.owner_messages import AssignmentChecked, CheckAssignment
from cortensor_tui.node.session_messages import (
    CheckSwap,
    SwapChecked,
    SwapNodes,
    Swapped,
)
from tests.devnet.devnet_on_anvil import (
    ALICE,
    BOB,
    ORACLE,
    OWNER,
    STRANGER,
    DevnetOnAnvil,
    in_every_generation,
)
from tests.node.session_owner import Owner, owner
from tests.node.swapping_node import busy_session, no_rest

__all__ = ["no_rest", "owner"]
pytestmark = pytest.mark.real


@in_every_generation
async def test_a_swap_puts_one_node_in_the_place_of_another(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB)
    checked = await owner.ask(CheckSwap(swap=asked), SwapChecked)
    assert checked.is_allowed
    assert checked.call == f"SessionV2.removeDedicatedNode({session_id}, {ALICE})"
    assert checked.then_call == f"SessionV2.addDedicatedNode({session_id}, {BOB})"
    assert int(checked.then_fee_wei or 0) > 0  # there is room, so the second half was tried too
    swapped = await owner.ask(asked, Swapped)
    assert (swapped.problem, swapped.unbound.kind) == (None, TransactionKind.UNBIND)
    assert swapped.bound is not None
    assert (await owner.reader.sessions([session_id]))[0].dedicated_nodes == (BOB,)


async def test_the_price_of_the_second_half_is_unknown_where_the_session_is_full(
    devnet: DevnetOnAnvil, owner: Owner
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    await devnet.send(OWNER, "SessionV2", "update", "full", "", session_id, 1, 1, 1, 0, 2)
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB)
    checked = await owner.ask(CheckSwap(swap=asked), SwapChecked)
    assert (checked.is_allowed, checked.then_fee_wei) == (True, None)
    await owner.ask(asked, Swapped)
    assert (await owner.reader.sessions([session_id]))[0].dedicated_nodes == (BOB,)


@in_every_generation
async def test_no_swap_while_a_task_is_in_flight(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    task_id = await devnet.submit(session_id)
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB)
    assert (await owner.ask(CheckSwap(swap=asked), SwapChecked)).is_allowed  # nobody is at it yet
    task = (session_id, task_id)
    await devnet.send(ORACLE, "SessionQueueV2", "assignTask", *devnet.assignment(task, ALICE))
    assert await owner.refusal(asked) == "task_in_flight"
    assert (await owner.reader.sessions([session_id]))[0].dedicated_nodes == (ALICE,)


@pytest.mark.parametrize(
    ("unbind", "bind", "code"),
    [
        (BOB, STRANGER, "not_bound"),
        (ALICE, ALICE, "same_node"),
        (ALICE, "0x12", "bad_address"),
        (ALICE, "0x" + "0" * 40, "bad_address"),
    ],
)
async def test_a_swap_that_cannot_work_is_refused(
    devnet: DevnetOnAnvil, owner: Owner, unbind: str, bind: str, code: str
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    asked = SwapNodes(session_id=session_id, unbind_address=unbind, bind_address=bind)
    assert await owner.refusal(asked) == code


async def test_a_swap_goes_on_when_whoever_asked_has_gone(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB)
    await owner.start()
    asking = asyncio.create_task(owner.desk.answer(asked))
    async with asyncio.timeout(30):
        while not owner.stream.told:  # the first half is on its way
            await asyncio.sleep(0)
        asking.cancel()
        while (await owner.reader.sessions([session_id]))[0].dedicated_nodes != (BOB,):
            await owner.stream.look_later()
    assert asking.cancelled()


async def test_a_swap_is_made_in_the_middle_of_a_task_where_that_is_asked_for(
    devnet: DevnetOnAnvil, owner: Owner
) -> None:
    session_id, _ = await busy_session(devnet)
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB, when_busy=WhenBusy.NOW)
    await owner.ask(asked, Swapped)
    assert (await owner.reader.sessions([session_id]))[0].dedicated_nodes == (BOB,)


async def test_unbinding_tells_which_tasks_it_costs(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id, task = await busy_session(devnet)
    asked = CheckAssignment(session_id=session_id, node_address=ALICE, unbind=True)
    checked = await owner.ask(asked, AssignmentChecked)
    assert (checked.is_allowed, checked.in_flight) == (True, (task,))
    await devnet.send(ORACLE, "SessionQueueV2", "end", session_id, task.task_id, True)
    checked = await owner.ask(asked, AssignmentChecked)
    assert (checked.in_flight, checked.is_in_flight_known) == ((), True)


async def test_unbinding_tells_where_it_cannot_tell_what_it_costs(
    devnet: DevnetOnAnvil, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id, _ = await busy_session(devnet)

    async def unanswered(session_ids: list[int]) -> list[int]:
        raise problem_error("no_rpc", "The chain does not answer")

    monkeypatch.setattr(owner.reader, "task_counts", unanswered)
    asked = CheckAssignment(session_id=session_id, node_address=ALICE, unbind=True)
    checked = await owner.ask(asked, AssignmentChecked)
    assert (checked.is_allowed, checked.in_flight, checked.is_in_flight_known) == (True, (), False)
