"""What the embedded chain does with signed transactions: taken, refused with a sentence, ordered, mined."""

from __future__ import annotations

from typing import Any

import pytest
from eth.vm.forks.prague.state import PragueState
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.devnet.embedded_evm import BLOCK_GAS_LIMIT, Evm
from cortensor_tui.devnet.embedded_transactions import TransactionRefusedError, decode_transaction
from tests.devnet_chain.assembly import Act, ask, init_code
from tests.devnet_chain.conftest import (
    CHAIN_ID,
    GWEI,
    START_WEI,
    Lab,
    account,
    raw_address,
    refusal,
    sign_transfer,
)


async def test_a_type_2_transfer_is_mined_with_a_complete_receipt(lab: Lab) -> None:
    transaction_hash = await lab.send(lab.alice, 0, value=7, gas=21_000)
    assert await lab.receipt(transaction_hash) is None
    waiting = await lab.rpc.call("eth_getTransactionByHash", transaction_hash)
    assert waiting["blockNumber"] is None
    assert waiting["blockHash"] is None
    assert waiting["transactionIndex"] is None

    await lab.mine()
    receipt = await lab.receipt(transaction_hash)
    head = await lab.rpc.call("eth_getBlockByNumber", "latest", False)
    base_fee = int(head["baseFeePerGas"], 16)
    assert receipt == {
        "transactionHash": transaction_hash,
        "transactionIndex": "0x0",
        "blockHash": head["hash"],
        "blockNumber": "0x1",
        "from": lab.alice.address.lower(),
        "to": lab.bob.address.lower(),
        "contractAddress": None,
        "cumulativeGasUsed": "0x5208",
        "gasUsed": "0x5208",
        "effectiveGasPrice": hex(base_fee + GWEI),
        "logs": [],
        "logsBloom": "0x" + 512 * "0",
        "status": "0x1",
        "type": "0x2",
    }
    assert int(await lab.rpc.call("eth_getBalance", lab.bob.address, "latest"), 16) == START_WEI + 7
    paid = 7 + 21_000 * (base_fee + GWEI)
    assert int(await lab.rpc.call("eth_getBalance", lab.alice.address, "latest"), 16) == START_WEI - paid


async def test_a_legacy_transfer_keeps_its_shape(lab: Lab) -> None:
    transaction_hash = await lab.send(lab.alice, 0, gasPrice=3 * GWEI, value=1, gas=21_000)
    await lab.mine()
    found = await lab.rpc.call("eth_getTransactionByHash", transaction_hash)
    assert found["type"] == "0x0"
    assert found["gasPrice"] == hex(3 * GWEI)
    assert int(found["v"], 16) in (CHAIN_ID * 2 + 35, CHAIN_ID * 2 + 36)
    assert "maxFeePerGas" not in found
    assert "accessList" not in found
    assert (await lab.receipt(transaction_hash))["effectiveGasPrice"] == hex(3 * GWEI)


async def test_a_typed_transaction_is_returned_as_it_was_signed(lab: Lab) -> None:
    access_list = [{"address": lab.bob.address, "storageKeys": ["0x" + 64 * "1"]}]
    transaction_hash = await lab.send(lab.alice, 0, accessList=access_list, data="0x0102", gas=60_000)
    await lab.mine()
    found = await lab.rpc.call("eth_getTransactionByHash", transaction_hash)
    assert found["type"] == "0x2"
    assert found["chainId"] == hex(CHAIN_ID)
    assert found["input"] == "0x0102"
    assert found["maxFeePerGas"] == hex(5 * GWEI)
    assert found["maxPriorityFeePerGas"] == hex(GWEI)
    assert found["yParity"] == found["v"]
    assert found["accessList"] == [{"address": lab.bob.address.lower(), "storageKeys": ["0x" + 64 * "1"]}]


async def test_a_deployment_has_no_recipient_and_names_its_contract(lab: Lab) -> None:
    transaction_hash = await lab.send(lab.alice, 0, to=None, data=init_code(), gas=1_000_000)
    await lab.mine()
    receipt = await lab.receipt(transaction_hash)
    assert receipt["to"] is None
    assert (await lab.rpc.call("eth_getTransactionByHash", transaction_hash))["to"] is None
    assert len(await lab.rpc.call("eth_getCode", receipt["contractAddress"], "latest")) > 100
    assert await lab.rpc.call("eth_getCode", receipt["contractAddress"], "0x0") == "0x"


async def test_a_reverting_transaction_is_mined_as_failed_and_costs_gas(lab: Lab) -> None:
    contract = await lab.deploy()
    transaction_hash = await lab.send(lab.bob, 0, to=contract, data=ask(Act.REVERT))
    await lab.mine()
    receipt = await lab.receipt(transaction_hash)
    assert receipt["status"] == "0x0"
    assert receipt["logs"] == []
    assert int(receipt["gasUsed"], 16) > 21_000
    assert await lab.rpc.call("eth_getTransactionCount", lab.bob.address, "latest") == "0x1"


