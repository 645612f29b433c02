"""An embedded chain that mines when a test says so, behind a real HTTP server, and accounts with keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Address
from eth_utils.address import to_checksum_address

from cortensor_tui.chain.rpc.client import RpcClient, RpcError
from cortensor_tui.devnet.embedded_chain import EmbeddedChain
from cortensor_tui.devnet.rpc_methods import method_table
from cortensor_tui.devnet.rpc_server import RpcServer
from tests.devnet_chain.assembly import Act, ask, init_code

CHAIN_ID = 31337
GWEI = 10**9
START_WEI = 10**21


class Lab:
    """A chain under test: RPC over HTTP, mining by hand."""

    def __init__(self, chain: EmbeddedChain, rpc: RpcClient, url: str) -> None:
        self.chain = chain
        self.rpc = rpc
        self.url = url
        self.alice: LocalAccount = account(1)
        self.bob: LocalAccount = account(2)
        self.poor: LocalAccount = account(3)

    def sign(self, sender: LocalAccount, nonce: int, **fields: Any) -> str:
        """Return a signed transaction to bob, as `sign_transfer`, in 0x hex."""
        return "0x" + sign_transfer(sender, nonce, **({"to": self.bob.address} | fields)).hex()

    async def send(self, sender: LocalAccount, nonce: int, **fields: Any) -> str:
        """Sign and send; return the hash."""
        return str(await self.rpc.call("eth_sendRawTransaction", self.sign(sender, nonce, **fields)))

    async def mine(self) -> int:
        """Mine one block and return its number."""
        return (await self.chain.mine(self.chain.index.head.timestamp + 1)).number

    async def receipt(self, transaction_hash: str) -> Any:
        """Return a receipt, None while the transaction waits."""
        return await self.rpc.call("eth_getTransactionReceipt", transaction_hash)

    async def deploy(self) -> str:
        """Deploy the hand-written contract from alice's first nonce and return its address."""
        transaction_hash = await self.send(self.alice, 0, to=None, data=init_code(), gas=1_000_000)
        await self.mine()
        return to_checksum_address((await self.receipt(transaction_hash))["contractAddress"])

    async def view(self, contract: str, act: Act, *arguments: int, **fields: Any) -> bytes:
        """Run the contract by eth_call and return its output."""
        message = {"to": contract, "data": ask(act, *arguments)} | fields
        return bytes.fromhex((await self.rpc.call("eth_call", message, "latest"))[2:])


def account(number: int) -> LocalAccount:
    """Return an account by a small number."""
    signer: LocalAccount = Account.from_key(number.to_bytes(32, "big"))
    return signer


def sign_transfer(sender: LocalAccount, nonce: int, **fields: Any) -> bytes:
    """Return a signed transaction, type 2 with ample fees unless `fields` say otherwise; None omits one."""
    transaction: dict[str, Any] = {"chainId": CHAIN_ID, "nonce": nonce, "gas": 300_000, "value": 0}
    if "gasPrice" not in fields:
        transaction |= {"maxFeePerGas": 5 * GWEI, "maxPriorityFeePerGas": GWEI, "type": 2}
    transaction |= {"to": account(2).address} | fields
    chosen = {name: value for name, value in transaction.items() if value is not None}
    return bytes(sender.sign_transaction(chosen).raw_transaction)


async def refusal(rpc: RpcClient, method: str, *params: Any) -> RpcError:
    """Return the error a call ends with."""
    with pytest.raises(RpcError) as caught:
        await rpc.call(method, *params)
    return caught.value


def raw_address(signer: LocalAccount) -> Address:
    """Return an account's address as bytes."""
    return Address(bytes.fromhex(signer.address[2:]))


async def wait_for_block(rpc: RpcClient, number: int) -> None:
    """Return once the head is at least `number`."""
    async with asyncio.timeout(30):
        while int(await rpc.call("eth_blockNumber"), 16) < number:
            await asyncio.sleep(0.02)


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    """A fresh chain on which alice and bob have 1,000 ether."""
    funded = {raw_address(account(1)): START_WEI, raw_address(account(2)): START_WEI}
    chain = await EmbeddedChain.create(CHAIN_ID, funded)
    server = RpcServer(method_table(chain))
    await server.start(0)
    rpc = RpcClient(server.url)
    try:
        yield Lab(chain, rpc, server.url)
    finally:
        await rpc.close()
        await server.stop()
        await chain.close()
