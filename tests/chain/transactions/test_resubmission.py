"""What is sent and not mined: stuck, dropped, too cheap, out of coin, lost in a gap."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.chain.rpc.client import RpcError
from cortensor_tui.chain.transactions import SendRules
from cortensor_tui.chain.transactions.resubmission import ABOVE_CAP, AT_CAP, DROPPED, GAP_BELOW, NO_OP_SENT
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from tests.chain.transactions.stream import (
    GWEI,
    PRICES,
    PURPOSE,
    RULES,
    TIMED_OUT,
    Stream,
    StubbornRpc,
    first_nonce,
    holding_blocks,
    refused,
)
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil

pytestmark = pytest.mark.real


async def in_pool(devnet: DevnetOnAnvil, one: Transaction) -> bool:
    return await devnet.rpc.call("eth_getTransactionByHash", one.attempts[-1].hash) is not None


async def test_a_dropped_transaction_goes_out_again_with_the_same_bytes(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    await stream.sender.start()
    async with holding_blocks(devnet):
        first, second = await stream.send("first"), await stream.send("second")
        await devnet.rpc.call("anvil_dropTransaction", first.hash)
        assert not await in_pool(devnet, first)
        await stream.look_later(0.1)
        assert not await in_pool(devnet, first), "right after a send, silence is no loss"
        await stream.look_later(3)
        assert await in_pool(devnet, first)
        assert stream.now(first).waiting_for == DROPPED
        assert len(stream.now(first).attempts) == 1
    assert [(await stream.settled(one)).state for one in (first, second)] == [TransactionState.MINED] * 2


async def test_fees_are_raised_for_waiting_where_that_helps(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    async with holding_blocks(devnet):
        stream.prices = msgspec.structs.replace(PRICES, block_number=10)
        sent = await stream.send("stuck")
        stream.prices = msgspec.structs.replace(PRICES, block_number=12)
        await stream.look_later(5)
        assert len(stream.now(sent).attempts) == 1
        stream.prices = msgspec.structs.replace(PRICES, block_number=13)
        await stream.look_later(5)
        before, after = stream.now(sent).attempts
        assert await in_pool(devnet, stream.now(sent))
        for name in ("max_fee_wei", "priority_fee_wei"):
            assert int(getattr(after, name)) >= int(getattr(before, name)) * 1.1
        assert stream.now(sent).hash == after.hash
    settled = await stream.settled(sent)
    assert (settled.state, settled.hash, settled.nonce) == (TransactionState.MINED, after.hash, sent.nonce)
    assert await stream.sessions() == 1


async def test_fees_stay_where_a_sequencer_takes_what_comes_first(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    rules = msgspec.structs.replace(RULES, bump=False)
    stream = Stream(devnet, tmp_path / "journal.sqlite", rules=rules)
    await stream.sender.start()
    async with holding_blocks(devnet):
        stream.prices = msgspec.structs.replace(PRICES, block_number=10)
        sent = await stream.send("patient")
        stream.prices = msgspec.structs.replace(PRICES, block_number=1_000)
        await stream.look_later(60)
        assert len(stream.now(sent).attempts) == 1
        stream.prices = msgspec.structs.replace(PRICES, base_fee_wei=200 * GWEI)
        await stream.look_later(5)
        assert len(stream.now(sent).attempts) == 2, "a base fee above the offer is another matter"
    assert (await stream.settled(sent)).state is TransactionState.MINED


async def test_a_base_fee_above_the_offer_raises_it_and_the_first_attempt_may_still_win(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    await stream.sender.start()
    async with holding_blocks(devnet):
        sent = await stream.send("early")
        raw_first = "0x" + stream.journal.transactions.raw(sent.transaction_id, 1).hex()
        stream.prices = msgspec.structs.replace(PRICES, base_fee_wei=300 * GWEI)
        await stream.look_later(5)
        assert len(stream.now(sent).attempts) == 2
        await devnet.rpc.call("anvil_dropTransaction", stream.now(sent).hash)
        await devnet.rpc.call("eth_sendRawTransaction", raw_first)
    settled = await stream.settled(sent)
    assert (settled.state, settled.hash) == (TransactionState.MINED, sent.hash)


async def test_at_the_cap_it_waits_and_says_so(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    rules = SendRules(fee_cap_wei=110 * GWEI)
    stream = Stream(devnet, tmp_path / "journal.sqlite", rules=rules)
    await stream.sender.start()
    async with holding_blocks(devnet):
        sent = await stream.send("capped")
        stream.prices = msgspec.structs.replace(PRICES, base_fee_wei=200 * GWEI)
        await stream.look_later(5)
        assert stream.now(sent).waiting_for == ABOVE_CAP
        assert len(stream.now(sent).attempts) == 1
        with pytest.raises(ProblemError) as told:
            await stream.send("another")
        assert told.value.problem.code == "fee_too_low"
        stream.prices = PRICES
        await stream.look_later(5)
        assert stream.now(sent).waiting_for == ""
    assert (await stream.settled(sent)).state is TransactionState.MINED


async def test_a_base_fee_that_jumped_since_the_head_is_met_at_once(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    await stream.sender.start()
    await devnet.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(400 * GWEI))
    await devnet.rpc.call("evm_mine")
    await devnet.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(400 * GWEI))
    sent = await stream.send("jumped")  # the sender still believes in 50 gwei
    assert len(sent.attempts) == 2
    assert "base fee" in sent.attempts[0].error.lower()
    assert (await stream.settled(sent)).state is TransactionState.MINED
    await devnet.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(GWEI))  # the chain is for all tests
    await devnet.rpc.call("evm_mine")


async def test_a_replacement_that_is_too_cheap_is_raised_further(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    rpc = StubbornRpc(devnet.rpc.url, refused("replacement transaction underpriced"), times=1)
    stream = Stream(devnet, tmp_path / "journal.sqlite", rpc)
    await stream.sender.start()
    sent = await stream.send("cheap")
    assert sent.state is TransactionState.UNKNOWN
    await stream.look_later(3)
    first, second = stream.now(sent).attempts
    assert int(second.max_fee_wei or 0) >= int(first.max_fee_wei or 0) * 1.1
    assert (await stream.settled(sent)).hash == second.hash
    await rpc.close()


async def test_nonce_too_high_sends_the_predecessor_and_leaves_the_fees(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    rpc = StubbornRpc(devnet.rpc.url, RpcError(-32000, "nonce too high: next nonce 5, tx nonce 6"), times=0)
    stream = Stream(devnet, tmp_path / "journal.sqlite", rpc)
    await stream.sender.start()
    async with holding_blocks(devnet):
        first = await stream.send("first")
        await devnet.rpc.call("anvil_dropTransaction", first.hash)
        stream.clock.pass_s(1)
        rpc.times = 1
        second = await stream.send("second")
        assert await in_pool(devnet, first)
        assert await in_pool(devnet, second)
        assert [len(stream.now(one).attempts) for one in (first, second)] == [1, 1]
    await stream.settled(first)
    assert (await stream.settled(second)).state is TransactionState.MINED
    await rpc.close()


async def test_an_empty_balance_pauses_and_a_filled_one_resumes(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    await stream.sender.start()
    balance = await devnet.rpc.call("eth_getBalance", OWNER, "latest")
    await devnet.rpc.call("anvil_setBalance", OWNER, "0x0")
    with pytest.raises(ProblemError):
        await stream.send("poor")
    assert stream.sender.problem is not None
    assert stream.sender.problem.code == "no_balance"
    await stream.look_later(60)
    assert stream.sender.problem is not None, "nothing was filled"
    await devnet.rpc.call("anvil_setBalance", OWNER, balance)
    await stream.look_later(0.1)
    assert stream.sender.problem is None
    assert (await stream.settled(await stream.send("rich"))).state is TransactionState.MINED


async def test_what_no_endpoint_takes_gives_way_to_a_no_op(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    rpc = StubbornRpc(devnet.rpc.url, TIMED_OUT, times=1)
    stream = Stream(devnet, tmp_path / "journal.sqlite", rpc)
    await stream.sender.start()
    hopeless = await stream.send("hopeless")
    assert hopeless.state is TransactionState.UNKNOWN
    rpc.times = 0
    async with holding_blocks(devnet):
        later = await stream.send("later")
        rpc.error = refused("intrinsic gas too low")
        rpc.times = 10
        for _ in range(10):
            await stream.look_later(3)
        assert stream.now(hopeless).attempts[-1].error == "intrinsic gas too low"
        await stream.look_later(3)
        assert stream.now(hopeless).waiting_for == NO_OP_SENT
    settled = await stream.settled(hopeless)
    assert settled.state is TransactionState.REPLACED
    assert (await stream.settled(later)).state is TransactionState.MINED
    [no_op] = [one for one in stream.journal.transactions.recent(10) if one.kind is TransactionKind.NO_OP]
    assert (no_op.nonce, no_op.state) == (hopeless.nonce, TransactionState.MINED)
    await rpc.close()


async def test_a_gap_is_filled_by_the_next_call_or_else_by_a_no_op(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    first = await first_nonce(devnet)
    await stream.sender.start()
    await devnet.create_session(OWNER)  # another program, before it is gone again with its block
    other = Stream(devnet, Path(stream.journal_path).with_name("other.sqlite"))
    await other.sender.start()
    async with holding_blocks(devnet):
        sent = await other.send("above the gap")
        assert sent.nonce == first + 1
        await devnet.rpc.call("anvil_dropTransaction", sent.hash)
    await devnet.rpc.call("anvil_rollback", 2)
    assert await first_nonce(devnet) == first
    await other.look_later(3)
    assert other.now(sent).waiting_for in (GAP_BELOW, DROPPED)
    await other.look_later(5)
    await other.look_later(5)
    settled = await other.settled(sent)
    assert settled.state is TransactionState.MINED
    [no_op] = [one for one in other.journal.transactions.recent(10) if one.kind is TransactionKind.NO_OP]
    assert no_op.nonce == first


async def test_who_is_cancelled_in_the_queue_leaves_no_trace(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    first = await first_nonce(devnet)
    async with stream.sender._parts.queue.turn(0.0):
        unwanted = asyncio.create_task(stream.send("unwanted"))
        wanted = asyncio.create_task(stream.send("wanted"))
        while len(stream.sender._parts.queue) < 2:
            await asyncio.sleep(0.01)
        unwanted.cancel()
    assert (await wanted).nonce == first
    assert unwanted.cancelled()
    assert len(stream.journal.transactions.recent(10)) == 1


async def test_the_urgent_overtake_the_leisurely(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    deadlines = (None, 900.0, 100.0, 500.0)
    purposes = [msgspec.structs.replace(PURPOSE, deadline_at=deadline) for deadline in deadlines]
    async with stream.sender._parts.queue.turn(0.0):
        sending = [
            asyncio.create_task(stream.send(f"due {one.deadline_at}", purpose=one)) for one in purposes
        ]
        while len(stream.sender._parts.queue) < len(sending):
            await asyncio.sleep(0.01)
    sent = await asyncio.gather(*sending)
    assert [one.deadline_at for one in sorted(sent, key=lambda one: one.nonce)] == [100.0, 500.0, 900.0, None]


def test_at_cap_and_above_cap_name_the_setting() -> None:
    assert "CORTENSOR_TUI_MAX_FEE_GWEI" in AT_CAP
    assert "CORTENSOR_TUI_MAX_FEE_GWEI" in ABOVE_CAP
