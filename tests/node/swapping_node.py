"""A node that is asked for swaps, and can be away for a while; its journal stays."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.rpc.client import EndpointError
from cortensor_tui.chain.transactions import Estimate
from cortensor_tui.domain.endpoints import EndpointFault
from cortensor_tui.domain.problems import Problem, problem_error
from cortensor_tui.domain.swaps import SwapProgress, WhenBusy
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.swaps import SavedSwap
from cortensor_tui.node.owner import swap_run
from cortensor_tui.node.session_messages import SwapNodes
from tests.devnet.devnet_on_anvil import ALICE, BOB, ORACLE, OWNER, DevnetOnAnvil
from tests.node.session_owner import Owner

AWAY = Problem(code="no_rpc", what="The chain does not answer", why="it is away")


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a swap that waits look at each turn."""
    monkeypatch.setattr(swap_run, "WAIT_LOOK_S", 0.0)


class SwappingNode:
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
                await self.owner.stream.look_later()

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
def node(devnet: DevnetOnAnvil, tmp_path: Path) -> Iterator[SwappingNode]:
    found = SwappingNode(devnet, tmp_path)
    yield found
    found.leave()


def swap(session_id: int, when_busy: WhenBusy = WhenBusy.REFUSE) -> SwapNodes:
    return SwapNodes(session_id=session_id, unbind_address=ALICE, bind_address=BOB, when_busy=when_busy)


def save(node: SwappingNode, asked: SwapNodes, asked_at: float | None = None) -> None:
    """Write a swap down as a node does that ends right after."""
    now = time.time() if asked_at is None else asked_at
    node.owner.stream.journal.swaps.save(
        OWNER, asked.session_id, asked.unbind_address, asked.bind_address, asked.when_busy, now
    )


async def with_task(devnet: DevnetOnAnvil, session_id: int) -> TaskKey:
    """Have the session's node get a task."""
    task = (session_id, await devnet.submit(session_id))
    await devnet.send(ORACLE, "SessionQueueV2", "assignTask", *devnet.assignment(task, ALICE))
    return TaskKey(*task)


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
            await owner.stream.look_later()


def unwritable(*values: Any, **named: Any) -> Any:
    """Refuse to write, as a journal on a full disk does."""
    raise problem_error("journal_unwritable", "The journal cannot be written", "the disk is full")
