"""What a call will take, asked of the endpoint."""

from __future__ import annotations

from cortensor_tui.chain.contracts import ContractCall
from cortensor_tui.chain.fees import Fees, gas_limit_for
from cortensor_tui.chain.heads import LARGEST_STORED
from cortensor_tui.chain.rpc import Rpc, quantity
from cortensor_tui.chain.transactions.purpose import Estimate

LEAST_GAS = 21_000  # of any transaction


async def estimate_gas(rpc: Rpc, sender: str, call: ContractCall, fees: Fees) -> Estimate:
    """Return gas and fee. Raises `RpcError` as the endpoint refuses, `ProblemError` where it is silent."""
    answer = await rpc.call("eth_estimateGas", {"from": sender, "to": call.to, "data": call.data}, "latest")
    return Estimate(gas_limit=gas_limit_for(quantity(answer, LARGEST_STORED)), fees=fees)
