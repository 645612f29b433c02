"""JSON-RPC methods that read blocks, transactions and receipts."""

from __future__ import annotations

from typing import Any

import msgspec

from cortensor_tui.devnet.block_index import BlockRecord
from cortensor_tui.devnet.embedded_chain import EmbeddedChain
from cortensor_tui.devnet.rpc_methods_format import (
    Json,
    block_json,
    hex_data,
    receipt_json,
    transaction_json,
)
from cortensor_tui.devnet.rpc_methods_params import BlockReference, Params, find_block
from cortensor_tui.devnet.rpc_methods_table import MethodTable


class BlockMethods:
    """Answers from the index alone."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain
        self._index = chain.index

    def table(self) -> MethodTable:
        """Return the methods by name."""
        return {
            "eth_blockNumber": self.block_number,
            "eth_getBlockByNumber": self.block_by_number,
            "eth_getBlockByHash": self.block_by_hash,
            "eth_getBlockTransactionCountByNumber": self.transaction_count_by_number,
            "eth_getBlockTransactionCountByHash": self.transaction_count_by_hash,
            "eth_getBlockReceipts": self.block_receipts,
            "eth_getTransactionByHash": self.transaction_by_hash,
            "eth_getTransactionReceipt": self.transaction_receipt,
        }

    async def block_number(self, values: object) -> str:
        """Return the head's number."""
        Params(values, at_most=0)
        return hex(self._index.head.number)

    async def block_by_number(self, values: object) -> Json | None:
        """Return a block by number or tag; "pending" is what would be mined now."""
        params = Params(values, at_most=2)
        params.required(0, "block")
        reference, is_full = self._reference(params), params.flag(1, "the full transactions flag")
        return self._pending(is_full) if reference.is_pending else self._block(reference, is_full)

    async def block_by_hash(self, values: object) -> Json | None:
        """Return a block by its hash."""
        params = Params(values, at_most=2)
        reference = BlockReference(block_hash=params.hash(0, "block hash"))
        return self._block(reference, params.flag(1, "the full transactions flag"))

    async def transaction_count_by_number(self, values: object) -> str | None:
        """Return how many transactions a block has."""
        reference = self._reference(Params(values, at_most=1))
        if reference.is_pending:
            return hex(len(self._chain.next_transactions()))
        return self._count(reference)

    async def transaction_count_by_hash(self, values: object) -> str | None:
        """Return how many transactions a block has."""
        return self._count(BlockReference(block_hash=Params(values, at_most=1).hash(0, "block hash")))

    async def block_receipts(self, values: object) -> list[Json] | None:
        """Return every receipt of a block."""
        block = find_block(self._index, self._reference(Params(values, at_most=1)))
        if block is None:
            return None
        return [receipt_json(block, position) for position in range(len(block.transactions))]

    async def transaction_by_hash(self, values: object) -> Json | None:
        """Return a transaction, mined or waiting."""
        transaction_hash = Params(values, at_most=1).hash(0, "transaction hash")
        place = self._index.transaction_place(transaction_hash)
        if place is not None:
            block, position = place
            return transaction_json(block.transactions[position], block, position)
        waiting = self._chain.pool.get(transaction_hash)
        return None if waiting is None else transaction_json(waiting, None, None)

    async def transaction_receipt(self, values: object) -> Json | None:
        """Return the receipt of a mined transaction."""
        place = self._index.transaction_place(Params(values, at_most=1).hash(0, "transaction hash"))
        return None if place is None else receipt_json(*place)

    def _reference(self, params: Params) -> BlockReference:
        return params.block(0, self._index.head.number)

    def _block(self, reference: BlockReference, is_full: bool) -> Json | None:
        block = find_block(self._index, reference)
        return None if block is None else block_json(block, is_full=is_full)

    def _count(self, reference: BlockReference) -> str | None:
        block = find_block(self._index, reference)
        return None if block is None else hex(len(block.transactions))

    def _pending(self, is_full: bool) -> Json:
        head, waiting = self._index.head, [one.record for one in self._chain.next_transactions()]
        block = block_json(self._empty_child(head), is_full=False)
        transactions: list[Any] = [
            transaction_json(record, None, None) if is_full else hex_data(record.hash) for record in waiting
        ]
        return block | {"hash": None, "nonce": None, "miner": None, "transactions": transactions}

    def _empty_child(self, head: BlockRecord) -> BlockRecord:
        return msgspec.structs.replace(
            head,
            number=head.number + 1,
            parent_hash=head.hash,
            timestamp=self._chain.next_timestamp(),
            gas_used=0,
            base_fee_per_gas=self._chain.next_base_fee(),
            transactions=(),
            receipts=(),
        )
