"""A client whose transactions are sent again, byte for byte, for as long as the chain does not have them."""

from __future__ import annotations

import asyncio

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.chain.signing.signer import Signer
from cortensor_tui.devnet.anvil import CHAIN_ID
from cortensor_tui.domain.problems import ProblemError

GAS_LIMIT = 3_000_000
MAX_FEE_WEI = 1000 * 10**9
LOOK_S = 0.25


class PersistentClient:
    """One key. The order of its calls is the order of their nonces, so task ids come out the same again."""

    def __init__(self, rpc: RpcClient, private_key: str, first_nonce: int) -> None:
        self._rpc = rpc
        self._signer = Signer(private_key, CHAIN_ID)
        self._first_nonce = first_nonce
        self._raw: list[str] = []
        self._is_new = asyncio.Event()

    def send(self, call: ContractCall) -> None:
        """Sign a call and have it sent until it is mined, again after any reorg."""
        raw, _ = self._signer.sign(
            {
                "nonce": self._first_nonce + len(self._raw),
                "to": call.to,
                "data": call.data,
                "gas": GAS_LIMIT,
                "maxFeePerGas": MAX_FEE_WEI,
                "maxPriorityFeePerGas": 10**9,
            }
        )
        self._raw.append("0x" + raw.hex())
        self._is_new.set()

    async def run(self) -> None:
        """Send what the chain lacks, until cancelled."""
        while True:
            try:
                count = await self._rpc.call("eth_getTransactionCount", self._signer.address, "latest")
                lacking = self._raw[max(0, int(count, 16) - self._first_nonce) :]
                await self._rpc.batch([("eth_sendRawTransaction", (raw,)) for raw in lacking])
            except ProblemError:  # the chain is down
                pass
            self._is_new.clear()
            try:
                await asyncio.wait_for(self._is_new.wait(), LOOK_S)
            except TimeoutError:
                continue
