"""What the owner is told of what was mined, when the endpoint is slow to show it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from cortensor_tui.chain.contracts.calls import bind_call
from cortensor_tui.chain.rpc.client import Rpc, RpcClient
from cortensor_tui.chain.signing.signer import WatchedAddress, key_in_wallet
from cortensor_tui.devnet.accounts import user_accounts
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.swaps import WhenBusy
from cortensor_tui.node.owner import OwnerDesk, sending
from cortensor_tui.node.owner.sending import RECEIPT_TRIES
from cortensor_tui.node.owner_messages import Assign, CheckSigned, CreateSession, Sent, SignedChecked, Submit
from cortensor_tui.node.session_messages import SwapNodes
from tests.chain.transactions.stream import GWEI, Stream
from tests.devnet.devnet_on_anvil import ALICE, ORACLE, OWNER, STRANGER, DevnetOnAnvil

pytestmark = pytest.mark.real
CAP_WEI = 100 * GWEI


class SlowToShow(RpcClient):
    """Knows a receipt only in looks; alone it is not there yet for so many times."""

    times = 0

    async def call(self, method: str, *params: Any) -> Any:
        if method == "eth_getTransactionReceipt" and self.times:
            self.times -= 1
            return None
        return await super().call(method, *params)


def desk_of(stream: Stream, rpc: Rpc) -> OwnerDesk:
    return OwnerDesk(
        rpc,
        stream.reader,
        stream.sender,
        stream.journal,
        chain_id=31337,
        max_data_bytes=95_000,
        fee_cap_wei=CAP_WEI,
    )


async def create(devnet: DevnetOnAnvil, folder: Path, times: int) -> Sent:
    rpc = SlowToShow(devnet.rpc.url)
    rpc.times = times
    stream = Stream(devnet, folder / "journal.sqlite", rpc)
    await stream.sender.start()
    desk = desk_of(stream, rpc)
    creating = asyncio.create_task(desk.answer(CreateSession(name="mine")))
    while not creating.done():
        await stream.sender.look()
        await asyncio.sleep(0.01)
    await rpc.close()
    sent = creating.result()
    assert isinstance(sent, Sent)
    return sent


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "RECEIPT_RETRY_S", 0.01)


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


async def test_what_a_wallet_signed_is_told_with_its_price_and_a_warning_above_the_cap(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    stream = Stream(devnet, tmp_path / "journal.sqlite")
    desk = desk_of(stream, devnet.rpc)

    def signed(max_fee_wei: int) -> str:
        call = bind_call(stream.reader, 3, STRANGER)
        fields = {"type": 2, "chainId": 31337, "nonce": 0, "to": call.to, "data": call.data, "value": 0}
        fees = {"gas": 200_000, "maxFeePerGas": max_fee_wei, "maxPriorityFeePerGas": 1}
        key = user_accounts()[0].private_key
        return "0x" + bytes(Account.sign_transaction(fields | fees, key).raw_transaction).hex()

    usual = await desk.answer(CheckSigned(raw=signed(CAP_WEI)))
    assert isinstance(usual, SignedChecked)
    assert (usual.fee_wei, usual.warning) == (str(200_000 * CAP_WEI), "")
    assert "addDedicatedNode" in usual.call
    dear = await desk.answer(CheckSigned(raw=signed(50 * CAP_WEI)))
    assert isinstance(dear, SignedChecked)
    assert dear.fee_wei == str(50 * 200_000 * CAP_WEI)
    assert "5,000 gwei" in dear.warning
    assert "CORTENSOR_TUI_MAX_FEE_GWEI is 100" in dear.warning


async def test_who_has_no_owners_key_here_is_told_what_can_be_done_for_each_call(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    session_id = await devnet.create_session(OWNER, nodes=(ALICE,))
    watched = WatchedAddress(OWNER, key_in_wallet(OWNER))
    stream = Stream(devnet, tmp_path / "journal.sqlite", signer=watched)
    await stream.sender.start()
    desk = desk_of(stream, devnet.rpc)
    remedies = {}
    for name, asking in {
        "create": desk.answer(CreateSession(name="mine")),
        "submit": desk.answer(Submit(session_id=session_id, prompt="hello")),
        "assign": desk.answer(Assign(session_id=session_id, node_address=STRANGER)),
    }.items():
        with pytest.raises(ProblemError) as told:
            await asking
        assert told.value.problem.code == "no_owner_key", told.value
        remedies[name] = told.value.problem.remedy
    task = (session_id, await devnet.submit(session_id))
    await devnet.send(ORACLE, "SessionQueueV2", "assignTask", *devnet.assignment(task, ALICE))
    swap = SwapNodes(
        session_id=session_id, unbind_address=ALICE, bind_address=STRANGER, when_busy=WhenBusy.WAIT
    )
    with pytest.raises(ProblemError) as told:
        await asyncio.wait_for(desk.answer(swap), 30)
    assert told.value.problem.code == "no_owner_key", "before it waits for what cannot be signed then"
    assert desk.swaps.progress == ()
    for name in ("create", "submit"):
        assert f"calling {name} of SessionV2 at {devnet.contracts.session_v2}" in remedies[name]
        assert "CORTENSOR_TUI_OWNER_KEYSTORE" in remedies[name]
    assert "assign SESSION --unsigned" not in remedies["submit"]
    assert remedies["assign"].startswith("Write it with: cortensor-tui assign SESSION --unsigned FILE")
