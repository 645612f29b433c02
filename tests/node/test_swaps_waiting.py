"""A swap that waits for the tasks being answered, and is made then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.transactions import Estimate
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.swaps import SwapStage, WhenBusy
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
    DevnetOnAnvil,
)
from tests.node.mining_node import MINER, MiningNode
from tests.node.session_owner import Owner, owner
from tests.node.swapping_node import busy_session, looking, no_rest

__all__ = ["no_rest", "owner"]
pytestmark = pytest.mark.real


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
