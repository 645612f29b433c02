"""The embedded chain's records in the shapes of the Ethereum JSON-RPC specification.

Shapes: https://ethereum.github.io/execution-apis/. Quantities are 0x hex without leading zeros.
"""

from __future__ import annotations

from typing import Any

from eth_bloom.bloom import BloomFilter

from cortensor_tui.devnet.block_index import (
    BlockRecord,
    LogPlace,
    LogRecord,
    ReceiptRecord,
    TransactionRecord,
)
from cortensor_tui.domain.addresses import ZERO_ADDRESS

_EMPTY_UNCLES_HASH = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
_EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
_EMPTY_REQUESTS_HASH = "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_ZERO_HASH = "0x" + 64 * "0"

Json = dict[str, Any]


def hex_data(value: bytes) -> str:
    """Write bytes."""
    return "0x" + value.hex()


def _address(value: bytes | None) -> str | None:
    return None if value is None else hex_data(value)


def block_json(block: BlockRecord, *, is_full: bool) -> Json:
    """Write a block, with whole transactions or with their hashes."""
    transactions: list[Any] = [
        transaction_json(record, block, position) if is_full else hex_data(record.hash)
        for position, record in enumerate(block.transactions)
    ]
    bloom = _bloom(log for receipt in block.receipts for log in receipt.logs)
    return {
        "number": hex(block.number),
        "hash": hex_data(block.hash),
        "parentHash": hex_data(block.parent_hash),
        "nonce": "0x" + 16 * "0",
        "sha3Uncles": _EMPTY_UNCLES_HASH,
        "logsBloom": bloom,
        "transactionsRoot": hex_data(block.transactions_root),
        "stateRoot": hex_data(block.state_root),
        "receiptsRoot": hex_data(block.receipts_root),
        "miner": ZERO_ADDRESS,
        "difficulty": "0x0",
        "totalDifficulty": "0x0",
        "extraData": "0x",
        "size": hex(block.size),
        "gasLimit": hex(block.gas_limit),
        "gasUsed": hex(block.gas_used),
        "timestamp": hex(block.timestamp),
        "transactions": transactions,
        "uncles": [],
        "baseFeePerGas": hex(block.base_fee_per_gas),
        "mixHash": hex_data(block.parent_hash),
        "withdrawals": [],
        "withdrawalsRoot": _EMPTY_ROOT,
        "blobGasUsed": "0x0",
        "excessBlobGas": "0x0",
        "parentBeaconBlockRoot": _ZERO_HASH,
        "requestsHash": _EMPTY_REQUESTS_HASH,
    }


def transaction_json(record: TransactionRecord, block: BlockRecord | None, position: int | None) -> Json:
    """Write a transaction; block and position are None while it waits."""
    is_typed = record.type_id > 0
    answer: Json = {
        "hash": hex_data(record.hash),
        "type": hex(record.type_id),
        "chainId": hex(record.chain_id),
        "from": _address(record.sender),
        "to": _address(record.to),
        "nonce": hex(record.nonce),
        "value": hex(record.value),
        "gas": hex(record.gas_limit),
        "input": hex_data(record.data),
        "v": hex(record.v),
        "r": hex(record.r),
        "s": hex(record.s),
        "blockHash": None if block is None else hex_data(block.hash),
        "blockNumber": None if block is None else hex(block.number),
        "transactionIndex": None if position is None else hex(position),
    }
    if is_typed:
        answer["yParity"] = hex(record.v)
        answer["accessList"] = [
            {"address": _address(address), "storageKeys": [f"0x{slot:064x}" for slot in slots]}
            for address, slots in record.access_list
        ]
    if record.gas_price is None:
        answer["maxFeePerGas"] = hex(record.max_fee_per_gas)
        answer["maxPriorityFeePerGas"] = hex(record.max_priority_fee_per_gas)
        answer["gasPrice"] = hex(_price_paid(record, block))
    else:
        answer["gasPrice"] = hex(record.gas_price)
    return answer


def _price_paid(record: TransactionRecord, block: BlockRecord | None) -> int:
    if block is None:
        return record.max_fee_per_gas
    return block.base_fee_per_gas + record.effective_tip(block.base_fee_per_gas)


def receipt_json(block: BlockRecord, position: int) -> Json:
    """Write the receipt of a block's transaction."""
    record, receipt = block.transactions[position], block.receipts[position]
    first_log = sum(len(earlier.logs) for earlier in block.receipts[:position])
    places = [
        LogPlace(block.number, position, first_log + offset, log) for offset, log in enumerate(receipt.logs)
    ]
    return {
        "transactionHash": hex_data(record.hash),
        "transactionIndex": hex(position),
        "blockHash": hex_data(block.hash),
        "blockNumber": hex(block.number),
        "from": _address(record.sender),
        "to": _address(record.to),
        "contractAddress": _address(receipt.contract_address),
        "cumulativeGasUsed": hex(receipt.cumulative_gas_used),
        "gasUsed": hex(receipt.gas_used),
        "effectiveGasPrice": hex(receipt.effective_gas_price),
        "logs": [log_json(block, place) for place in places],
        "logsBloom": _receipt_bloom(receipt),
        "status": "0x1" if receipt.succeeded else "0x0",
        "type": hex(record.type_id),
    }


def log_json(block: BlockRecord, place: LogPlace) -> Json:
    """Write a log of a block."""
    return {
        "address": _address(place.log.address),
        "topics": [hex_data(topic) for topic in place.log.topics],
        "data": hex_data(place.log.data),
        "blockNumber": hex(block.number),
        "blockHash": hex_data(block.hash),
        "blockTimestamp": hex(block.timestamp),
        "transactionHash": hex_data(block.transactions[place.transaction_index].hash),
        "transactionIndex": hex(place.transaction_index),
        "logIndex": hex(place.log_index),
        "removed": False,
    }


def _receipt_bloom(receipt: ReceiptRecord) -> str:
    return _bloom(receipt.logs)


def _bloom(logs: Any) -> str:
    bloom = BloomFilter()
    log: LogRecord
    for log in logs:
        bloom.add(log.address)
        bloom.extend(log.topics)
    return f"0x{int(bloom):0512x}"
