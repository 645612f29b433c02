"""What callers are told when the chain is left, or the disk fills, while their transaction is on its way."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import TransactionState
from tests.chain.transactions.stream import Stream, StubbornRpc, first_nonce, holding_blocks, refused
from tests.devnet.devnet_on_anvil import DevnetOnAnvil

pytestmark = pytest.mark.real


class HeldRpc(RpcClient):
    """An endpoint whose answer to a send takes until `may_answer` is set."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.sends = 0
        self.has_sent = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def send_raw(self, raw: str) -> str:
        self.sends += 1
        self.has_sent.set()
        await self.may_answer.wait()
        return await super().send_raw(raw)


@contextmanager
def full_disk(stream: Stream) -> Iterator[None]:
    """Let every write to the journal fail."""
    connection = stream.journal.transactions._database.connection
    connection.execute("PRAGMA query_only=ON")
    try:
        yield
    finally:
        connection.execute("PRAGMA query_only=OFF")


async def code_of(work: Any) -> str:
    with pytest.raises(ProblemError) as told:
        await work
    return told.value.problem.code


async def test_who_sends_and_who_waits_for_a_turn_is_told_and_nothing_leaves(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    rpc = HeldRpc(devnet.rpc.url)
    stream = Stream(devnet, tmp_path / "journal.sqlite", rpc)
    await stream.sender.start()
    first = asyncio.create_task(stream.send("under way"))
    await rpc.has_sent.wait()
    second = asyncio.create_task(stream.send("waits for its turn"))
    while not len(stream.sender._parts.queue):
        await asyncio.sleep(0)
    stream.sender.close()
    rpc.may_answer.set()
    assert [await code_of(first), await code_of(second)] == ["chain_replaced", "chain_replaced"]
    assert rpc.sends == 1
    assert [one.call for one in stream.journal.transactions.recent(9)] == [
        stream.create("under way").text[:300]
    ]
    [signed] = stream.journal.transactions.recent(9)
    assert await code_of(stream.sender.settled(signed)) == "chain_replaced", "nobody would ever tell"
    assert await code_of(stream.send("later")) == "chain_replaced"


async def test_nothing_is_left_in_the_log_for_a_caller_who_has_gone(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
    await stream.sender.start()
    async with holding_blocks(devnet):
        sent = await stream.send("left")
        waiting = asyncio.create_task(stream.sender.settled(sent))
        await asyncio.sleep(0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        stream.sender.close()
        gc.collect()
        await asyncio.sleep(0)
    assert reported == []


async def test_a_disk_that_fills_after_the_send_makes_nobody_send_again(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    rpc = HeldRpc(devnet.rpc.url)
    stream = Stream(devnet, tmp_path / "journal.sqlite", rpc)
    await stream.sender.start()
    sending = asyncio.create_task(stream.send("once"))
    await rpc.has_sent.wait()
    with full_disk(stream):
        rpc.may_answer.set()
        sent = await sending
    assert (await stream.settled(sent)).state is TransactionState.MINED
    assert await stream.sessions() == 1


async def test_a_refusal_that_cannot_be_noted_is_followed(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    class FillingRpc(StubbornRpc):
        async def send_raw(self, raw: str) -> str:
            if self.times:
                disk.__enter__()
            return await super().send_raw(raw)

    rpc = FillingRpc(devnet.rpc.url, refused("intrinsic gas too low"), times=1)
    stream = Stream(devnet, tmp_path / "journal.sqlite", rpc)
    disk = full_disk(stream)
    await stream.sender.start()
    first = await first_nonce(devnet)
    sent = await stream.send("once")
    disk.__exit__(None, None, None)
    settled = await stream.settled(sent)
    assert (settled.state, settled.nonce) == (TransactionState.MINED, first)
    following = await stream.settled(await stream.send("next"))
    assert following.nonce == first + 1
