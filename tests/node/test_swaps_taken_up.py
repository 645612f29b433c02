"""A swap is in the journal until it is over: a node that was away takes it up where it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.rpc.client import EndpointError
from cortensor_tui.chain.transactions import Estimate
from cortensor_tui.domain.endpoints import EndpointFault
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.domain.swaps import SwapProgress, SwapStage, WhenBusy
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.journal.swaps import SavedSwap
from cortensor_tui.node.owner import swap_run
from cortensor_tui.node.owner_messages import Assign, Sent
from cortensor_tui.node.session_messages import StopSwap, SwapNodes, Swapped, SwapStopped
from tests.chain.transactions.stream import first_nonce, holding_blocks
from tests.devnet.devnet_on_anvil import ALICE, BOB, ORACLE, OWNER, DevnetOnAnvil, in_every_generation
from tests.node.session_owner import Owner

pytestmark = pytest.mark.real
AWAY = Problem(code="no_rpc", what="The chain does not answer", why="it is away")


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a swap that waits look at each turn."""
    monkeypatch.setattr(swap_run, "WAIT_LOOK_S", 0.0)


class Node:
    """An owner's desk that can be away for a while; its journal stays."""

    def __init__(self, devnet: DevnetOnAnvil, folder: Path) -> None:
        self._devnet, self._folder = devnet, folder
        self.owner = Owner(devnet, folder)

    async def begin(self, asked: SwapNodes) -> asyncio.Task[Any]:
        """Ask for a swap."""
        await self.owner.start()
        return asyncio.create_task(self.owner.desk.answer(asked))

    async def come_back(self) -> None:
        """Stop as a node does, start on the same journal, and take up what was left."""
        self.leave()
        self.owner = Owner(self._devnet, self._folder)
        await self.owner.start()
        self.owner.desk.swaps.resume()

    def leave(self) -> None:
        """Stop as a node does."""
        self.owner.desk.close()
        self.owner.stream.sender.close()
        self.owner.stream.database.close()

    async def looking(self, is_so: Callable[[], bool]) -> None:
        """Look at the chain until something is so."""
        async with asyncio.timeout(30):
            while not is_so():
                await self.owner.stream.look_later(1.5)

    async def until_over(self) -> None:
        """Look until no swap is left."""
        await self.looking(lambda: not self.saved and not self.swaps)

    @property
    def swaps(self) -> tuple[SwapProgress, ...]:
        return self.owner.desk.swaps.progress

    @property
    def saved(self) -> list[SavedSwap]:
        return self.owner.stream.journal.swaps.of_owner(OWNER)

    async def nodes_of(self, session_id: int) -> tuple[str, ...]:
        return (await self.owner.reader.sessions([session_id]))[0].dedicated_nodes

    def make_silent(self, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
        """Have no endpoint answer what such a call would cost."""
        sender = self.owner.stream.sender
        estimate = sender.estimate

        async def unanswered(call: ContractCall) -> Estimate:
            if kind in call.text:
                raise EndpointError(AWAY, EndpointFault.TIMEOUT)
            return await estimate(call)

        monkeypatch.setattr(sender, "estimate", unanswered)


@pytest.fixture
def node(devnet: DevnetOnAnvil, tmp_path: Path) -> Iterator[Node]:
    found = Node(devnet, tmp_path)
    yield found
    found.leave()


def swap(session_id: int, when_busy: WhenBusy = WhenBusy.REFUSE) -> SwapNodes:
    return SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB, when_busy=when_busy)


def save(node: Node, asked: SwapNodes) -> None:
    """Write a swap down as a node does that ends right after."""
    node.owner.stream.journal.swaps.save(
        OWNER, asked.session_id, asked.unbind_address, asked.bind_address, asked.when_busy, 1_790_000_000.0
    )


async def with_task(devnet: DevnetOnAnvil, session_id: int) -> TaskKey:
    """Have the session's node get a task."""
    task = (session_id, await devnet.submit(session_id))
    await devnet.send(ORACLE, "SessionQueueV2", "assignTask", *devnet.assignment(task, ALICE))
    return TaskKey(*task)


@in_every_generation
async def test_a_swap_left_with_its_first_half_unmined_is_made_with_one_call_each(
    devnet: DevnetOnAnvil, node: Node
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
    devnet: DevnetOnAnvil, node: Node, monkeypatch: pytest.MonkeyPatch
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
    devnet: DevnetOnAnvil, node: Node, monkeypatch: pytest.MonkeyPatch
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
    devnet: DevnetOnAnvil, node: Node, monkeypatch: pytest.MonkeyPatch
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
    devnet: DevnetOnAnvil, node: Node, when_busy: WhenBusy
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    save(node, swap(session_id, when_busy))
    task = await with_task(devnet, session_id)
    await node.come_back()
    await node.looking(lambda: any(one.tasks == (task,) for one in node.swaps))
    [told] = node.swaps
    assert (told.stage, told.since) == (SwapStage.WAITING, 1_790_000_000.0)
    with pytest.raises(ProblemError, match="on its way already"):
        await node.owner.desk.answer(swap(session_id, WhenBusy.WAIT))
    await devnet.send(ORACLE, "SessionQueueV2", "end", session_id, task.task_id, True)
    await node.until_over()
    assert await node.nodes_of(session_id) == (BOB,)


async def test_a_swap_for_now_does_not_wait_after_a_restart_either(devnet: DevnetOnAnvil, node: Node) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    save(node, swap(session_id, WhenBusy.NOW))
    await with_task(devnet, session_id)
    await node.come_back()
    await node.until_over()
    assert await node.nodes_of(session_id) == (BOB,)


async def test_a_swap_that_waits_after_a_restart_can_be_given_up_for_good(
    devnet: DevnetOnAnvil, node: Node
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
    devnet: DevnetOnAnvil, node: Node, tmp_path: Path
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    save(node, swap(session_id))
    node.leave()
    node.owner = Owner(devnet, tmp_path)
    assert [one.stage for one in node.swaps] == [SwapStage.WAITING]
    await node.owner.ask(StopSwap(session_id=session_id), SwapStopped)
    node.owner.desk.swaps.resume()
    assert (node.swaps, node.saved) == ((), [])


async def test_a_swap_that_can_no_longer_be_made_is_told_until_it_is_asked_for_again(
    devnet: DevnetOnAnvil, node: Node
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


async def test_a_swap_half_way_is_told_after_a_restart_and_sends_nothing_by_itself(
    devnet: DevnetOnAnvil, node: Node, monkeypatch: pytest.MonkeyPatch
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


async def test_a_first_half_that_is_refused_leaves_nothing_to_take_up(
    devnet: DevnetOnAnvil, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    await node.owner.start()

    async def refused(call: ContractCall, purpose: Any) -> Any:
        raise problem_error("reverted", "The contract refuses")

    monkeypatch.setattr(node.owner.stream.sender, "send", refused)
    assert await node.owner.refusal(swap(session_id)) == "reverted"
    assert (node.swaps, node.saved, node.owner.desk.swaps.warnings) == ((), [], ())


async def test_what_the_journal_could_not_forget_at_once_it_forgets_with_a_later_look(
    devnet: DevnetOnAnvil, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))

    def unwritable(swap_id: int) -> None:
        raise problem_error("journal_unwritable", "The disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(node.owner.stream.journal.swaps, "strike", unwritable)
        swapped = await node.owner.ask(swap(session_id), Swapped)
        assert swapped.problem is None
        assert (node.swaps, len(node.saved)) == ((), 1)
    node.owner.desk.swaps.review(lambda session, address: False)
    assert node.saved == []
