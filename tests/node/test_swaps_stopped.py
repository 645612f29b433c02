"""Swaps are given up as long as nothing is signed for them, and what stands or is over is forgotten."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.swaps import SwapStage, WhenBusy
from cortensor_tui.node.session_messages import StopSwap, SwapNodes, SwapStopped
from tests.chain.transactions.stream import first_nonce, holding_blocks
from tests.devnet.devnet_on_anvil import ALICE, BOB, OWNER, DevnetOnAnvil
from tests.node.session_owner import Owner, owner
from tests.node.swapping_node import (
    SwappingNode,
    busy_session,
    looking,
    no_rest,
    node,
    save,
    swap,
    with_task,
)

__all__ = ["no_rest", "node", "owner"]
pytestmark = pytest.mark.real


async def test_a_swap_that_waits_after_a_restart_can_be_given_up_for_good(
    devnet: DevnetOnAnvil, node: SwappingNode
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    await with_task(devnet, session_id)
    asking = await node.begin(swap(session_id, WhenBusy.WAIT))
    await node.looking(lambda: bool(node.swaps))
    before = await first_nonce(devnet)
    await node.come_back()
    with pytest.raises(ProblemError) as told:
        await asking
    assert told.value.problem.code == "swap_interrupted"
    await node.owner.ask(StopSwap(session_id=session_id), SwapStopped)
    assert (node.swaps, node.saved) == ((), [])
    await node.come_back()
    assert (node.swaps, await first_nonce(devnet)) == ((), before)


async def test_a_swap_can_be_given_up_before_the_chain_was_looked_at(
    devnet: DevnetOnAnvil, node: SwappingNode, tmp_path: Path
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    save(node, swap(session_id))
    node.leave()
    node.owner = Owner(devnet, tmp_path)
    assert [one.stage for one in node.swaps] == [SwapStage.WAITING]
    await node.owner.ask(StopSwap(session_id=session_id), SwapStopped)
    node.owner.desk.swaps.resume()
    assert (node.swaps, node.saved) == ((), [])


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


async def test_a_swap_that_waits_for_its_turn_to_be_sent_is_stopped_and_never_sent(
    devnet: DevnetOnAnvil, node: SwappingNode
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    await node.owner.start()
    before = await first_nonce(devnet)
    queue = node.owner.stream.sender._parts.queue
    await queue.take(None)  # another transaction of the key
    asking = await node.begin(swap(session_id))
    await node.looking(lambda: bool(len(queue)))
    assert [one.stage for one in node.swaps] == [SwapStage.UNBINDING]
    await node.owner.ask(StopSwap(session_id=session_id), SwapStopped)
    with pytest.raises(ProblemError, match="Nothing was sent"):
        await asking
    queue.release()
    await node.owner.stream.look_later(1.5)
    assert (node.swaps, node.saved) == ((), [])
    assert (await node.nodes_of(session_id), await first_nonce(devnet)) == ((ALICE,), before)


async def test_a_swap_stopped_as_its_turn_comes_is_not_sent_either(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    await node.owner.start()
    before = await first_nonce(devnet)
    sender = node.owner.stream.sender
    send_in_turn = sender._send_in_turn
    stopped = []

    async def stopped_first(*values: Any) -> Any:
        stopped.append(await node.owner.desk.answer(StopSwap(session_id=session_id)))
        return await send_in_turn(*values)

    monkeypatch.setattr(sender, "_send_in_turn", stopped_first)
    assert await node.owner.refusal(swap(session_id)) == "swap_stopped"
    await node.owner.stream.look_later(1.5)
    assert stopped == [SwapStopped(session_id=session_id)]
    assert (await node.nodes_of(session_id), await first_nonce(devnet)) == ((ALICE,), before)


async def test_a_swap_whose_first_half_is_signed_is_not_stopped(
    devnet: DevnetOnAnvil, node: SwappingNode
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    async with holding_blocks(devnet):
        asking = await node.begin(swap(session_id))
        await node.looking(lambda: bool(node.saved and node.saved[0].unbind_id))
        assert await node.owner.refusal(StopSwap(session_id=session_id)) == "swap_sent"
    await node.looking(asking.done)
    assert await node.nodes_of(session_id) == (BOB,)