async def test_a_failed_deployment_names_the_address_and_leaves_no_code(lab: Lab) -> None:
    transaction_hash = await lab.send(lab.alice, 0, to=None, data="0xfe")
    await lab.mine()
    receipt = await lab.receipt(transaction_hash)
    assert receipt["status"] == "0x0"
    assert await lab.rpc.call("eth_getCode", receipt["contractAddress"], "latest") == "0x"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"chainId": 1}, "signed for chain 1, but this is chain 31337"),
        ({"gas": 20_999}, "intrinsic gas too low"),
        ({"gas": 21_000, "data": "0x" + "01" * 100}, "intrinsic gas too low"),
        ({"gas": 30_000_001}, "exceeds block gas limit"),
        ({"value": START_WEI}, "insufficient funds for gas * price + value"),
        ({"maxFeePerGas": 1, "maxPriorityFeePerGas": 2}, "max priority fee per gas is higher"),
        ({"to": None, "data": "0x" + "00" * 49_153, "gas": 5_000_000}, "max initcode size exceeded"),
        ({"nonce": 2_000}, "nonce too high"),
    ],
)
async def test_a_transaction_that_cannot_be_mined_is_refused_with_the_reason(
    lab: Lab, fields: dict[str, Any], sentence: str
) -> None:
    raw = lab.sign(lab.alice, fields.pop("nonce", 0), **fields)
    error = await refusal(lab.rpc, "eth_sendRawTransaction", raw)
    assert error.code == -32000
    assert sentence in error.message
    assert len(lab.chain.pool) == 0


@pytest.mark.parametrize(
    "raw",
    [
        "0x",
        "0x00",
        "0xc0",
        "0x02",
        "0x02c0",
        "0x7f00",
        "0xf8",
        "0xdeadbeef",
        "0x03c0",
        "0x04c0",
        "0x02" + "ff" * 50,
    ],
)
async def test_bytes_that_are_no_transaction_are_refused_with_a_sentence(lab: Lab, raw: str) -> None:
    error = await refusal(lab.rpc, "eth_sendRawTransaction", raw)
    assert error.code == -32000
    assert "transaction" in error.message
    assert "Traceback" not in error.message


@given(raw=st.binary(max_size=200))
def test_no_bytes_whatever_break_the_decoder(raw: bytes) -> None:
    with pytest.raises(TransactionRefusedError):
        decode_transaction(raw, CHAIN_ID, BLOCK_GAS_LIMIT)


@given(position=st.integers(min_value=0), bit=st.integers(0, 7), is_legacy=st.booleans())
def test_one_flipped_bit_never_breaks_the_decoder(position: int, bit: int, is_legacy: bool) -> None:
    fields = {"gasPrice": 3 * GWEI} if is_legacy else {}
    raw = bytearray(sign_transfer(account(1), 0, **fields))
    raw[position % len(raw)] ^= 1 << bit
    try:
        decoded = decode_transaction(bytes(raw), CHAIN_ID, BLOCK_GAS_LIMIT)
    except TransactionRefusedError:
        return
    assert decoded.record.sender != raw_address(account(1))


async def test_a_transaction_without_a_chain_id_is_refused(lab: Lab) -> None:
    raw = lab.sign(lab.alice, 0, gasPrice=3 * GWEI, chainId=None)
    assert "names no chain id" in (await refusal(lab.rpc, "eth_sendRawTransaction", raw)).message


async def test_a_transaction_of_more_than_128_kb_is_refused(lab: Lab) -> None:
    raw = lab.sign(lab.alice, 0, data="0x" + "00" * 131_072, gas=20_000_000)
    assert "more than 131072" in (await refusal(lab.rpc, "eth_sendRawTransaction", raw)).message


async def test_a_tampered_signature_pays_from_nobody(lab: Lab) -> None:
    raw = lab.sign(lab.alice, 0)
    flipped = raw[:-2] + f"{int(raw[-2:], 16) ^ 1:02x}"
    error = await refusal(lab.rpc, "eth_sendRawTransaction", flipped)
    assert "insufficient funds" in error.message or "signature is not valid" in error.message


async def test_the_same_transaction_again_is_already_known_before_and_after_mining(lab: Lab) -> None:
    raw = lab.sign(lab.alice, 0)
    await lab.rpc.call("eth_sendRawTransaction", raw)
    for _ in range(2):
        error = await refusal(lab.rpc, "eth_sendRawTransaction", raw)
        assert (error.code, error.message) == (-32000, "already known")
        await lab.mine()


async def test_a_used_nonce_is_too_low(lab: Lab) -> None:
    await lab.send(lab.alice, 0)
    await lab.mine()
    error = await refusal(lab.rpc, "eth_sendRawTransaction", lab.sign(lab.alice, 0, value=5))
    assert error.message == "nonce too low: next nonce 1, transaction nonce 0"


