"""What a call will take and what the chain asks, asked of the endpoint."""

from __future__ import annotations

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.rpc.client import Call, Rpc, RpcError, quantity
from cortensor_tui.chain.transactions.fees import Fees, GasPrices, gas_limit_for
from cortensor_tui.chain.transactions.purpose import Estimate
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.journal.database import LARGEST_STORED

LEAST_GAS = 21_000  # of any transaction


async def estimate_gas(rpc: Rpc, sender: str, call: ContractCall, fees: Fees) -> Estimate:
    """Return gas and fee. Raises `RpcError` as the endpoint refuses, `ProblemError` where it is silent."""
    answer = await rpc.call("eth_estimateGas", {"from": sender, "to": call.to, "data": call.data}, "latest")
    return Estimate(gas_limit=gas_limit_for(quantity(answer, LARGEST_STORED)), fees=fees)


async def prices_now(rpc: Rpc, known: GasPrices) -> GasPrices:
    """Return the prices with the newest base fee, or as known where that is higher or nobody answers."""
    try:
        block = await rpc.call("eth_getBlockByNumber", "latest", False)
        base_fee_wei = quantity(block["baseFeePerGas"])
    except (ProblemError, KeyError, TypeError):
        return known
    return GasPrices(
        base_fee_wei=max(base_fee_wei, known.base_fee_wei), priority_fee_wei=known.priority_fee_wei
    )


async def transaction_counts(rpc: Rpc, address: str) -> tuple[int, int]:
    """Return how many of an account's transactions are mined, and how many with those that wait to be.

    The waiting ones are as far as this endpoint knows; one that does not tell of them counts none.
    """
    calls: list[Call] = [("eth_getTransactionCount", (address, tag)) for tag in ("latest", "pending")]
    latest, pending = await rpc.batch(calls)
    if isinstance(latest, RpcError):
        raise latest
    mined = quantity(latest, LARGEST_STORED)
    waiting = 0 if isinstance(pending, RpcError) else quantity(pending, LARGEST_STORED)
    return mined, max(mined, waiting)
