"""One chain as the node works with it: found and checked once, then looked at again and again."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import msgspec

from cortensor_tui.chain.networks.registration import read_registration
from cortensor_tui.chain.networks.resolve import ChainIdentity, identify_chain
from cortensor_tui.chain.rpc.client import Call, EndpointError, Rpc, endpoint_name, quantity
from cortensor_tui.chain.transactions.fees import GasPrices
from cortensor_tui.chain.watching.events import LogDecoder
from cortensor_tui.chain.watching.heads import Head, head_from
from cortensor_tui.chain.watching.watcher import PUBLIC_SHORTER_PATIENCE_S, SHORTER_PATIENCE_S, Watcher
from cortensor_tui.domain.gas import GasOutlook
from cortensor_tui.domain.health import Account, ChainHealth
from cortensor_tui.domain.networks import Registration
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope
from cortensor_tui.node.gas_outlook import GasWatch
from cortensor_tui.node.network import Network, find_network, head_warnings
from cortensor_tui.settings import Settings

ACCOUNTS_EVERY_S = 10.0
REGISTRATION_EVERY_S = 600.0
FIRST_PRIORITY_FEE_WEI = 0


class LinkedAddresses(msgspec.Struct, frozen=True):
    """Whose balances are read: the node's, whose tasks are looked for, and the owner's; often the same.

    `is_paying` tells whether this program pays for the node's tasks, from a budget a day.
    """

    node: str
    owner: str
    is_paying: bool = True


class ChainLink:
    """A chain that answered, with its contracts and journal, as it is looked at. It sends nothing."""

    def __init__(
        self, rpc: Rpc, network: Network, journal: Journal, addresses: LinkedAddresses, gas: GasWatch
    ) -> None:
        self.registration = Registration()
        self._registration_read_at_s: float | None = None
        profile, reader = network.profile, network.reader
        self._gas = gas
        self.rpc = rpc
        self.identity: ChainIdentity = network.identity
        self.profile = profile
        self.reader = reader
        self.origin = network.origin
        self.told_hash = network.told_hash
        self.journal = journal
        self.node_address = addresses.node
        self._addresses = tuple(dict.fromkeys((addresses.node, addresses.owner)))
        self.watcher = Watcher(
            rpc,
            LogDecoder(reader, addresses.node),
            journal.cursor,
            profile.log_span_blocks,
            shorter_patience_s=SHORTER_PATIENCE_S if profile.is_local else PUBLIC_SHORTER_PATIENCE_S,
        )
        self.head: Head | None = None
        self.head_seen_at: float | None = None
        self._head_seen_s: float | None = None
        self.answered_at: float | None = None
        self.answers = 0
        self.balances_wei: dict[str, int] = {}
        self.balances_read_at: float | None = None
        self._priority_fee_wei = FIRST_PRIORITY_FEE_WEI
        self._accounts_read_at = 0.0

    def take_budget(self, budget_wei: int) -> None:
        """Count what the key may pay against another day's budget from now on."""
        self._gas.take_budget(budget_wei)

    async def start(self) -> None:
        """Read head and balances."""
        await self.read_accounts()
        look = await self.watcher.look()
        self.see(look.head)

    def see(self, head: Head) -> None:
        """Take a head. Its age counts from when this node learnt of it."""
        self.answers += 1
        self.answered_at = time.time()
        if self.head is None or head.hash != self.head.hash:
            self.head, self.head_seen_at = head, time.time()
            self._head_seen_s = time.monotonic()

    def note(self, transaction: Transaction) -> None:
        """Take notice that a transaction of the node's has changed."""
        self._gas.changed()
        if transaction.state.is_final:
            self._accounts_read_at = 0.0  # its fee has been paid: read the balance with the next look

    @property
    def is_accounts_due(self) -> bool:
        """Tell whether the balances are so old that they are to be read again."""
        return time.monotonic() - self._accounts_read_at > ACCOUNTS_EVERY_S

    async def is_same_chain(self) -> bool:
        """Tell whether the endpoint still serves the chain this link was made for."""
        return await identify_chain(self.rpc, None) == self.identity

    async def mined_at(self, block_number: int) -> float | None:
        """Read when a block was mined, unix seconds; None where the endpoint does not tell."""
        [block] = await self.rpc.batch([("eth_getBlockByNumber", (hex(block_number), False))])
        return head_from(block).mined_at if isinstance(block, dict) else None

    def gas_prices(self) -> GasPrices:
        """Return what the chain asks now."""
        return GasPrices(
            base_fee_wei=self.head.base_fee_wei if self.head else 0,
            priority_fee_wei=self._priority_fee_wei,
            block_number=self.head.number if self.head else None,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what an operator should know of addresses and head."""
        return (*self.origin.warnings, *head_warnings(self.profile, self._head_age_s()))

    def _head_age_s(self) -> float | None:
        return None if self._head_seen_s is None else time.monotonic() - self._head_seen_s

    def health(self) -> ChainHealth:
        """Return the chain as last seen."""
        head = self.head
        return ChainHealth(
            network=self.profile.title,
            endpoint=endpoint_name(self.rpc.url),
            chain_id=self.identity.chain_id,
            head_number=head.number if head else None,
            head_at=head.mined_at if head else None,
            head_seen_at=self.head_seen_at,
            latency_ms=None if self.rpc.latency_ms is None else round(self.rpc.latency_ms, 1),
            queue_address=self.reader.contracts.session_queue_v2,
            session_address=self.reader.contracts.session_v2,
            origin=self.origin,
            explorer=self.profile.explorer,
            head_alarm_s=self.profile.head_alarm_s,
        )

    def account(self, address: str) -> Account:
        """Return an account as last read."""
        balance = self.balances_wei.get(address)
        return Account(
            address=address,
            balance_wei=None if balance is None else str(balance),
            read_at=self.balances_read_at,
        )

    def gas_outlook(self) -> GasOutlook:
        """Return how far the miner's coins go, at what the chain asks now."""
        prices = self.gas_prices() if self.head else None
        price_wei = None if prices is None else prices.base_fee_wei + prices.priority_fee_wei
        return self._gas.outlook(self.balances_wei.get(self.node_address), price_wei)

    async def keep_registration(self) -> None:
        """Read now and then whether the network's registry has the node."""
        read_at_s = self._registration_read_at_s
        if read_at_s is not None and time.monotonic() - read_at_s <= REGISTRATION_EVERY_S:
            return
        self._registration_read_at_s = time.monotonic()
        with suppress(EndpointError):  # nothing goes by it, and the endpoint's own row tells
            self.registration = await read_registration(self.rpc, self.profile, self.node_address)

    async def read_accounts(self) -> dict[str, Any]:
        """Read balances and the fee; return what was answered of how often each address has sent."""
        addresses = self._addresses
        balances: list[Call] = [("eth_getBalance", (address, "latest")) for address in addresses]
        counts: list[Call] = [("eth_getTransactionCount", (address, "latest")) for address in addresses]
        fee: list[Call] = [("eth_maxPriorityFeePerGas", ())]
        priority_fee, *rest = await self.rpc.batch([*fee, *balances, *counts])
        found, counted = rest[: len(addresses)], rest[len(addresses) :]
        if isinstance(priority_fee, str):  # an endpoint without it leaves the fee at the base fee
            self._priority_fee_wei = quantity(priority_fee)
        if all(isinstance(balance, str) for balance in found):
            self.balances_wei = {
                address: quantity(balance) for address, balance in zip(addresses, found, strict=True)
            }
            self.balances_read_at = time.time()
        self._accounts_read_at = time.monotonic()
        return dict(zip(addresses, counted, strict=True))


async def open_link(
    rpc: Rpc, settings: Settings, database: Database, addresses: LinkedAddresses
) -> ChainLink:
    """Find and check the chain and its contracts. Raises `ProblemError` with what to mend."""
    network = await find_network(rpc, settings)
    scope = ChainScope(
        chain_id=network.identity.chain_id,
        genesis_hash=network.identity.genesis_hash,
        queue_address=network.reader.contracts.session_queue_v2,
    )
    journal = Journal(database, scope)
    budget_wei = network.profile.daily_gas_budget_wei if addresses.is_paying else None
    gas = GasWatch(addresses.node, budget_wei, journal.transactions)
    link = ChainLink(rpc, network, journal, addresses, gas)
    await link.start()
    return link
