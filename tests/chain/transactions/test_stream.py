"""The nonce stream against a real chain: nothing lost, nothing twice, whatever goes wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.chain.rpc.client import RpcClient, RpcError
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.transactions import TransactionState
from tests.chain.transactions.stream import PURPOSE, Stream, StubbornRpc, first_nonce, holding_blocks
from tests.devnet.devnet_on_anvil import OWNER, STRANGER, DevnetOnAnvil

pytestmark = pytest.mark.real


async def test_many_at_once_take_nonces_without_a_gap(devnet: DevnetOnAnvil, stream: Stream) -> None:
    first = await first_nonce(devnet)
    await stream.sender.start()
    sent = await asyncio.gather(
        *(stream.sender.send(stream.create(f"session {number}"), PURPOSE) for number in range(20))
    )
    settled = [await stream.settled(one) for one in sent]
    assert sorted(one.nonce for one in settled) == list(range(first, first + 20))
    assert {one.state for one in settled} == {TransactionState.MINED}
    assert all(one.fee_wei is not None and int(one.fee_wei) > 0 for one in settled)
    assert int(await devnet.read("SessionV2", "getSessionCount")) == 20


async def test_what_was_signed_before_a_crash_is_sent_byte_for_byte(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    class DeadRpc(RpcClient):
        """Takes everything but the send, as a machine that dies right before it."""

        async def send_raw(self, raw: str) -> str:
            raise problem_error("no_rpc", "gone")

    before = Stream(devnet, tmp_path / "journal.sqlite", DeadRpc(devnet.rpc.url))
    await before.sender.start()
    unsent = await before.sender.send(before.create("once"), PURPOSE)
    assert unsent.state is TransactionState.UNKNOWN

    after = Stream(devnet, tmp_path / "journal.sqlite")
    await after.sender.start()
    settled = await after.settled(unsent)
    assert (settled.state, settled.hash) == (TransactionState.MINED, unsent.hash)
    following = await after.settled(await after.sender.send(after.create("next"), PURPOSE))
    assert following.nonce == unsent.nonce + 1
    assert int(await devnet.read("SessionV2", "getSessionCount")) == 2


async def test_a_call_that_would_revert_is_not_sent(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    session_id = await devnet.create_session(STRANGER)
    call = stream.reader.session_call("deactivateSession", session_id)
    with pytest.raises(ProblemError) as refused:
        await stream.sender.send(call, PURPOSE)
    assert refused.value.problem.code == "reverted"
    assert "owner" in refused.value.problem.why
    assert stream.told == []


async def test_a_revert_on_chain_is_told_in_the_contracts_words(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    session_id = await devnet.create_session(OWNER)
    await stream.sender.start()
    call = stream.reader.session_call("deactivateSession", session_id)
    async with holding_blocks(devnet):
        first = await stream.sender.send(call, PURPOSE)
        second = await stream.sender.send(call, PURPOSE)
        await devnet.rpc.call("evm_mine")
    assert (await stream.settled(first)).state is TransactionState.MINED
    settled = await stream.settled(second)
    assert settled.state is TransactionState.REVERTED
    assert "active" in settled.error


async def test_an_empty_balance_is_told_and_uses_no_nonce(devnet: DevnetOnAnvil, stream: Stream) -> None:
    first = await first_nonce(devnet)
    await stream.sender.start()
    balance = await devnet.rpc.call("eth_getBalance", OWNER, "latest")
    await devnet.rpc.call("anvil_setBalance", OWNER, "0x0")
    with pytest.raises(ProblemError) as refused:
        await stream.sender.send(stream.create("poor"), PURPOSE)
    assert refused.value.problem.code == "no_balance"
    await devnet.rpc.call("anvil_setBalance", OWNER, balance)
    await stream.sender.look()
    settled = await stream.settled(await stream.sender.send(stream.create("filled"), PURPOSE))
    assert (settled.state, settled.nonce) == (TransactionState.MINED, first)


async def test_a_dropped_transaction_is_sent_again(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    stream = Stream(devnet, tmp_path / "journal.sqlite")
    await stream.sender.start()
    async with holding_blocks(devnet):
        sent = await stream.sender.send(stream.create("dropped"), PURPOSE)
        await devnet.rpc.call("anvil_dropTransaction", sent.hash)
    again = Stream(devnet, tmp_path / "journal.sqlite")  # a restart sends whatever has no receipt
    await again.sender.start()
    assert (await again.settled(sent)).hash == sent.hash


async def test_a_foreign_use_of_the_key_is_noticed(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    async with holding_blocks(devnet):
        sent = await stream.sender.send(stream.create("ours"), PURPOSE)
        await devnet.rpc.call("anvil_dropTransaction", sent.hash)
    await devnet.create_session(OWNER)  # anvil signs as our address: the nonce is taken
    settled = await stream.settled(sent)
    assert settled.state is TransactionState.REPLACED
    assert "used elsewhere" in settled.error


async def test_a_stream_knows_what_the_journal_says(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    settled = await stream.settled(await stream.sender.send(stream.create("kept"), PURPOSE))
    assert stream.journal.transactions.recent(1) == [settled]
    assert msgspec.structs.replace(settled) == stream.told[-1]
    assert [one.state for one in stream.told] == [
        TransactionState.SIGNED,
        TransactionState.SENT,
        TransactionState.MINED,
    ]


async def test_the_same_call_can_be_sent_again_after_a_refusal(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    refusal = RpcError(-32000, "insufficient funds for gas * price + value")
    stream = Stream(devnet, tmp_path / "journal.sqlite", StubbornRpc(devnet.rpc.url, refusal, times=1))
    await stream.sender.start()
    with pytest.raises(ProblemError) as refused:
        await stream.sender.send(stream.create("again"), PURPOSE)
    assert refused.value.problem.code == "no_balance"
    await stream.sender.look()
    settled = await stream.settled(await stream.sender.send(stream.create("again"), PURPOSE))
    assert settled.state is TransactionState.MINED
    assert settled.error == ""


@pytest.mark.parametrize("takes_it", [True, False])
async def test_an_unclear_refusal_is_no_refusal(
    devnet: DevnetOnAnvil, tmp_path: Path, takes_it: bool
) -> None:
    unclear = RpcError(-32603, "request timed out")
    rpc = StubbornRpc(devnet.rpc.url, unclear, times=1, takes_it=takes_it)
    stream = Stream(devnet, tmp_path / "journal.sqlite", rpc)
    await stream.sender.start()
    sent = await stream.sender.send(stream.create("perhaps"), PURPOSE)
    assert sent.state is TransactionState.UNKNOWN
    settled = await stream.settled(sent)
    assert (settled.state, settled.hash) == (TransactionState.MINED, sent.hash)
    assert int(await devnet.read("SessionV2", "getSessionCount")) == 1


async def test_what_a_reorganisation_took_away_is_sent_again(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    mined = await stream.settled(await stream.sender.send(stream.create("kept"), PURPOSE))
    await devnet.rpc.call("anvil_reorg", 1, [])
    assert int(await devnet.read("SessionV2", "getSessionCount")) == 0
    await stream.sender.reread()
    again = await stream.settled(stream.journal.transactions.get(mined.transaction_id))
    assert (again.state, again.hash) == (TransactionState.MINED, mined.hash)
    assert int(await devnet.read("SessionV2", "getSessionCount")) == 1
    following = await stream.settled(await stream.sender.send(stream.create("next"), PURPOSE))
    assert following.nonce == mined.nonce + 1


async def test_who_waits_is_told_when_the_chain_is_left(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    async with holding_blocks(devnet):
        sent = await stream.sender.send(stream.create("left"), PURPOSE)
        waiting = asyncio.create_task(stream.sender.settled(sent))
        await asyncio.sleep(0)
        stream.sender.close()
        with pytest.raises(ProblemError) as told:
            await waiting
    assert told.value.problem.code == "chain_replaced"
