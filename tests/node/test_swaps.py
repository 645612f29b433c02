"""Swapping one node for another: refused, made, waited for, stopped, and half way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.transactions import Estimate
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.domain.swaps import SwapStage, WhenBusy
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.owner import swap_run
from cortensor_tui.node.owner_messages import AssignmentChecked, CheckAssignment
from cortensor_tui.node.session_messages import (
    CheckSwap,
    StopSwap,
    SwapChecked,
    SwapNodes,
    Swapped,
    SwapStopped,
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
from tests.node.mining_node import MINER, MiningNode
from tests.node.session_owner import Owner, owner

__all__ = ["owner"]
pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a swap that waits look at each turn."""
    monkeypatch.setattr(swap_run, "WAIT_LOOK_S", 0.0)


async def busy_session(devnet: DevnetOnAnvil) -> tuple[int, TaskKey]:
    """Return a session whose node has a task."""
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    task_id = await devnet.submit(session_id)
    task = (session_id, task_id)
    await devnet.send(ORACLE, "SessionQueueV2", "assignTask", *devnet.assignment(task, ALICE))
    return session_id, TaskKey(session_id, task_id)


async def looking(owner: Owner, is_so: Callable[[], bool]) -> None:
    """Let time pass until something is so."""
    async with asyncio.timeout(30):
        while not is_so():
            await owner.stream.look_later(1.5)


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


