"""What the owner is told of what was mined, when the endpoint is slow to show it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.node import owner
from cortensor_tui.node.messages import CreateSession, Sent
from cortensor_tui.node.owner import RECEIPT_TRIES, OwnerDesk
from tests.chain.transactions.stream import Stream
from tests.devnet.devnet_on_anvil import DevnetOnAnvil

pytestmark = pytest.mark.real


class SlowToShow(RpcClient):
    """Knows a receipt only in looks; alone it is not there yet for so many times."""

    times = 0

    async def call(self, method: str, *params: Any) -> Any:
        if method == "eth_getTransactionReceipt" and self.times:
            self.times -= 1
            return None
        return await super().call(method, *params)


async def create(devnet: DevnetOnAnvil, folder: Path, times: int) -> Sent:
    rpc = SlowToShow(devnet.rpc.url)
    rpc.times = times
    stream = Stream(devnet, folder / "journal.sqlite", rpc)
    await stream.sender.start()
    desk = OwnerDesk(rpc, stream.reader, stream.sender, chain_id=31337, max_data_bytes=95_000)
    creating = asyncio.create_task(desk.create(CreateSession(name="mine")))
    while not creating.done():
        await stream.sender.look()
        await asyncio.sleep(0.01)
    await rpc.close()
    return creating.result()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "RECEIPT_RETRY_S", 0.01)


async def test_a_receipt_that_comes_late_is_waited_for(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    assert (await create(devnet, tmp_path, times=RECEIPT_TRIES - 1)).session_id == 0


async def test_who_asked_is_told_not_to_ask_again_where_it_never_comes(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    with pytest.raises(ProblemError) as told:
        await create(devnet, tmp_path, times=RECEIPT_TRIES)
    assert told.value.problem.code == "no_event"
    assert "was mined" in told.value.problem.what
    assert "Do not ask again" in told.value.problem.remedy
