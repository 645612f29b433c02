"""What an external wallet has signed goes through the node's stream, and the wallet stays free to act."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.chain.signing.external import AcceptedCall, decode_signed
from cortensor_tui.chain.signing.signer import Signer, TransactionSigner, WatchedAddress, key_in_wallet
from cortensor_tui.devnet.accounts import user_accounts
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import TransactionState
from tests.chain.transactions.stream import GWEI, PURPOSE, Stream, first_nonce, holding_blocks
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil

pytestmark = pytest.mark.real
KEY = user_accounts()[0].private_key
SIGNERS: dict[str, TransactionSigner] = {
    "its own key": Signer(KEY, 31337),
    "a key in a wallet": WatchedAddress(OWNER, key_in_wallet(OWNER)),
}
with_either_key = pytest.mark.parametrize("signer", SIGNERS.values(), ids=SIGNERS)


def signed(stream: Stream, name: str, nonce: int, max_fee_gwei: int = 100) -> AcceptedCall:
    """Return a call as a wallet signs it."""
    call = stream.create(name)
    fields = {"type": 2, "chainId": 31337, "nonce": nonce, "to": call.to, "data": call.data, "value": 0}
    fees = {
        "gas": 2_000_000,
        "maxFeePerGas": max_fee_gwei * GWEI,
        "maxPriorityFeePerGas": max_fee_gwei * GWEI,
    }
    raw = "0x" + bytes(Account.sign_transaction(fields | fees, KEY).raw_transaction).hex()
    return AcceptedCall(signed=decode_signed(raw), function="create", arguments=(), text=call.text)


async def told(work: Any) -> str:
    with pytest.raises(ProblemError) as refused:
        await work
    return refused.value.problem.code


@with_either_key
async def test_a_wallet_that_replaces_what_it_signed_is_no_stranger(
    devnet: DevnetOnAnvil, tmp_path: Path, signer: TransactionSigner
) -> None:
    stream = Stream(devnet, tmp_path / "journal.sqlite", signer=signer)
    await stream.sender.start()
    nonce = await first_nonce(devnet)
    async with holding_blocks(devnet):
        sent = await stream.sender.send_signed(signed(stream, "first", nonce), PURPOSE)
        dearer = signed(stream, "dearer", nonce, max_fee_gwei=200)
        await devnet.rpc.send_raw("0x" + dearer.signed.raw.hex())
    settled = await stream.settled(sent)
    assert settled.state is TransactionState.REPLACED
    assert "wallet" in settled.error
    assert stream.sender.problem is None

    following = await stream.sender.send_signed(signed(stream, "next", nonce + 1), PURPOSE)
    assert (await stream.settled(following)).state is TransactionState.MINED


async def test_a_wallet_that_was_used_while_the_node_was_away_is_no_news(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    watched = SIGNERS["a key in a wallet"]
    stream = Stream(devnet, tmp_path / "journal.sqlite", signer=watched)
    await stream.sender.start()
    nonce = await first_nonce(devnet)
    await stream.settled(await stream.sender.send_signed(signed(stream, "first", nonce), PURPOSE))
    await devnet.create_session(OWNER)
    again = Stream(devnet, stream.journal_path, signer=watched)
    await again.sender.start()
    assert again.sender.warning is None


async def test_a_nonce_out_of_step_is_told_and_the_key_goes_on(devnet: DevnetOnAnvil, tmp_path: Path) -> None:
    class LaggingRpc(RpcClient):
        """Counts one transaction less than there are, once asked to."""

        lag = 0

        async def call(self, method: str, *params: Any) -> Any:
            answer = await super().call(method, *params)
            return hex(int(answer, 16) - self.lag) if method == "eth_getTransactionCount" else answer

    rpc = LaggingRpc(devnet.rpc.url)
    stream = Stream(devnet, tmp_path / "journal.sqlite", rpc)
    await stream.sender.start()
    mined = await stream.settled(await stream.send("ours"))
    rpc.lag = 1
    for nonce in (mined.nonce, mined.nonce + 2):
        assert await told(stream.sender.send_signed(signed(stream, "stale", nonce), PURPOSE)) == "wrong_nonce"
    rpc.lag = 0
    assert stream.sender.problem is None
    assert (await stream.settled(await stream.send("next"))).nonce == mined.nonce + 1


@with_either_key
async def test_the_same_file_given_twice_is_sent_once(
    devnet: DevnetOnAnvil, tmp_path: Path, signer: TransactionSigner
) -> None:
    stream = Stream(devnet, tmp_path / "journal.sqlite", signer=signer)
    await stream.sender.start()
    call = signed(stream, "once", await first_nonce(devnet))
    first, second = await asyncio.gather(
        stream.sender.send_signed(call, PURPOSE), stream.sender.send_signed(call, PURPOSE)
    )
    assert first.transaction_id == second.transaction_id
    assert (await stream.settled(first)).state is TransactionState.MINED
    assert await stream.sessions() == 1
