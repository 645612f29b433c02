"""What was mined and is gone, and strangers who use the key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.rpc.client import Call, RpcClient
from cortensor_tui.chain.transactions import Estimate, Purpose
from cortensor_tui.chain.transactions.fees import Fees
from cortensor_tui.chain.transactions.following import NO_RECEIPT_YET
from cortensor_tui.chain.transactions.settling import NONCE_GONE, REORGANISED
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from tests.chain.transactions.stream import PRICES, Stream, first_nonce, holding_blocks
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil

pytestmark = pytest.mark.real


async def test_a_foreign_use_stops_the_sending_until_a_restart(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    async with holding_blocks(devnet):
        sent = await stream.send("ours")
        await devnet.rpc.call("anvil_dropTransaction", sent.hash)
    await devnet.create_session(OWNER)
    for _ in range(3):
        await stream.look_later(0.1)
    assert stream.now(sent).waiting_for == NO_RECEIPT_YET
    assert stream.sender.problem is None, "an endpoint that lags is no stranger"
    assert (await stream.settled(sent)).state is TransactionState.REPLACED
    assert stream.sender.problem is not None
    assert stream.sender.problem.code == "foreign_key_use"
    assert "own" in stream.sender.problem.remedy
    with pytest.raises(ProblemError):
        await stream.send("refused")

    again = Stream(devnet, stream.journal_path)
    await again.sender.start()
    assert again.sender.problem is None
    assert (await again.settled(await again.send("after a restart"))).state is TransactionState.MINED


async def test_a_use_while_the_node_was_away_is_adopted_with_a_warning(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    await stream.sender.start()
    async with holding_blocks(devnet):
        sent = await stream.send("ours")
        await devnet.rpc.call("anvil_dropTransaction", sent.hash)
    await devnet.create_session(OWNER)
    await devnet.create_session(OWNER)
    again = Stream(devnet, stream.journal_path)
    await again.sender.start()
    assert again.sender.warning is not None
    assert (await again.settled(sent)).state is TransactionState.REPLACED
    assert again.sender.problem is None
    assert (await again.settled(await again.send("next"))).state is TransactionState.MINED


async def test_what_waits_to_be_mined_for_an_older_journal_is_no_stranger(
    devnet: DevnetOnAnvil, stream: Stream, tmp_path: Path
) -> None:
    await stream.sender.start()
    async with holding_blocks(devnet):
        waiting = await stream.send("the journal of this one is lost")
        again = Stream(devnet, tmp_path / "backup.sqlite")
        await again.sender.start()
        sent = await again.send("next")
        assert sent.nonce == waiting.nonce + 1
    assert (await again.settled(sent)).state is TransactionState.MINED
    assert again.sender.problem is None
    assert await stream.sessions() == 2


async def test_the_first_send_that_finds_the_nonce_used_notices_the_stranger(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    await stream.sender.start()
    await devnet.create_session(OWNER)
    sent = await stream.send("too low")
    assert sent.state is TransactionState.UNKNOWN
    assert (await stream.settled(sent)).state is TransactionState.REPLACED
    assert stream.sender.problem is not None
    assert stream.sender.problem.code == "foreign_key_use"


async def test_a_reorganisation_opens_what_it_took_and_tells(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    sent = [await stream.send(f"session {number}") for number in range(3)]
    mined = [await stream.settled(one) for one in sent]
    assert all(one.block_hash for one in mined)
    stream.told.clear()
    await devnet.rpc.call("anvil_rollback", 2)
    await stream.sender.reread()
    reopened = [one for one in stream.told if one.waiting_for == REORGANISED]
    assert [one.nonce for one in reopened] == [mined[1].nonce, mined[2].nonce]
    assert {(one.state, one.block_number, one.fee_wei) for one in reopened} == {
        (TransactionState.SENT, None, None)
    }
    again = [await stream.settled(one) for one in sent]
    assert [one.hash for one in again] == [one.hash for one in mined]
    assert {one.state for one in again} == {TransactionState.MINED}
    assert await stream.sessions() == 3


async def test_what_moved_to_another_block_is_kept_with_that_block(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    await stream.sender.start()
    mined = await stream.settled(await stream.send("moving"))
    raw = "0x" + stream.journal.transactions.raw(mined.transaction_id).hex()
    await devnet.rpc.call("anvil_rollback", 1)
    await devnet.rpc.call("evm_mine")
    await devnet.rpc.call("eth_sendRawTransaction", raw)
    while await devnet.rpc.call("eth_getTransactionReceipt", mined.hash) is None:
        pass  # anvil mines it after it has answered
    await stream.sender.reread()
    moved = stream.now(mined)
    assert moved.state is TransactionState.MINED
    assert moved.block_hash not in (None, mined.block_hash)
    assert moved.block_number == (mined.block_number or 0) + 1


async def test_a_chain_that_came_back_from_an_older_state_is_no_stranger(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    await stream.sender.start()
    snapshot = await devnet.rpc.call("evm_snapshot")
    first = await first_nonce(devnet)
    mined = [await stream.settled(await stream.send(f"session {number}")) for number in range(3)]
    await devnet.rpc.call("evm_revert", snapshot)
    again = Stream(devnet, stream.journal_path)  # the node was killed with its chain
    await again.sender.start()
    settled = [await again.settled(one) for one in mined]
    assert [(one.nonce, one.hash) for one in settled] == [(one.nonce, one.hash) for one in mined]
    assert mined[0].nonce == first
    assert again.sender.problem is None
    assert again.sender.warning is None
    assert (await again.settled(await again.send("next"))).nonce == first + 3


async def test_looks_are_counted_anew_after_a_reorganisation(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    stream.prices = msgspec.structs.replace(PRICES, block_number=1)
    async with holding_blocks(devnet):
        sent = await stream.send("nearly lost")
        await devnet.rpc.call("anvil_dropTransaction", sent.hash)
    await devnet.create_session(OWNER)
    await stream.look_later(2)
    await stream.look_later(2)
    await devnet.rpc.call("anvil_rollback", 1)  # the stranger's transaction is gone
    await stream.sender.reread()
    assert stream.sender.problem is None
    assert (await stream.settled(sent)).state is TransactionState.MINED


class WatchedRpc(RpcClient):
    """A real endpoint that counts what is asked, and may know no receipts for a while."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.has_no_receipts = False
        self.receipts_asked = 0

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        answers = await super().batch(calls)
        places = [place for place, (method, _) in enumerate(calls) if method == "eth_getTransactionReceipt"]
        self.receipts_asked += len(places)
        for place in places if self.has_no_receipts else ():
            answers[place] = None
        return answers


