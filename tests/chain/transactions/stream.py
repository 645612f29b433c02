"""A sender on a real anvil, with its own journal and a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.rpc.client import Rpc, RpcClient, RpcError
from cortensor_tui.chain.signing.signer import Signer, TransactionSigner
from cortensor_tui.chain.transactions import Purpose, SendRules, TransactionSender
from cortensor_tui.chain.transactions.fees import GasPrices
from cortensor_tui.devnet.accounts import user_accounts
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.transactions import Transaction, TransactionKind
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil
from tests.support.clock import StandingClock

GWEI = 10**9
PRICES = GasPrices(base_fee_wei=50 * GWEI, priority_fee_wei=GWEI)
RULES = SendRules(fee_cap_wei=1_000 * GWEI)
A_LOOK_S = 0.05
"""What passes between two looks by the clock that the test moves. The chain is real and takes its own time:
anvil counts a nonce a little before it has the receipt, which must not look like seconds without one."""
ZERO = "0x" + "00" * 20
PURPOSE = Purpose(kind=TransactionKind.CREATE_SESSION)


class Stream:
    """A sender with its own journal, and what it told."""

    def __init__(
        self,
        devnet: DevnetOnAnvil,
        journal: Path,
        rpc: Rpc | None = None,
        rules: SendRules = RULES,
        signer: TransactionSigner | None = None,
        *,
        is_exclusive: bool = True,
    ) -> None:
        self.devnet = devnet
        self.journal_path = journal
        self.clock = StandingClock()
        self.prices = PRICES
        contracts = Contracts(
            session_v2=devnet.contracts.session_v2, session_queue_v2=devnet.contracts.session_queue_v2
        )
        self.reader = ContractReader(
            devnet.rpc, contracts, active_session_state=1, generation=devnet.generation
        )
        scope = ChainScope(
            chain_id=31337, genesis_hash="0x00", queue_address=devnet.contracts.session_queue_v2
        )
        self.database = Database.open(journal)
        self.journal = Journal(self.database, scope)
        self.told: list[Transaction] = []
        self.sender = TransactionSender(
            rpc or devnet.rpc,
            signer or Signer(user_accounts()[0].private_key, 31337),
            self.journal.transactions,
            lambda: self.prices,
            self.told.append,
            rules,
            self.clock,
            is_exclusive=is_exclusive,
        )

    def create(self, name: str) -> ContractCall:
        return self.reader.session_call("create", name, "", ZERO, 1, 3, 1, 0, 2, False, 0, 0, 300, 5)

    async def send(self, name: str, purpose: Purpose = PURPOSE) -> Transaction:
        return await self.sender.send(self.create(name), purpose)

    async def settled(self, transaction: Transaction) -> Transaction:
        """Look until it is settled, some seconds passing between looks."""
        waiting = asyncio.create_task(self.sender.settled(transaction))
        async with asyncio.timeout(30):
            while not waiting.done():
                await self.look_later()
        return waiting.result()

    async def look_later(self, seconds: float = A_LOOK_S) -> None:
        self.clock.pass_s(seconds)
        await self.sender.look()
        await asyncio.sleep(0)

    def now(self, transaction: Transaction) -> Transaction:
        """Return the transaction as the journal has it."""
        return self.journal.transactions.get(transaction.transaction_id)

    async def sessions(self) -> int:
        return int(await self.devnet.read("SessionV2", "getSessionCount"))


@asynccontextmanager
async def holding_blocks(devnet: DevnetOnAnvil) -> AsyncIterator[None]:
    """Keep transactions from being mined until the block is left."""
    await devnet.rpc.call("evm_setAutomine", False)
    try:
        yield
    finally:
        await devnet.rpc.call("evm_setAutomine", True)
        await devnet.rpc.call("evm_mine")


async def first_nonce(devnet: DevnetOnAnvil) -> int:
    return int(await devnet.rpc.call("eth_getTransactionCount", OWNER, "latest"), 16)


class StubbornRpc(RpcClient):
    """A real endpoint that answers sends with an error so many times first."""

    def __init__(self, url: str, error: Exception, times: int, *, takes_it: bool = False) -> None:
        super().__init__(url)
        self.error = error
        self.times = times
        self._takes_it = takes_it
        self.sent: list[str] = []

    async def send_raw(self, raw: str) -> str:
        self.sent.append(raw)
        if self.times == 0:
            return await super().send_raw(raw)
        self.times -= 1
        if self._takes_it:
            await super().send_raw(raw)
        raise self.error


TIMED_OUT = problem_error("no_rpc", "The chain endpoint did not answer", "it took too long")


def refused(words: str, code: int = -32000) -> RpcError:
    return RpcError(code, words)
