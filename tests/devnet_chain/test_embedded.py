"""The embedded chain as it is started for people: it mines by the clock, stays small and ends cleanly."""

from __future__ import annotations

import asyncio
import random
import threading
import time
import tracemalloc
from typing import Any

import pytest

from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.devnet import embedded_producer
from cortensor_tui.devnet.block_index import BlockIndex
from cortensor_tui.devnet.embedded import start_embedded
from cortensor_tui.devnet.embedded_evm import Evm
from cortensor_tui.domain.problems import ProblemError
from tests.devnet_chain.conftest import CHAIN_ID, account, sign_transfer, wait_for_block


async def test_blocks_come_by_the_clock_and_never_run_ahead_of_it() -> None:
    backend = await start_embedded(0, {account(1).address: 10**21})
    rpc = RpcClient(backend.rpc_url)
    try:
        began = int(time.time())
        for nonce in range(6):  # a burst must not push the time forward
            raw = "0x" + sign_transfer(account(1), nonce).hex()
            await rpc.call("eth_sendRawTransaction", raw)
            await asyncio.sleep(0.1)
        await wait_for_block(rpc, 3)
        head = int(await rpc.call("eth_blockNumber"), 16)
        blocks = [await rpc.call("eth_getBlockByNumber", hex(number), False) for number in range(head + 1)]
        times = [int(block["timestamp"], 16) for block in blocks]
        assert times == sorted(set(times))
        assert times[-1] <= time.time()
        assert times[0] >= began - 2
        mined = sum(len(block["transactions"]) for block in blocks)
        waiting = await rpc.call("eth_getBlockTransactionCountByNumber", "pending")
        assert mined + int(waiting, 16) == 6
    finally:
        await rpc.close()
        await backend.stop()


async def test_the_first_transaction_does_not_wait_for_the_interval() -> None:
    backend = await start_embedded(0, {account(1).address: 10**21}, block_interval_s=3600)
    rpc = RpcClient(backend.rpc_url)
    try:
        await rpc.call("eth_sendRawTransaction", "0x" + sign_transfer(account(1), 0).hex())
        await wait_for_block(rpc, 1)
        await rpc.call("eth_sendRawTransaction", "0x" + sign_transfer(account(1), 1).hex())
        await wait_for_block(rpc, 2)
    finally:
        await rpc.close()
        await backend.stop()


async def test_stopping_frees_the_port_and_the_thread_and_may_be_repeated() -> None:
    before = {thread for thread in threading.enumerate() if thread.name.startswith("devnet-evm")}
    backend = await start_embedded(0, {})
    port = int(backend.rpc_url.rsplit(":", 1)[1])
    await backend.stop()
    await backend.stop()
    after = {thread for thread in threading.enumerate() if thread.name.startswith("devnet-evm")}
    assert after == before
    again = await start_embedded(port, {})
    with pytest.raises(ProblemError):
        await start_embedded(port, {})
    await again.stop()


async def test_an_interval_below_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="at most once a second"):
        await start_embedded(0, {}, block_interval_s=0.5)


def test_an_empty_block_costs_less_than_half_a_kilobyte() -> None:
    evm = Evm(CHAIN_ID, {}, timestamp=1_000)
    index = BlockIndex(evm.genesis)

    def mine(count: int) -> None:
        for _ in range(count):
            index.append(evm.execute(index.head, index.head.timestamp + 1, []).block)

    mine(300)  # caches fill
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        mine(1_000)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / 1_000 < 512


async def test_a_block_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_producer, "_RETRY_S", 0.0)
    execute, failures = Evm.execute, iter([MemoryError("once")])

    def fail_once(evm: Evm, *arguments: Any) -> Any:
        for failure in failures:
            raise failure
        return execute(evm, *arguments)

    monkeypatch.setattr(Evm, "execute", fail_once)
    # A long interval, so that the block that fails is the transaction's and none before it.
    backend = await start_embedded(0, {account(1).address: 10**21}, block_interval_s=3600)
    rpc = RpcClient(backend.rpc_url)
    try:
        transaction_hash = await rpc.call("eth_sendRawTransaction", "0x" + sign_transfer(account(1), 0).hex())
        await wait_for_block(rpc, 1)
        assert await rpc.call("eth_getTransactionReceipt", transaction_hash) is not None
    finally:
        await rpc.close()
        await backend.stop()
    assert next(failures, None) is None


async def test_many_clients_at_once_lose_and_double_nothing() -> None:
    senders = [account(number) for number in range(1, 9)]
    backend = await start_embedded(0, {sender.address: 10**21 for sender in senders})
    rpc = RpcClient(backend.rpc_url)
    try:
        filter_id = await rpc.call("eth_newBlockFilter")
        raws = [sign_transfer(sender, nonce) for sender in senders for nonce in range(10)]
        random.Random(7).shuffle(raws)  # nonces arrive in any order: gaps open and close
        sent = await asyncio.gather(*(rpc.call("eth_sendRawTransaction", "0x" + raw.hex()) for raw in raws))
        hashes: list[str] = []
        async with asyncio.timeout(30):
            while len(hashes) < len(sent):
                for block_hash in await rpc.call("eth_getFilterChanges", filter_id):
                    hashes += (await rpc.call("eth_getBlockByHash", block_hash, False))["transactions"]
                await asyncio.sleep(0.02)
        assert sorted(hashes) == sorted(sent)
        for sender in senders:
            assert await rpc.call("eth_getTransactionCount", sender.address, "latest") == "0xa"
    finally:
        await rpc.close()
        await backend.stop()
