"""An owner's desk on a real anvil, and somebody who keeps looking at the chain for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.node.owner import OwnerDesk
from cortensor_tui.node.owner_messages import OwnerRequest, Sent
from cortensor_tui.node.session_messages import SessionAct
from tests.chain.transactions.stream import GWEI, Stream
from tests.devnet.devnet_on_anvil import DevnetOnAnvil

R = TypeVar("R")


class Owner:
    """An owner's desk, with somebody who keeps looking at the chain for it."""

    def __init__(self, devnet: DevnetOnAnvil, folder: Path) -> None:
        self.devnet = devnet
        self.stream = Stream(devnet, folder / "journal.sqlite")
        self.reader = self.stream.reader
        self.desk = OwnerDesk(
            devnet.rpc,
            self.reader,
            self.stream.sender,
            self.stream.journal,
            chain_id=31337,
            max_data_bytes=95_000,
            fee_cap_wei=1_000 * GWEI,
        )
        self._has_started = False

    async def start(self) -> None:
        """Take the key over: from here on nobody else sends with it."""
        if not self._has_started:
            self._has_started = True
            await self.stream.sender.start()

    async def ask(self, body: OwnerRequest | SessionAct, expected: type[R]) -> R:
        """Ask, look until it is answered, and return the answer."""
        await self.start()
        asking = asyncio.create_task(self.desk.answer(body))
        async with asyncio.timeout(30):
            while not asking.done():
                await self.stream.look_later()
        answer = asking.result()
        assert isinstance(answer, expected)
        return answer

    async def refusal(self, body: OwnerRequest | SessionAct) -> str:
        """Return the code that a request is refused with."""
        with pytest.raises(ProblemError) as told:
            await self.ask(body, Sent)
        return told.value.problem.code


@pytest.fixture
async def owner(devnet: DevnetOnAnvil, tmp_path: Path) -> AsyncIterator[Owner]:
    found = Owner(devnet, tmp_path)
    yield found
    found.stream.sender.close()
