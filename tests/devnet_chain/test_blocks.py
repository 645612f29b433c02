"""Blocks as clients read them: by number, tag and hash, with a hash that anybody can check."""

from __future__ import annotations

from typing import Any

import rlp
from eth_utils.crypto import keccak

from tests.devnet_chain.assembly import Act, ask
from tests.devnet_chain.conftest import START_WEI, Lab, refusal

_HEADER_FIELDS = """
    parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty number gasLimit
    gasUsed timestamp extraData mixHash nonce baseFeePerGas withdrawalsRoot blobGasUsed excessBlobGas
    parentBeaconBlockRoot requestsHash
"""
_QUANTITIES = "difficulty number gasLimit gasUsed timestamp baseFeePerGas blobGasUsed excessBlobGas"


def header_hash(block: dict[str, Any]) -> str:
    """Hash a block's JSON as the Ethereum header it claims to be (Prague: 21 fields)."""
    encoded = rlp.encode([_field(name, block[name]) for name in _HEADER_FIELDS.split()])
    return "0x" + keccak(encoded).hex()


def _field(name: str, value: str) -> bytes:
    if name not in _QUANTITIES.split():
        return bytes.fromhex(value[2:])
    number = int(value, 16)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


async def test_every_block_hashes_to_its_hash_and_names_its_parent(lab: Lab) -> None:
    contract = await lab.deploy()
    await lab.send(lab.bob, 0, to=contract, data=ask(Act.LOG, 1, 2, 3, 4))
    await lab.send(lab.alice, 1)
    await lab.mine()
    await lab.mine()
    blocks = [await lab.rpc.call("eth_getBlockByNumber", hex(number), False) for number in range(4)]
    assert [header_hash(block) for block in blocks] == [block["hash"] for block in blocks]
    assert [block["parentHash"] for block in blocks[1:]] == [block["hash"] for block in blocks[:-1]]
    assert int(blocks[2]["logsBloom"], 16) > 0
    assert int(blocks[3]["logsBloom"], 16) == 0


async def test_a_block_lists_hashes_or_whole_transactions(lab: Lab) -> None:
    hashes = [await lab.send(lab.alice, nonce) for nonce in range(2)]
    await lab.mine()
    block = await lab.rpc.call("eth_getBlockByNumber", "0x1", False)
    assert block["transactions"] == hashes
    full = await lab.rpc.call("eth_getBlockByHash", block["hash"], True)
    assert full["transactions"] == [await lab.rpc.call("eth_getTransactionByHash", one) for one in hashes]
    assert full | {"transactions": hashes} == block
    assert await lab.rpc.call("eth_getBlockTransactionCountByNumber", "latest") == "0x2"
    assert await lab.rpc.call("eth_getBlockTransactionCountByHash", block["hash"]) == "0x2"
    receipts = await lab.rpc.call("eth_getBlockReceipts", "0x1")
    assert receipts == [await lab.receipt(one) for one in hashes]
    assert [one["cumulativeGasUsed"] for one in receipts] == [hex(21_000), hex(42_000)]


async def test_tags_name_the_head_the_genesis_and_the_block_to_come(lab: Lab) -> None:
    await lab.mine()
    for tag in ("latest", "safe", "finalized"):
        assert (await lab.rpc.call("eth_getBlockByNumber", tag, False))["number"] == "0x1"
    assert (await lab.rpc.call("eth_getBlockByNumber", "earliest", False))["number"] == "0x0"
    waiting = await lab.send(lab.alice, 0)
    pending = await lab.rpc.call("eth_getBlockByNumber", "pending", True)
    head = await lab.rpc.call("eth_getBlockByNumber", "latest", False)
    assert (pending["number"], pending["parentHash"], pending["hash"]) == ("0x2", head["hash"], None)
    assert [one["hash"] for one in pending["transactions"]] == [waiting]
    assert int(pending["timestamp"], 16) > int(head["timestamp"], 16)
    assert await lab.rpc.call("eth_getBlockTransactionCountByNumber", "pending") == "0x1"


