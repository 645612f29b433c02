"""eth_call and eth_estimateGas on the embedded chain: who calls, at which block, and how it may end."""

from __future__ import annotations

from typing import Any

import pytest

from cortensor_tui.devnet import embedded_calls
from tests.devnet_chain.assembly import Act, ask, error_string, init_code
from tests.devnet_chain.conftest import GWEI, Lab, refusal


async def test_an_unfunded_sender_may_call_and_is_the_caller(lab: Lab) -> None:
    contract = await lab.deploy()
    output = await lab.view(contract, Act.CALLER, **{"from": lab.poor.address})
    assert output[-20:].hex() == lab.poor.address[2:].lower()
    assert await lab.view(contract, Act.CALLER) == bytes(32)


async def test_a_contract_may_be_the_sender(lab: Lab) -> None:
    contract = await lab.deploy()
    output = await lab.view(contract, Act.CALLER, **{"from": contract})
    assert output[-20:].hex() == contract[2:].lower()


async def test_fees_named_in_a_call_are_seen_and_not_charged(lab: Lab) -> None:
    contract = await lab.deploy()
    for name in ("gasPrice", "maxFeePerGas"):
        output = await lab.view(contract, Act.GAS_PRICE, **{"from": lab.poor.address, name: hex(9 * GWEI)})
        assert int.from_bytes(output, "big") == 9 * GWEI


async def test_a_call_sees_the_state_of_the_block_it_names(lab: Lab) -> None:
    contract = await lab.deploy()
    numbers = []
    for nonce, value in enumerate((5, 6)):
        await lab.send(lab.bob, nonce, to=contract, data=ask(Act.STORE, 1, value))
        numbers.append(await lab.mine())
    message = {"to": contract, "data": ask(Act.LOAD, 1)}
    block_hash = (await lab.rpc.call("eth_getBlockByNumber", hex(numbers[0]), False))["hash"]
    for block, value in (
        (hex(numbers[0]), 5),
        (hex(numbers[1]), 6),
        ("latest", 6),
        ("safe", 6),
        ("finalized", 6),
        ("pending", 6),
        ({"blockHash": block_hash}, 5),
        ({"blockNumber": hex(numbers[0])}, 5),
        (None, 6),
    ):
        assert int(await lab.rpc.call("eth_call", message, block), 16) == value, block
    assert await lab.rpc.call("eth_call", message, "earliest") == "0x"
    storage = await lab.rpc.call("eth_getStorageAt", contract, "0x1", hex(numbers[0]))
    assert storage == "0x" + 63 * "0" + "5"
    assert "header not found" in (await refusal(lab.rpc, "eth_call", message, "0x63")).message


async def test_a_call_leaves_nothing_behind(lab: Lab) -> None:
    contract = await lab.deploy()
    await lab.view(contract, Act.STORE, 1, 99)
    assert await lab.view(contract, Act.LOAD, 1) == bytes(32)
    assert await lab.rpc.call("eth_getStorageAt", contract, "0x1", "latest") == "0x" + 64 * "0"


async def test_block_context_is_the_named_block_or_the_one_to_come(lab: Lab) -> None:
    contract = await lab.deploy()
    await lab.mine()
    head = await lab.rpc.call("eth_getBlockByNumber", "latest", False)
    message = {"to": contract, "data": ask(Act.TIME_AND_NUMBER)}
    at_head = bytes.fromhex((await lab.rpc.call("eth_call", message, "latest"))[2:])
    to_come = bytes.fromhex((await lab.rpc.call("eth_call", message, "pending"))[2:])
    assert int.from_bytes(at_head[:32], "big") == int(head["timestamp"], 16)
    assert int.from_bytes(at_head[32:], "big") == int(head["number"], 16)
    assert int.from_bytes(to_come[:32], "big") > int(head["timestamp"], 16)
    assert int.from_bytes(to_come[32:], "big") == int(head["number"], 16) + 1


async def test_the_hashes_of_earlier_blocks_are_seen_twice_in_one_call(lab: Lab) -> None:
    contract = await lab.deploy()
    for _ in range(3):
        await lab.mine()
    for number in (2, 1):
        expected = (await lab.rpc.call("eth_getBlockByNumber", hex(number), False))["hash"]
        assert "0x" + (await lab.view(contract, Act.BLOCK_HASH, number)).hex() == expected
    assert await lab.view(contract, Act.BLOCK_HASH, 4) == bytes(32)


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
async def test_a_revert_carries_its_sentence_and_its_bytes(lab: Lab, method: str) -> None:
    contract = await lab.deploy()
    revert_data = error_string("Only the session owner may bind")
    message = {"to": contract, "data": ask(Act.REVERT, tail=revert_data)}
    error = await refusal(lab.rpc, method, message)
    assert error.code == 3
    assert error.message == "execution reverted: Only the session owner may bind"
    assert error.data == "0x" + revert_data.hex()


