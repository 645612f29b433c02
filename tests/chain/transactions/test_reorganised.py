"""What was mined and is gone, and strangers who use the key."""

from __future__ import annotations

import msgspec
import pytest

from cortensor_tui.chain.transactions.following import NO_RECEIPT_YET, REORGANISED
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import TransactionState
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
