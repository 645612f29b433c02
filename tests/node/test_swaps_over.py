"""What is left of a swap that is over: nothing, or a word until there is no more reason for it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.swaps import SwapStage, WhenBusy
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.owner import swap_run
from cortensor_tui.node.owner_messages import Assign, Sent
from cortensor_tui.node.session_messages import StopSwap, SwapNodes, Swapped, SwapStopped
from tests.chain.transactions.stream import first_nonce, holding_blocks
from tests.devnet.devnet_on_anvil import ALICE, BOB, OWNER, DevnetOnAnvil
from tests.node.mining_node import MINER, MiningNode
from tests.node.session_owner import owner
from tests.node.swapping_node import (
    SwappingNode,
    no_rest,
    node,
    save,
    swap,
    unwritable,
)

__all__ = ["no_rest", "node", "owner"]
pytestmark = pytest.mark.real


async def test_a_swap_that_can_no_longer_be_made_is_told_until_it_is_asked_for_again(
    devnet: DevnetOnAnvil, node: SwappingNode
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=())
    before = await first_nonce(devnet)
    save(node, swap(session_id))
    await node.come_back()
    await node.until_over()
    [warning] = node.owner.desk.swaps.warnings
    assert warning.startswith(f"The swap of session {session_id} came to nothing.")
    assert "not bound" in warning
    assert await first_nonce(devnet) == before
    await node.owner.ask(Assign(session_id=session_id, node_address=ALICE), Sent)
    assert len(node.owner.desk.swaps.warnings) == 1
    await node.owner.ask(swap(session_id), Swapped)
    assert not node.owner.desk.swaps.warnings


async def test_a_first_half_that_is_refused_leaves_nothing_to_take_up(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    await node.owner.start()

    async def refused(call: ContractCall, purpose: Any) -> Any:
        raise problem_error("reverted", "The contract refuses")

    monkeypatch.setattr(node.owner.stream.sender, "send", refused)
    assert await node.owner.refusal(swap(session_id)) == "reverted"
    assert (node.swaps, node.saved, node.owner.desk.swaps.warnings) == ((), [], ())


async def test_what_the_journal_could_not_forget_at_once_it_forgets_with_a_later_look(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))

    with monkeypatch.context() as patched:
        patched.setattr(node.owner.stream.journal.swaps, "strike", unwritable)
        swapped = await node.owner.ask(swap(session_id), Swapped)
        assert swapped.problem is None
        assert (node.swaps, len(node.saved)) == ((), 1)
    node.owner.desk.swaps.review(lambda session, address: False)
    assert node.saved == []


async def test_a_node_warns_of_a_swap_that_it_could_not_take_up(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    node = MiningNode(devnet, tmp_path)
    await node.start()
    node.link.journal.swaps.save(MINER.address, session_id, ALICE, BOB, WhenBusy.WAIT, time.time())
    await node.stop()
    await node.start()
    async with asyncio.timeout(30):
        while node.mining.swaps:
            await node.look()
    assert any(f"The swap of session {session_id} came to nothing" in one for one in node.mining.warnings)
    assert (await node.link.reader.sessions([session_id]))[0].dedicated_nodes == (ALICE,), "not its to swap"
    await node.stop()
    node.database.close()


async def test_a_refused_swap_that_cannot_be_struck_is_told_until_it_is(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    journal = node.owner.stream.journal
    with monkeypatch.context() as patched:
        patched.setattr(journal.transactions, "save_signed", unwritable)
        patched.setattr(journal.swaps, "strike", unwritable)
        with pytest.raises(ProblemError) as told:
            await node.owner.ask(swap(session_id), Swapped)
        assert "still noted in the journal" in told.value.problem.what
        assert "The journal cannot be written" in told.value.problem.why
        assert f"swap {session_id} --stop" in told.value.problem.remedy
        [standing] = node.swaps
        assert (standing.stage, standing.problem) == (SwapStage.WAITING, told.value.problem)
        assert await node.owner.refusal(StopSwap(session_id=session_id)) == "journal_unwritable"
        assert await node.owner.refusal(swap(session_id)) == "swap_running"
    before = await first_nonce(devnet)
    node.owner.desk.swaps.review(lambda session, address: False)
    assert (node.swaps, node.saved) == ((), [])
    await node.come_back()
    await node.owner.stream.look_later(1.5)
    assert (await first_nonce(devnet), await node.nodes_of(session_id)) == (before, (ALICE,))


async def test_a_refused_swap_that_could_not_be_struck_can_be_stopped(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    journal = node.owner.stream.journal
    with monkeypatch.context() as patched:
        patched.setattr(journal.transactions, "save_signed", unwritable)
        patched.setattr(journal.swaps, "strike", unwritable)
        assert await node.owner.refusal(swap(session_id)) == "swap_still_noted"
    await node.owner.ask(StopSwap(session_id=session_id), SwapStopped)
    assert (node.swaps, node.saved) == ((), [])


async def test_a_swap_that_is_over_takes_none_with_it_that_came_later(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    with monkeypatch.context() as patched:
        patched.setattr(node.owner.stream.journal.swaps, "strike", unwritable)
        await node.owner.ask(swap(session_id), Swapped)
    back = SwapNodes(session_id=session_id, unbind_address=BOB, bind_address=ALICE)
    async with holding_blocks(devnet):
        asking = await node.begin(back)
        await node.looking(lambda: bool(node.swaps and node.saved[0].unbind_id))
        node.owner.desk.swaps.review(lambda session, address: False)
        assert len(node.saved) == 1
    await node.looking(asking.done)
    assert (await asking).problem is None
    assert await node.nodes_of(session_id) == (ALICE,)


async def test_an_unbinding_on_its_way_is_followed_whatever_fails_after_it_was_signed(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    send = node.owner.stream.sender.send

    async def sent_and_not_noted(call: ContractCall, purpose: Any) -> Any:
        sent = await send(call, purpose)
        if purpose.kind is TransactionKind.UNBIND:
            unwritable()
        return sent

    monkeypatch.setattr(node.owner.stream.sender, "send", sent_and_not_noted)
    swapped = await node.owner.ask(swap(session_id), Swapped)
    assert (swapped.problem, await node.nodes_of(session_id)) == (None, (BOB,))


async def test_a_fault_while_the_unbinding_is_open_is_told_and_a_restart_goes_on(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))

    async def odd(transaction: Any) -> Any:
        raise ValueError("an odd answer")

    await node.owner.start()
    async with holding_blocks(devnet):
        monkeypatch.setattr(node.owner.stream.sender, "settled", odd)
        asking = await node.begin(swap(session_id))
        await node.looking(asking.done)
        assert isinstance(asking.exception(), ValueError)
        [told] = node.swaps
        assert told.stage is SwapStage.UNBINDING
        assert told.problem is not None
        assert "goes on when the node is started again" in told.problem.what
        assert await node.owner.refusal(StopSwap(session_id=session_id)) == "swap_sent"
        await node.come_back()
    await node.until_over()
    assert await node.nodes_of(session_id) == (BOB,)


async def came_to_nothing(devnet: DevnetOnAnvil, node: SwappingNode) -> int:
    """Return a session of which a swap came to nothing with nobody there."""
    session_id = await devnet.create_session(OWNER, nodes=())
    save(node, swap(session_id))
    await node.come_back()
    await node.until_over()
    [warning] = node.owner.desk.swaps.warnings
    assert f"cortensor-tui swap {session_id} --stop" in warning
    return session_id


async def test_the_warning_goes_once_what_was_asked_for_has_come_about(
    devnet: DevnetOnAnvil, node: SwappingNode
) -> None:
    session_id = await came_to_nothing(devnet, node)
    swaps = node.owner.desk.swaps
    for bound in ((), (ALICE,), (ALICE, BOB)):
        swaps.review(lambda session, address, bound=bound: address in bound)  # type: ignore[misc]
        assert len(swaps.warnings) == 1
    swaps.review(lambda session, address: (session, address) == (session_id, BOB))
    assert not swaps.warnings


async def test_the_warning_goes_when_the_swap_is_stopped(devnet: DevnetOnAnvil, node: SwappingNode) -> None:
    session_id = await came_to_nothing(devnet, node)
    await node.owner.ask(StopSwap(session_id=session_id), SwapStopped)
    assert not node.owner.desk.swaps.warnings
    assert await node.owner.refusal(StopSwap(session_id=session_id)) == "no_swap"


async def test_a_first_half_that_fails_after_its_asker_gave_up_is_told_as_a_warning(
    devnet: DevnetOnAnvil, node: SwappingNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    await node.owner.start()

    async def refused(call: ContractCall, purpose: Any) -> Any:
        raise problem_error("reverted", "The contract refuses")

    monkeypatch.setattr(node.owner.stream.sender, "send", refused)
    monkeypatch.setattr(swap_run, "SEND_TIMEOUT_S", -1.0)  # no client waits any more
    assert await node.owner.refusal(swap(session_id)) == "reverted"
    [warning] = node.owner.desk.swaps.warnings
    assert "The contract refuses" in warning