@pytest.fixture
def watched(devnet: DevnetOnAnvil, tmp_path: Path) -> Stream:
    """A stream whose endpoint is watched."""
    return Stream(devnet, tmp_path / "journal.sqlite", WatchedRpc(devnet.rpc.url))


async def look_at_a_new_head(stream: Stream, seconds: float) -> None:
    block = (stream.prices.block_number or 0) + 1
    stream.prices = msgspec.structs.replace(stream.prices, block_number=block)
    await stream.look_later(seconds)


async def test_what_no_watcher_saw_taken_back_is_found_by_looking_again(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    await stream.sender.start()
    sent = [await stream.send(f"session {number}") for number in range(3)]
    mined = [await stream.settled(one) for one in sent]
    await devnet.rpc.call("anvil_rollback", 2)
    assert not stream.sender.is_busy
    for _ in range(4):
        await look_at_a_new_head(stream, 1.1)
    again = [await stream.settled(one) for one in sent]
    assert [one.hash for one in again] == [one.hash for one in mined]
    assert [one.waiting_for for one in stream.told].count(REORGANISED) == 2
    assert await stream.sessions() == 3


async def test_an_endpoint_that_lags_takes_nothing_back(watched: Stream) -> None:
    await watched.sender.start()
    mined = await watched.settled(await watched.send("kept"))
    rpc = watched.sender._parts.rpc
    assert isinstance(rpc, WatchedRpc)
    rpc.has_no_receipts = True
    await look_at_a_new_head(watched, 0.5)
    await look_at_a_new_head(watched, 0.5)
    asked = rpc.receipts_asked
    rpc.has_no_receipts = False
    await watched.look_later(5)
    assert rpc.receipts_asked > asked, "what is missing is looked for without a new head"
    assert watched.now(mined) == mined
    assert watched.told[-1] == mined


async def test_what_is_mined_is_looked_at_less_and_less_often(watched: Stream) -> None:
    await watched.sender.start()
    await watched.settled(await watched.send("kept"))
    rpc = watched.sender._parts.rpc
    assert isinstance(rpc, WatchedRpc)
    before = rpc.receipts_asked
    await watched.look_later(1.0)
    assert rpc.receipts_asked == before, "the chain has not moved"
    for _ in range(4_000):
        await look_at_a_new_head(watched, 1.0)
    assert 8 <= rpc.receipts_asked - before <= 11, "once for each doubling of half an hour"


async def test_a_no_op_that_lost_its_nonce_to_the_call_it_had_replaced_is_no_stranger(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    await stream.sender.start()
    mined = await stream.settled(await stream.send("ours"))
    log = stream.journal.transactions
    no_op = stream.sender._parts.stream.sign(
        ContractCall(to=OWNER, data="0x", text="no-op"),
        Purpose(kind=TransactionKind.NO_OP),
        Estimate(gas_limit=21_000, fees=Fees(max_fee_wei=PRICES.base_fee_wei, priority_fee_wei=1)),
        mined.nonce,
    )
    log.update(msgspec.structs.replace(mined, state=TransactionState.REPLACED, error=NONCE_GONE))
    # The no-op had won, its block is gone, and the call was mined instead.
    assert (await stream.settled(no_op)).state is TransactionState.REPLACED
    assert stream.sender.problem is None
    assert stream.now(mined).state is TransactionState.MINED
