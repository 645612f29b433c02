"""A swap whose second half fails: where it stands, and until when that is told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.swaps import SwapStage, WhenBusy
from cortensor_tui.domain.transactions import Transaction, TransactionState
from cortensor_tui.node.session_messages import (
    SwapNodes,
    Swapped,
)
from tests.devnet.devnet_on_anvil import (
    ALICE,
    BOB,
    OWNER,
    STRANGER,
    DevnetOnAnvil,
)
from tests.node.mining_node import MINER, MiningNode
from tests.node.session_owner import Owner, owner
from tests.node.swapping_node import SwappingNode, no_rest, node, swap

__all__ = ["no_rest", "node", "owner"]
pytestmark = pytest.mark.real


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


@pytest.mark.parametrize("is_attended", [True, False])
async def test_a_fault_between_the_halves_leaves_it_half_way(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch, is_attended: bool
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))

    async def odd(session_ids: list[int]) -> Any:
        raise ValueError("an odd answer")

    asking = await node.begin(swap(session_id))
    await node.looking(lambda: bool(node.saved and node.saved[0].unbind_id))
    monkeypatch.setattr(node.owner.reader, "sessions", odd)
    if not is_attended:
        asking.cancel()
    await node.looking(lambda: [one.stage for one in node.swaps] == [SwapStage.HALF_WAY])
    [told], [saved] = node.swaps, node.saved
    assert told.problem is not None
    assert (told.problem.code, saved.problem) == ("swap_half_way", told.problem)
    assert "ValueError" in told.problem.why
    assert not node.owner.desk.swaps.warnings
    if is_attended:
        assert (await asking).problem == told.problem