def spend_all_with_the_first(devnet: DevnetOnAnvil, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the owner without a coin as soon as its first transaction is mined."""
    sender = owner.stream.sender
    mined = sender.settled

    async def left_without_a_coin(transaction: Transaction) -> Transaction:
        settled = await mined(transaction)
        await devnet.rpc.call("anvil_setBalance", OWNER, "0x0")
        return settled

    monkeypatch.setattr(sender, "settled", left_without_a_coin)


async def test_a_swap_says_where_it_stands_when_its_second_half_fails(
    devnet: DevnetOnAnvil, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    spend_all_with_the_first(devnet, owner, monkeypatch)
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB)
    swapped = await owner.ask(asked, Swapped)
    assert (swapped.bound, swapped.unbound.state) == (None, TransactionState.MINED)
    assert swapped.problem is not None
    assert swapped.problem.code == "swap_half_way"
    assert f"has lost {ALICE} and not got {BOB}" in swapped.problem.what
    assert "the binding failed" in swapped.problem.why
    assert f"assign {session_id} --node {BOB}" in swapped.problem.remedy


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
            await owner.stream.look_later(1.5)
    assert asking.cancelled()


async def test_a_swap_waits_for_the_task_and_is_made_then(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id, task = await busy_session(devnet)
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB, when_busy=WhenBusy.WAIT)
    checked = await owner.ask(CheckSwap(swap=asked), SwapChecked)
    assert (checked.is_allowed, checked.in_flight) == (True, (task,))
    swaps = owner.desk.swaps
    asking = asyncio.create_task(owner.desk.answer(asked))
    await looking(owner, lambda: any(one.tasks == (task,) for one in swaps.progress))
    assert [one.stage for one in swaps.progress] == [SwapStage.WAITING]
    assert owner.stream.told == [], "nothing is sent yet"
    with pytest.raises(ProblemError) as told:
        await owner.desk.answer(asked)
    assert told.value.problem.code == "swap_running"
    await devnet.send(ORACLE, "SessionQueueV2", "end", session_id, task.task_id, True)
    await looking(owner, asking.done)
    swapped = asking.result()
    assert isinstance(swapped, Swapped)
    assert swapped.bound is not None
    assert swaps.progress == ()
    assert (await owner.reader.sessions([session_id]))[0].dedicated_nodes == (BOB,)


async def test_a_swap_that_waits_can_be_stopped(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id, _ = await busy_session(devnet)
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB, when_busy=WhenBusy.WAIT)
    await owner.start()
    asking = asyncio.create_task(owner.desk.answer(asked))
    await looking(owner, lambda: bool(owner.desk.swaps.progress))
    await owner.ask(StopSwap(session_id=session_id), SwapStopped)
    await looking(owner, asking.done)
    stopped = asking.exception()
    assert isinstance(stopped, ProblemError)
    assert stopped.problem.code == "swap_stopped"
    assert owner.desk.swaps.progress == ()
    assert owner.stream.told == []
    assert await owner.refusal(StopSwap(session_id=session_id)) == "no_swap"


async def test_a_swap_that_waits_is_let_go_with_its_chain_and_told_to_go_on_later(
    devnet: DevnetOnAnvil, owner: Owner
) -> None:
    session_id, _ = await busy_session(devnet)
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB, when_busy=WhenBusy.WAIT)
    await owner.start()
    asking = asyncio.create_task(owner.desk.answer(asked))
    await looking(owner, lambda: bool(owner.desk.swaps.progress))
    owner.desk.close()
    await looking(owner, asking.done)
    stopped = asking.exception()
    assert isinstance(stopped, ProblemError)
    assert stopped.problem.code == "swap_interrupted"
    assert "no longer looks at this chain" in stopped.problem.why
    assert "goes on once the node looks at the chain again" in stopped.problem.remedy
    assert owner.stream.told == []
    assert await owner.refusal(asked) == "chain_replaced", "nothing is begun where nobody looks"


async def test_a_node_that_leaves_its_chain_takes_up_the_swaps_that_wait_when_it_is_back(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    await devnet.send(OWNER, "SessionV2", "updateOwner", session_id, MINER.address)
    task_id = await devnet.submit(session_id, sender=MINER.address)
    await devnet.send(
        ORACLE, "SessionQueueV2", "assignTask", *devnet.assignment((session_id, task_id), ALICE)
    )
    node = MiningNode(devnet, tmp_path)
    await node.start()
    await node.look()
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB, when_busy=WhenBusy.WAIT)
    asking = asyncio.create_task(node.mining.owner_desk.answer(asked))
    async with asyncio.timeout(30):
        while not node.mining.swaps:
            await asyncio.sleep(0)
        await node.stop()
        with pytest.raises(ProblemError) as told:
            await asking
        assert told.value.problem.code == "swap_interrupted"
        await node.start()
        assert [one.stage for one in node.mining.swaps] == [SwapStage.WAITING], "told before the first look"
        await devnet.send(ORACLE, "SessionQueueV2", "end", session_id, task_id, True)
        while node.mining.swaps:
            await node.look()
    await node.stop()
    node.database.close()
    [session] = await node.link.reader.sessions([session_id])
    assert session.dedicated_nodes == (BOB,)


async def test_a_swap_goes_on_waiting_where_the_chain_is_away_for_its_last_check(
    devnet: DevnetOnAnvil, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id, task = await busy_session(devnet)
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB, when_busy=WhenBusy.WAIT)
    await owner.start()
    asking = asyncio.create_task(owner.desk.answer(asked))
    swaps, sender = owner.desk.swaps, owner.stream.sender
    await looking(owner, lambda: any(one.tasks == (task,) for one in swaps.progress))
    estimate = sender.estimate
    away = Problem(code="no_rpc", what="The chain does not answer", why="it is away")

    async def unanswered(call: ContractCall) -> Estimate:
        raise ProblemError(away)

    monkeypatch.setattr(sender, "estimate", unanswered)
    await devnet.send(ORACLE, "SessionQueueV2", "end", session_id, task.task_id, True)
    await looking(owner, lambda: asking.done() or any(one.problem for one in swaps.progress))
    [told] = swaps.progress
    assert told.stage is SwapStage.WAITING
    assert told.problem is not None
    assert told.problem.why == "it is away"
    monkeypatch.setattr(sender, "estimate", estimate)
    await looking(owner, asking.done)
    assert (await owner.reader.sessions([session_id]))[0].dedicated_nodes == (BOB,)


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


async def test_a_swap_half_way_is_told_until_the_node_is_bound_or_it_is_forgotten(
    devnet: DevnetOnAnvil, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    spend_all_with_the_first(devnet, owner, monkeypatch)
    asked = SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB)
    swapped = await owner.ask(asked, Swapped)
    [told] = owner.desk.swaps.progress
    assert (told.stage, told.problem) == (SwapStage.HALF_WAY, swapped.problem)
    owner.desk.swaps.review(lambda session, node: (session, node) != (session_id, BOB))
    assert list(owner.desk.swaps.progress) == [told]
    owner.desk.swaps.review(lambda session, node: (session, node) == (session_id, BOB))
    assert owner.desk.swaps.progress == ()
    assert owner.stream.journal.swaps.of_owner(OWNER) == []


async def test_a_node_forgets_a_swap_half_way_once_the_other_node_is_bound_by_hand(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    node = MiningNode(devnet, tmp_path)
    await node.start()
    swaps = node.link.journal.swaps
    saved = swaps.save(MINER.address, session_id, STRANGER, BOB, WhenBusy.REFUSE, 5.0)
    swaps.stand_half_way(saved.swap_id, Problem(code="swap_half_way", what="It has lost one node"))
    await node.stop()
    await node.start()
    await node.look()
    assert [one.stage for one in node.mining.swaps] == [SwapStage.HALF_WAY]
    await devnet.send(OWNER, "SessionV2", "addDedicatedNode", session_id, BOB)
    async with asyncio.timeout(30):
        while node.mining.swaps:
            await node.look()
    assert swaps.of_owner(MINER.address) == []
    await node.stop()
    node.database.close()


async def test_a_node_warns_of_a_swap_that_it_could_not_take_up(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    node = MiningNode(devnet, tmp_path)
    await node.start()
    node.link.journal.swaps.save(MINER.address, session_id, ALICE, BOB, WhenBusy.WAIT, 5.0)
    await node.stop()
    await node.start()
    async with asyncio.timeout(30):
        while node.mining.swaps:
            await node.look()
    assert any(f"The swap of session {session_id} came to nothing" in one for one in node.mining.warnings)
    assert (await node.link.reader.sessions([session_id]))[0].dedicated_nodes == (ALICE,), "not its to swap"
    await node.stop()
    node.database.close()
