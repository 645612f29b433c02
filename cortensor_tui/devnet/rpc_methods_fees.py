"""JSON-RPC methods about fees, and the few that describe the node itself."""

from __future__ import annotations

import sys
from typing import Any

from cortensor_tui import __version__
from cortensor_tui.devnet.block_index import BlockRecord
from cortensor_tui.devnet.embedded_chain import EmbeddedChain
from cortensor_tui.devnet.rpc_methods_format import Json
from cortensor_tui.devnet.rpc_methods_params import Params, known_block, refuse
from cortensor_tui.devnet.rpc_methods_table import MethodTable

SUGGESTED_TIP_WEI = 1_000_000_000
_LONGEST_HISTORY = 1024
_MOST_PERCENTILES = 100


class FeeMethods:
    """Answers that cost nothing but arithmetic."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain

    def table(self) -> MethodTable:
        """Return the methods by name."""
        python = f"python{sys.version_info.major}.{sys.version_info.minor}"
        constants: dict[str, Any] = {
            "web3_clientVersion": f"cortensor-devnet/v{__version__}/py-evm/{python}",
            "net_version": str(self._chain.chain_id),
            "net_listening": True,
            "eth_chainId": hex(self._chain.chain_id),
            "eth_syncing": False,
            "eth_accounts": [],
            "eth_maxPriorityFeePerGas": hex(SUGGESTED_TIP_WEI),
        }
        table: MethodTable = {name: _constant(value) for name, value in constants.items()}
        return table | {"eth_gasPrice": self.gas_price, "eth_feeHistory": self.fee_history}

    async def gas_price(self, values: object) -> str:
        """Return a price with which a transaction is mined in the next block."""
        Params(values, at_most=0)
        return hex(self._chain.next_base_fee() + SUGGESTED_TIP_WEI)

    async def fee_history(self, values: object) -> Json:
        """Return base fees, fullness and, for each asked percentile, tips of a range of blocks."""
        params = Params(values, at_most=3)
        count = min(params.quantity(0, "block count"), _LONGEST_HISTORY)
        if count == 0:
            refuse("block count must be at least 1")
        index = self._chain.index
        newest = known_block(index, params.block(1, index.head.number, "newest block"))
        percentiles = _percentiles(params.raw(2))
        oldest_number = max(0, newest.number - count + 1)
        blocks = [
            block
            for number in range(oldest_number, newest.number + 1)
            if (block := index.block(number)) is not None
        ]
        after = index.block(newest.number + 1)
        next_fee = self._chain.next_base_fee() if after is None else after.base_fee_per_gas
        answer: Json = {
            "oldestBlock": hex(oldest_number),
            "baseFeePerGas": [hex(block.base_fee_per_gas) for block in blocks] + [hex(next_fee)],
            "gasUsedRatio": [block.gas_used / block.gas_limit for block in blocks],
        }
        if percentiles:
            answer["reward"] = [[hex(tip) for tip in _tips(block, percentiles)] for block in blocks]
        return answer


def _constant(value: Any) -> Any:
    async def answer(values: object) -> Any:
        Params(values, at_most=0)
        return value

    return answer


def _percentiles(value: object) -> list[float]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > _MOST_PERCENTILES:
        refuse(f"reward percentiles must be a list of at most {_MOST_PERCENTILES} numbers")
    for number in value:
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 100:
            refuse("a reward percentile must be a number from 0 to 100")
    if value != sorted(value):
        refuse("reward percentiles must rise")
    return value


def _tips(block: BlockRecord, percentiles: list[float]) -> list[int]:
    """Return, for each percentile of a block's gas, the tip paid there when sorted from the lowest."""
    if not block.transactions:
        return [0] * len(percentiles)
    paid = sorted(
        (receipt.effective_gas_price - block.base_fee_per_gas, receipt.gas_used) for receipt in block.receipts
    )
    tips: list[int] = []
    position, gas_so_far = 0, paid[0][1]
    for percentile in percentiles:
        threshold = block.gas_used * percentile / 100
        while gas_so_far < threshold and position < len(paid) - 1:
            position += 1
            gas_so_far += paid[position][1]
        tips.append(paid[position][0])
    return tips
