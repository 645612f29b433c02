"""A key that is used elsewhere while nothing of it is open."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_account import Account

from cortensor_tui.chain.rpc.client import RpcError
from cortensor_tui.chain.signing.external import AcceptedCall, decode_signed
from cortensor_tui.chain.signing.signer import WatchedAddress, key_in_wallet
from cortensor_tui.devnet.accounts import user_accounts
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import TransactionState
from tests.chain.transactions.stream import (
    GWEI,
    PURPOSE,
    Stream,
    StubbornRpc,
    first_nonce,
    holding_blocks,
    refused,
)
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil

pytestmark = pytest.mark.real
CODE = "foreign_key_use"


async def read_counts(stream: Stream, *counts: int, every_s: float = 1.5) -> None:
    """Show the stream what the chain counts, as often as there are counts; 0 is what it counts now."""
    for count in counts:
        stream.clock.pass_s(every_s)
        await stream.sender.idle_use.see(count or await first_nonce(stream.devnet))


async def test_a_stranger_is_noticed_before_the_next_send(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    mined = await stream.settled(await stream.send("ours"))
    await devnet.create_session(OWNER)
    await read_counts(stream, 0, 0)
    assert stream.sender.problem is None, "one look may lie"
    assert stream.sender.idle_use.is_suspected
    await read_counts(stream, 0)
    assert stream.sender.problem is not None
    assert stream.sender.problem.code == CODE
    assert str(mined.nonce + 1) in stream.sender.problem.why
    with pytest.raises(ProblemError) as told:
        await stream.send("not lost")
    assert told.value.problem.code == CODE


async def test_quick_looks_and_answers_that_differ_are_no_stranger(
    devnet: DevnetOnAnvil, stream: Stream
) -> None:
    await stream.sender.start()
    right = await first_nonce(devnet)
    await read_counts(stream, *[right + 1] * 5, every_s=0.1)
    await read_counts(stream, right + 1, right, right + 1, right, right + 1)
    assert stream.sender.problem is None
    await read_counts(stream, right)
    assert not stream.sender.idle_use.is_suspected


async def test_what_is_ours_is_no_stranger_in_whatever_state(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    async with holding_blocks(devnet):
        sent = [await stream.send(f"session {number}") for number in range(3)]
    await read_counts(stream, 0, 0, 0)  # mined, and its receipts not yet seen
    for one in sent:
        await stream.settled(one)
    await devnet.rpc.call("anvil_rollback", 2)
    await stream.sender.reread()
    await read_counts(stream, 0, 0, 0)
    assert stream.sender.problem is None
    assert [(await stream.settled(one)).state for one in sent] == [TransactionState.MINED] * 3


async def test_what_was_refused_and_mined_all_the_same_is_ours(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    lie = StubbornRpc(devnet.rpc.url, refused("insufficient funds for gas"), times=1, takes_it=True)
    stream = Stream(devnet, tmp_path / "journal.sqlite", lie)
    await stream.sender.start()
    with pytest.raises((ProblemError, RpcError)):
        await stream.send("taken")
    await read_counts(stream, 0, 0, 0)
    assert [one.state for one in stream.journal.transactions.recent(5)] == [TransactionState.MINED]
    await stream.look_later(1.5)  # the pause for the balance ends
    assert stream.sender.problem is None
    assert (await stream.settled(await stream.send("next"))).state is TransactionState.MINED


async def test_a_use_while_the_node_was_away_stays_adopted(devnet: DevnetOnAnvil, stream: Stream) -> None:
    await stream.sender.start()
    await stream.settled(await stream.send("ours"))
    await devnet.create_session(OWNER)
    again = Stream(devnet, stream.journal_path)
    await again.sender.start()
    await read_counts(again, 0, 0, 0)
    assert again.sender.warning is not None
    assert again.sender.problem is None


async def test_what_a_wallet_has_just_sent_is_noticed_before_the_next_send(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    stream = Stream(devnet, tmp_path / "journal.sqlite", is_exclusive=False)
    await stream.sender.start()
    await stream.settled(await stream.send("ours"))
    await devnet.create_session(OWNER)
    async with holding_blocks(devnet):
        await devnet.rpc.call("eth_sendTransaction", {"from": OWNER, "to": OWNER})
        sent = await stream.send("ours again")
    assert (await stream.settled(sent)).state is TransactionState.MINED


async def test_a_key_that_a_wallet_has_as_well_goes_on_with_its_next_nonce(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    stream = Stream(devnet, tmp_path / "journal.sqlite", is_exclusive=False)
    await stream.sender.start()
    await devnet.create_session(OWNER)
    await read_counts(stream, 0, 0, 0)
    assert stream.sender.problem is None
    sent = await stream.send("after the wallet")
    assert sent.state is TransactionState.SENT, "its nonce was not used up"
    assert (await stream.settled(sent)).state is TransactionState.MINED


async def test_what_a_wallet_signed_for_this_node_is_ours(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    watched = WatchedAddress(OWNER, key_in_wallet(OWNER))
    for name, signer in {"own": None, "watched": watched}.items():
        stream = Stream(devnet, tmp_path / f"{name}.sqlite", signer=signer)
        await stream.sender.start()
        await stream.settled(await stream.sender.send_signed(await signed_by_wallet(stream), PURPOSE))
        await read_counts(stream, 0, 0, 0)
        assert stream.sender.problem is None


async def signed_by_wallet(stream: Stream) -> AcceptedCall:
    call = stream.create("signed elsewhere")
    fields = {"type": 2, "chainId": 31337, "nonce": await first_nonce(stream.devnet), "to": call.to}
    fees = {"value": 0, "gas": 2_000_000, "maxFeePerGas": 100 * GWEI, "maxPriorityFeePerGas": GWEI}
    signed = Account.sign_transaction(fields | fees | {"data": call.data}, user_accounts()[0].private_key)
    raw = "0x" + bytes(signed.raw_transaction).hex()
    return AcceptedCall(signed=decode_signed(raw), function="create", arguments=(), text=call.text)
