"""JSON-RPC methods that read accounts, run messages and take transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cortensor_tui.devnet.block_index import BlockRecord
from cortensor_tui.devnet.embedded_calls import CALL_TIME_LIMIT_S, CallOutcome, CallRequest, CallTimeoutError
from cortensor_tui.devnet.embedded_chain import EmbeddedChain
from cortensor_tui.devnet.embedded_evm import BLOCK_GAS_LIMIT
from cortensor_tui.devnet.embedded_pruning import STATES_KEPT
from cortensor_tui.devnet.embedded_transactions import TransactionRefusedError
from cortensor_tui.devnet.rpc_methods_errors import SERVER_ERROR, RpcFault, revert_fault
from cortensor_tui.devnet.rpc_methods_format import hex_data
from cortensor_tui.devnet.rpc_methods_params import (
    Params,
    address_bytes,
    data_bytes,
    known_block,
    quantity,
    refuse,
)
from cortensor_tui.devnet.rpc_methods_table import MethodTable


class StateMethods:
    """Answers that need the virtual machine."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain

    def table(self) -> MethodTable:
        """Return the methods by name."""
        return {
            "eth_getBalance": self.balance,
            "eth_getCode": self.code,
            "eth_getStorageAt": self.storage_at,
            "eth_getTransactionCount": self.transaction_count,
            "eth_call": self.call,
            "eth_estimateGas": self.estimate_gas,
            "eth_sendRawTransaction": self.send_raw_transaction,
        }

    async def balance(self, values: object) -> str:
        """Return an account's wei."""
        params = Params(values, at_most=2)
        return hex(await self._chain.balance(self._block(params, 1)[0], params.address(0)))

    async def code(self, values: object) -> str:
        """Return a contract's code."""
        params = Params(values, at_most=2)
        return hex_data(await self._chain.code(self._block(params, 1)[0], params.address(0)))

    async def storage_at(self, values: object) -> str:
        """Return one storage slot as 32 bytes."""
        params = Params(values, at_most=3)
        address, slot = params.address(0), params.quantity(1, "slot")
        return f"0x{await self._chain.storage(self._block(params, 2)[0], address, slot):064x}"

    async def transaction_count(self, values: object) -> str:
        """Return an account's nonce; "pending" counts the waiting transactions too."""
        params = Params(values, at_most=2)
        address = params.address(0)
        block, is_pending = self._block(params, 1)
        nonce = await self._chain.nonce(block, address)
        return hex(self._chain.pool.next_nonce(address, nonce) if is_pending else nonce)

    async def call(self, values: object) -> str:
        """Run a message and return its output."""
        return hex_data((await self._run(values, is_estimate=False)).output)

    async def estimate_gas(self, values: object) -> str:
        """Return a gas limit with which the message succeeds."""
        return hex((await self._run(values, is_estimate=True)).gas_used)

    async def send_raw_transaction(self, values: object) -> str:
        """Take a signed transaction into the pool."""
        raw = Params(values, at_most=1).data(0, "the signed transaction")
        try:
            return hex_data(await self._chain.send(raw))
        except TransactionRefusedError as error:
            raise RpcFault(SERVER_ERROR, str(error)) from error

    async def _run(self, values: object, *, is_estimate: bool) -> CallOutcome:
        params = Params(values, at_most=3)
        if params.raw(2):
            refuse("state overrides are not supported")
        block, is_pending = self._block(params, 1)
        request = _call_request(params.mapping(0, "the message"), self._chain.chain_id)
        run = self._chain.estimate if is_estimate else self._chain.call
        try:
            outcome = await run(block, request, is_pending=is_pending)
        except CallTimeoutError as error:
            limit = f"{CALL_TIME_LIMIT_S:g} s"
            raise RpcFault(SERVER_ERROR, f"execution aborted: it took longer than {limit}") from error
        if outcome.has_reverted:
            raise revert_fault(outcome.output)
        if outcome.failure:
            raise RpcFault(SERVER_ERROR, outcome.failure)
        return outcome

    def _block(self, params: Params, position: int) -> tuple[BlockRecord, bool]:
        index = self._chain.index
        reference = params.block(position, index.head.number)
        block = known_block(index, reference)
        if 0 < block.number <= index.head.number - STATES_KEPT:
            what = (
                f"the state after block {block.number} is no longer kept, only that of the last {STATES_KEPT}"
            )
            raise RpcFault(SERVER_ERROR, what)
        return block, reference.is_pending


def _call_request(message: Mapping[str, Any], chain_id: int) -> CallRequest:
    """Read a message; a wallet's nonce, type and access list change nothing here and are passed over."""
    to = message.get("to")
    wanted_chain = message.get("chainId")
    if wanted_chain is not None and quantity(wanted_chain, "chainId") != chain_id:
        refuse(f"chainId is not this chain's, {chain_id}")
    gas_limit = _optional_quantity(message, "gas", BLOCK_GAS_LIMIT)
    price_name = "gasPrice" if message.get("gasPrice") is not None else "maxFeePerGas"
    return CallRequest(
        sender=address_bytes(message.get("from") or "0x" + 40 * "0", "from"),
        to=None if to in (None, "", "0x") else address_bytes(to, "to"),
        value=_optional_quantity(message, "value", 0),
        data=_input(message),
        gas_limit=min(gas_limit, BLOCK_GAS_LIMIT) or BLOCK_GAS_LIMIT,
        gas_price=_optional_quantity(message, price_name, 0),
    )


def _optional_quantity(message: Mapping[str, Any], name: str, default: int) -> int:
    value = message.get(name)
    return default if value is None else quantity(value, name)


def _input(message: Mapping[str, Any]) -> bytes:
    named = [data_bytes(message[name], name) for name in ("input", "data") if message.get(name) is not None]
    if len(named) == 2 and named[0] != named[1]:
        refuse("input and data are both set and differ")
    return named[0] if named else b""
