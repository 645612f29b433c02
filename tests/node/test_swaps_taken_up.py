"""A swap is in the journal until it is over: a node that was away takes it up where it stands."""

from __future__ import annotations

from typing import Any

import pytest

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.swaps import SwapStage, WhenBusy
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.session_messages import StopSwap, Swapped, SwapStopped
from tests.chain.transactions.stream import first_nonce, holding_blocks
from tests.devnet.devnet_on_anvil import ALICE, BOB, ORACLE, OWNER, DevnetOnAnvil, in_every_generation
from tests.node.swapping_node import AWAY, SwappingNode, no_rest, node, save, swap, with_task

__all__ = ["no_rest", "node"]
pytestmark = pytest.mark.real


@in_every_generation
async def test_a_swap_left_with_its_first_half_unmined_is_made_with_one_call_each(
    devnet: DevnetOnAnvil, node: SwappingNode
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    before = await first_nonce(devnet)
    async with holding_blocks(devnet):
        asking = await node.begin(swap(session_id))
        await node.looking(lambda: bool(node.saved and node.saved[0].unbind_id))
        await node.come_back()
        with pytest.raises(ProblemError) as told:
            await asking
        assert told.value.problem.code in ("swap_interrupted", "chain_replaced")
        assert [one.stage for one in node.swaps] == [SwapStage.UNBINDING]
    await node.until_over()
    assert await node.nodes_of(session_id) == (BOB,)
    assert await first_nonce(devnet) == before + 2, "one unbinding, one binding"


async def test_a_swap_left_between_its_halves_is_bound(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    before = await first_nonce(devnet)
    node.make_silent(monkeypatch, "addDedicatedNode")
    asked = swap(session_id, WhenBusy.NOW)
    await devnet.send(OWNER, "SessionV2", "update", "full", "", session_id, 1, 1, 1, 0, 2)
    await node.begin(asked)
    await node.looking(lambda: any(one.stage is SwapStage.BINDING and one.problem for one in node.swaps))
    assert await node.nodes_of(session_id) == ()
    await node.come_back()
    await node.until_over()
    assert await node.nodes_of(session_id) == (BOB,)
    assert await first_nonce(devnet) == before + 3, "the session's change, one unbinding, one binding"


async def test_a_silent_endpoint_between_the_halves_is_asked_again(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    await devnet.send(OWNER, "SessionV2", "update", "full", "", session_id, 1, 1, 1, 0, 2)
    with monkeypatch.context() as patched:
        node.make_silent(patched, "addDedicatedNode")
        asking = await node.begin(swap(session_id))
        await node.looking(lambda: any(one.problem for one in node.swaps))
        assert [(one.stage, one.problem) for one in node.swaps] == [(SwapStage.BINDING, AWAY)]
    await node.looking(asking.done)
    assert (await asking).problem is None
    assert await node.nodes_of(session_id) == (BOB,)


async def test_what_somebody_else_has_bound_meanwhile_is_not_bound_again(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    await devnet.send(OWNER, "SessionV2", "update", "full", "", session_id, 1, 1, 1, 0, 2)
    node.make_silent(monkeypatch, "addDedicatedNode")
    await node.begin(swap(session_id))
    await node.looking(lambda: any(one.problem for one in node.swaps))
    await devnet.send(OWNER, "SessionV2", "addDedicatedNode", session_id, BOB)
    before = await first_nonce(devnet)
    await node.come_back()
    await node.until_over()
    assert not node.owner.desk.swaps.warnings
    assert (await first_nonce(devnet), await node.nodes_of(session_id)) == (before, (BOB,))


@pytest.mark.parametrize("when_busy", [WhenBusy.WAIT, WhenBusy.REFUSE])
async def test_a_swap_of_which_nothing_is_sent_waits_for_a_task_after_a_restart(
    devnet: DevnetOnAnvil, node: SwappingNode, when_busy: WhenBusy
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    save(node, swap(session_id, when_busy))
    task = await with_task(devnet, session_id)
    await node.come_back()
    await node.looking(lambda: any(one.tasks == (task,) for one in node.swaps))
    [told] = node.swaps
    assert (told.stage, told.since) == (SwapStage.WAITING, node.saved[0].asked_at)
    with pytest.raises(ProblemError, match="on its way already"):
        await node.owner.desk.answer(swap(session_id, WhenBusy.WAIT))
    await devnet.send(ORACLE, "SessionQueueV2", "end", session_id, task.task_id, True)
    await node.until_over()
    assert await node.nodes_of(session_id) == (BOB,)


async def test_a_swap_for_now_does_not_wait_after_a_restart_either(
    devnet: DevnetOnAnvil, node: SwappingNode
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    save(node, swap(session_id, WhenBusy.NOW))
    await with_task(devnet, session_id)
    await node.come_back()
    await node.until_over()
    assert await node.nodes_of(session_id) == (BOB,)


async def test_a_swap_half_way_is_told_after_a_restart_and_sends_nothing_by_itself(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    refused = problem_error("no_balance", "The owner has no coin", "it is empty")
    send = node.owner.stream.sender.send

    async def penniless(call: ContractCall, purpose: Any) -> Any:
        if purpose.kind is TransactionKind.BIND:
            raise refused
        return await send(call, purpose)

    monkeypatch.setattr(node.owner.stream.sender, "send", penniless)
    swapped = await node.owner.ask(swap(session_id), Swapped)
    before = await first_nonce(devnet)
    await node.come_back()
    await node.owner.stream.look_later(1.5)
    assert [(one.stage, one.problem) for one in node.swaps] == [(SwapStage.HALF_WAY, swapped.problem)]
    assert await first_nonce(devnet) == before, "the owner decides"
    await node.owner.ask(StopSwap(session_id=session_id), SwapStopped)
    assert (node.swaps, node.saved) == ((), [])


@pytest.mark.parametrize("when_busy", list(WhenBusy))
async def test_a_swap_asked_long_ago_is_told_and_not_made(
    devnet: DevnetOnAnvil, node: SwappingNode, when_busy: WhenBusy
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    before = await first_nonce(devnet)
    save(node, swap(session_id, when_busy), asked_at=1_780_000_000.0)
    await node.come_back()
    await node.until_over()
    [warning] = node.owner.desk.swaps.warnings
    assert "It was asked for on 2026-05-28 20:26 UTC" in warning
    assert "Ask for it again" in warning
    assert (await first_nonce(devnet), await node.nodes_of(session_id)) == (before, (ALICE,))


async def test_a_swap_whose_unbinding_was_signed_long_ago_is_finished(
    devnet: DevnetOnAnvil, node: SwappingNode
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    async with holding_blocks(devnet):
        await node.begin(swap(session_id))
        await node.looking(lambda: bool(node.saved and node.saved[0].unbind_id))
        with node.owner.stream.database.step("a long time goes by") as connection:
            connection.execute("UPDATE swaps SET asked_at = 5")
        await node.come_back()
    await node.until_over()
    assert await node.nodes_of(session_id) == (BOB,)