@pytest.mark.parametrize(
    ("revert_data", "message"),
    [
        (b"", "execution reverted"),
        (bytes.fromhex("deadbeef") + bytes(32), "execution reverted"),
        (bytes.fromhex("08c379a0") + b"\xff" * 40, "execution reverted"),
        (bytes.fromhex("08c379a0"), "execution reverted"),
        (bytes.fromhex("4e487b71") + (0x11).to_bytes(32, "big"), "execution reverted: panic code 0x11"),
    ],
)
async def test_a_revert_without_a_sentence_still_carries_its_bytes(
    lab: Lab, revert_data: bytes, message: str
) -> None:
    contract = await lab.deploy()
    error = await refusal(lab.rpc, "eth_call", {"to": contract, "data": ask(Act.REVERT, tail=revert_data)})
    assert (error.code, error.message, error.data) == (3, message, "0x" + revert_data.hex())


async def test_other_failures_have_a_name_and_no_data(lab: Lab) -> None:
    contract = await lab.deploy()
    calls: list[tuple[dict[str, Any], str]] = [
        ({"data": ask(Act.INVALID)}, "invalid opcode"),
        ({"data": ask(Act.STORE, 1, 1), "gas": "0x5600"}, "out of gas"),
        ({"data": ask(Act.CALLER), "gas": "0x100"}, "out of gas: the limit is below the intrinsic gas"),
        ({"data": "0x", "value": "0x1"}, "insufficient funds for transfer"),
    ]
    for fields, sentence in calls:
        error = await refusal(lab.rpc, "eth_call", {"to": contract, "from": lab.poor.address} | fields)
        assert (error.code, error.message, error.data) == (-32000, sentence, None)


async def test_an_endless_call_ends_at_the_time_limit_and_the_chain_goes_on(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = await lab.deploy()
    monkeypatch.setattr(embedded_calls, "CALL_TIME_LIMIT_S", 0.05)
    for method in ("eth_call", "eth_estimateGas"):
        error = await refusal(lab.rpc, method, {"to": contract, "data": ask(Act.LOOP)})
        assert "execution aborted" in error.message
    monkeypatch.undo()
    assert await lab.view(contract, Act.LOAD, 1) == bytes(32)
    await lab.send(lab.bob, 0, to=contract, data=ask(Act.STORE, 1, 4))
    await lab.mine()
    assert int.from_bytes(await lab.view(contract, Act.LOAD, 1), "big") == 4


async def test_the_deepest_recursion_is_survived(lab: Lab) -> None:
    contract = await lab.deploy()
    assert await lab.view(contract, Act.RECURSE) == b""
    transaction_hash = await lab.send(lab.bob, 0, to=contract, data=ask(Act.RECURSE), gas=29_000_000)
    await lab.mine()
    assert (await lab.receipt(transaction_hash))["status"] == "0x1"


@pytest.mark.parametrize("act", [Act.STORE, Act.BURN_IN_CHILD, Act.LOG, Act.CALLER])
async def test_the_estimate_suffices_and_is_close(lab: Lab, act: Act) -> None:
    contract = await lab.deploy()
    data = ask(act, 1, 2, 3, 4)
    message = {"from": lab.bob.address, "to": contract, "data": data}
    estimate = int(await lab.rpc.call("eth_estimateGas", message), 16)
    transaction_hash = await lab.send(lab.bob, 0, to=contract, data=data, gas=estimate)
    await lab.mine()
    receipt = await lab.receipt(transaction_hash)
    assert receipt["status"] == "0x1"
    assert estimate <= int(receipt["gasUsed"], 16) * 1.02 + 2_400


async def test_a_transfer_needs_21000_and_much_data_its_floor(lab: Lab) -> None:
    message: dict[str, Any] = {"from": lab.alice.address, "to": lab.bob.address}
    assert await lab.rpc.call("eth_estimateGas", message | {"value": "0x1"}) == hex(21_000)
    data = "0x" + "ff" * 1_000
    assert await lab.rpc.call("eth_estimateGas", message | {"data": data}) == hex(21_000 + 40 * 1_000)


async def test_a_deployment_can_be_estimated_and_called(lab: Lab) -> None:
    code = "0x" + init_code().hex()
    message = {"from": lab.alice.address, "data": code}
    estimate = int(await lab.rpc.call("eth_estimateGas", message), 16)
    transaction_hash = await lab.send(lab.alice, 0, to=None, data=code, gas=estimate)
    await lab.mine()
    receipt = await lab.receipt(transaction_hash)
    assert receipt["status"] == "0x1"
    runtime = await lab.rpc.call("eth_getCode", receipt["contractAddress"], "latest")
    assert await lab.rpc.call("eth_call", message, "latest") == runtime


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ([], "the message is missing"),
        ([7], "the message must be an object"),
        ([{"to": "0x12"}], "to must have 20 bytes, it has 1"),
        ([{"data": "0x123"}], "data must be 0x followed by an even number of hex digits"),
        ([{"data": "0x12", "input": "0x13"}], "input and data are both set and differ"),
        ([{"value": "ten"}], "value must be a hex quantity"),
        ([{"value": -1}], "value must be a hex quantity"),
        ([{"gas": True}], "gas must be a hex quantity"),
        ([{"chainId": "0x1"}], "chainId is not this chain's, 31337"),
        ([{}, "newest"], "block must be a hex quantity"),
        ([{}, "latest", {"0x00": {}}], "state overrides are not supported"),
        ([{}, "latest", None, None, 1], "5 parameters were sent"),
    ],
)
async def test_wrong_parameters_are_named(lab: Lab, params: list[Any], sentence: str) -> None:
    error = await refusal(lab.rpc, "eth_call", *params)
    assert error.code == -32602
    assert sentence in error.message