async def test_a_nonce_gap_waits_until_it_is_filled(lab: Lab) -> None:
    later = [await lab.send(lab.alice, nonce) for nonce in (2, 1)]
    await lab.mine()
    assert [await lab.receipt(one) for one in later] == [None, None]
    assert await lab.rpc.call("eth_getTransactionCount", lab.alice.address, "pending") == "0x0"

    first = await lab.send(lab.alice, 0)
    assert await lab.rpc.call("eth_getTransactionCount", lab.alice.address, "pending") == "0x3"
    assert await lab.rpc.call("eth_getTransactionCount", lab.alice.address, "latest") == "0x0"
    number = await lab.mine()
    receipts = [await lab.receipt(one) for one in (first, later[1], later[0])]
    assert [(one["blockNumber"], one["transactionIndex"]) for one in receipts] == [
        (hex(number), hex(position)) for position in range(3)
    ]


async def test_a_replacement_must_raise_both_fees_by_a_tenth(lab: Lab) -> None:
    fees = {"maxFeePerGas": 2_000, "maxPriorityFeePerGas": 1_000}  # below the base fee: it waits
    first = await lab.send(lab.alice, 0, **fees)
    await lab.mine()
    for maximum, priority in ((2_199, 1_100), (2_200, 1_099), (2_000, 1_000)):
        raw = lab.sign(lab.alice, 0, value=1, maxFeePerGas=maximum, maxPriorityFeePerGas=priority)
        error = await refusal(lab.rpc, "eth_sendRawTransaction", raw)
        assert (error.code, error.message) == (-32000, "replacement transaction underpriced")
    second = await lab.send(lab.alice, 0, value=1, maxFeePerGas=2_200, maxPriorityFeePerGas=1_100)
    assert await lab.rpc.call("eth_getTransactionByHash", first) is None
    assert await lab.rpc.call("eth_getTransactionByHash", second) is not None

    third = await lab.send(lab.alice, 0, value=2)
    await lab.mine()
    assert (await lab.receipt(third))["status"] == "0x1"
    assert await lab.receipt(second) is None


async def test_waiting_transactions_count_against_the_balance(lab: Lab) -> None:
    await lab.send(lab.alice, 0, value=START_WEI * 6 // 10)
    error = await refusal(
        lab.rpc, "eth_sendRawTransaction", lab.sign(lab.alice, 1, value=START_WEI * 6 // 10)
    )
    assert "is held by waiting transactions" in error.message


async def test_the_better_tip_is_mined_first(lab: Lab) -> None:
    low = await lab.send(lab.alice, 0, maxPriorityFeePerGas=GWEI)
    high = await lab.send(lab.bob, 0, maxPriorityFeePerGas=2 * GWEI)
    await lab.mine()
    assert (await lab.receipt(high))["transactionIndex"] == "0x0"
    assert (await lab.receipt(low))["transactionIndex"] == "0x1"


async def test_what_does_not_fit_into_a_block_waits_for_the_next(lab: Lab) -> None:
    hashes = [await lab.send(lab.alice, nonce, gas=29_990_000) for nonce in range(3)]
    numbers = [await lab.mine() for _ in hashes]
    mined_in = [int((await lab.receipt(one))["blockNumber"], 16) for one in hashes]
    assert mined_in == numbers


def test_a_transaction_whose_money_is_gone_is_dropped_with_those_behind_it_kept() -> None:
    alice = account(1)
    evm = Evm(CHAIN_ID, {raw_address(alice): 10**18}, timestamp=1_000)
    transactions = [
        decode_transaction(sign_transfer(alice, nonce, value=6 * 10**17), CHAIN_ID, BLOCK_GAS_LIMIT)
        for nonce in range(3)
    ]
    executed = evm.execute(evm.genesis, 1_001, transactions)
    assert [one.nonce for one in executed.block.transactions] == [0]
    assert [dropped for dropped, _ in executed.dropped] == [transactions[1].record.hash]


def test_a_transaction_that_breaks_the_virtual_machine_is_dropped_and_undone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alice, bob = account(1), account(2)
    evm = Evm(CHAIN_ID, {raw_address(alice): 10**18, raw_address(bob): 10**18}, timestamp=1_000)
    broken, healthy = (
        decode_transaction(sign_transfer(sender, 0), CHAIN_ID, BLOCK_GAS_LIMIT) for sender in (alice, bob)
    )
    run = PragueState.apply_transaction

    def break_on_alice(state: PragueState, transaction: Any) -> Any:
        computation = run(state, transaction)
        if transaction.sender == raw_address(alice):
            raise AttributeError("as a fault in py-evm would")
        return computation

    monkeypatch.setattr(PragueState, "apply_transaction", break_on_alice)
    executed = evm.execute(evm.genesis, 1_001, [broken, healthy])
    assert [one.hash for one in executed.block.transactions] == [healthy.record.hash]
    assert [dropped for dropped, _ in executed.dropped] == [broken.record.hash]
    assert evm.balance(executed.block, raw_address(alice)) == 10**18
    assert evm.nonce(executed.block, raw_address(alice)) == 0