async def test_what_does_not_exist_is_null(lab: Lab) -> None:
    unknown = "0x" + 64 * "a"
    for method, params in (
        ("eth_getBlockByNumber", ["0x63", False]),
        ("eth_getBlockByHash", [unknown, True]),
        ("eth_getBlockReceipts", ["0x63"]),
        ("eth_getBlockTransactionCountByNumber", ["0x63"]),
        ("eth_getBlockTransactionCountByHash", [unknown]),
        ("eth_getTransactionByHash", [unknown]),
        ("eth_getTransactionReceipt", [unknown]),
    ):
        assert await lab.rpc.call(method, *params) is None, method


async def test_accounts_are_read_at_the_block_asked_for(lab: Lab) -> None:
    await lab.send(lab.alice, 0, value=9)
    await lab.mine()
    for method, block, value in (
        ("eth_getBalance", "0x0", START_WEI),
        ("eth_getBalance", "latest", START_WEI + 9),
        ("eth_getBalance", "pending", START_WEI + 9),
    ):
        assert int(await lab.rpc.call(method, lab.bob.address, block), 16) == value
    assert await lab.rpc.call("eth_getTransactionCount", lab.alice.address, "0x0") == "0x0"
    assert await lab.rpc.call("eth_getTransactionCount", lab.alice.address) == "0x1"
    assert await lab.rpc.call("eth_getBalance", lab.poor.address) == "0x0"
    assert await lab.rpc.call("eth_getCode", lab.poor.address, "latest") == "0x"


async def test_the_node_describes_itself(lab: Lab) -> None:
    assert (await lab.rpc.call("web3_clientVersion")).startswith("cortensor-devnet/")
    expected = {
        "eth_chainId": "0x7a69",
        "net_version": "31337",
        "net_listening": True,
        "eth_syncing": False,
        "eth_accounts": [],
        "eth_blockNumber": "0x0",
    }
    for method, value in expected.items():
        assert await lab.rpc.call(method) == value


async def test_fee_history_takes_hex_and_integers_and_gives_rewards(lab: Lab) -> None:
    await lab.send(lab.alice, 0, maxPriorityFeePerGas=10**9)
    await lab.send(lab.bob, 0, maxPriorityFeePerGas=3 * 10**9)
    await lab.mine()
    await lab.mine()
    blocks = [await lab.rpc.call("eth_getBlockByNumber", hex(number), False) for number in range(3)]
    history = await lab.rpc.call("eth_feeHistory", "0x2", "latest", [0, 50, 100])
    assert history == await lab.rpc.call("eth_feeHistory", 2, "0x2", [0, 50, 100])
    assert history["oldestBlock"] == "0x1"
    assert history["baseFeePerGas"][:2] == [block["baseFeePerGas"] for block in blocks[1:]]
    assert len(history["baseFeePerGas"]) == 3
    assert history["gasUsedRatio"] == [42_000 / 30_000_000, 0]
    assert history["reward"] == [[hex(10**9), hex(10**9), hex(3 * 10**9)], ["0x0", "0x0", "0x0"]]

    whole = await lab.rpc.call("eth_feeHistory", 1_000_000, "latest", None)
    assert whole["oldestBlock"] == "0x0"
    assert "reward" not in whole
    early = await lab.rpc.call("eth_feeHistory", 1, "0x0")
    assert early["baseFeePerGas"] == [blocks[0]["baseFeePerGas"], blocks[1]["baseFeePerGas"]]
    assert (await refusal(lab.rpc, "eth_feeHistory", 0)).code == -32602
    for wrong in ([50, 10], [101], ["a"], "50", [True]):
        assert (await refusal(lab.rpc, "eth_feeHistory", 1, "latest", wrong)).code == -32602


async def test_the_suggested_price_is_mined_in_the_next_block(lab: Lab) -> None:
    price = int(await lab.rpc.call("eth_gasPrice"), 16)
    tip = int(await lab.rpc.call("eth_maxPriorityFeePerGas"), 16)
    legacy = await lab.send(lab.alice, 0, gasPrice=price)
    typed = await lab.send(lab.bob, 0, maxFeePerGas=price, maxPriorityFeePerGas=tip)
    await lab.mine()
    assert [(await lab.receipt(one))["status"] for one in (legacy, typed)] == ["0x1", "0x1"]
