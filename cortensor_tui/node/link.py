"""One chain as the node works with it: found and checked once, then looked at again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.chain.networks.registration import read_registration
from cortensor_tui.chain.networks.resolve import ChainIdentity, identify_chain
from cortensor_tui.chain.rpc.client import Call, EndpointError, Rpc, RpcError, endpoint_name, quantity
from cortensor_tui.chain.signing.guard import GuardedSigner
from cortensor_tui.chain.signing.signer import Keys
from cortensor_tui.chain.transactions import SendRules, TransactionSender
from cortensor_tui.chain.transactions.fees import GasPrices
from cortensor_tui.chain.watching.events import LogDecoder
from cortensor_tui.chain.watching.heads import Head
from cortensor_tui.chain.watching.watcher import PUBLIC_SHORTER_PATIENCE_S, SHORTER_PATIENCE_S, Watcher
from cortensor_tui.domain.gas import GasOutlook
from cortensor_tui.domain.health import Account, ChainHealth
from cortensor_tui.domain.networks import Registration
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.database import LARGEST_STORED, Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope
from cortensor_tui.node.gas_outlook import GasWatch
from cortensor_tui.node.guarding import guarded_keys
from cortensor_tui.node.network import Network, find_network, head_warnings
from cortensor_tui.settings import Settings

ACCOUNTS_EVERY_S = 10.0
REGISTRATION_EVERY_S = 600.0
FIRST_PRIORITY_FEE_WEI = 0


class ChainLink:
    """A chain that answered, with its contracts, journal and nonce streams."""

    def __init__(
        self,
        rpc: Rpc,
        network: Network,
        journal: Journal,
        keys: Keys,
        fee_cap_wei: int,
        on_transaction: Callable[[Transaction], None],
    ) -> None:
        self.registration = Registration()
        self._registration_read_at_s: float | None = None
        profile, reader = network.profile, network.reader
        self._gas = GasWatch(keys.miner.address, profile.daily_gas_budget_wei, journal.transactions)
        self.rpc = rpc
        self.identity: ChainIdentity = network.identity
        self.profile = profile
        self.reader = reader
        self.origin = network.origin
        self.told_hash = network.told_hash
        self.journal = journal
        decoder = LogDecoder(reader, keys.miner.address)
        self.watcher = Watcher(
            rpc,
            decoder,
            journal.cursor,
            profile.log_span_blocks,
            shorter_patience_s=SHORTER_PATIENCE_S if profile.is_local else PUBLIC_SHORTER_PATIENCE_S,
        )
        self.head: Head | None = None
        self.head_seen_at: float | None = None
        self._head_seen_s: float | None = None
        self.balances_wei: dict[str, int] = {}
        self.balances_read_at: float | None = None
        self._priority_fee_wei = FIRST_PRIORITY_FEE_WEI
        self._accounts_read_at = 0.0
        self._on_transaction = on_transaction
        senders = {
            signer.address: TransactionSender(
                rpc,
                signer,
                journal.transactions,
                self.gas_prices,
                self._transaction_changed,
                SendRules(fee_cap_wei=fee_cap_wei, bump=profile.bump),
                is_exclusive=signer.address == keys.miner.address,  # an owner may use a wallet besides
            )
            for signer in (keys.miner, keys.owner)
        }
        self.miner_sender = senders[keys.miner.address]
        self.owner_sender = senders[keys.owner.address]
        self._senders = tuple(senders.values())
        self._keys = keys

    def take_limits(self, fee_cap_wei: int, profile: NetworkProfile) -> None:
        """Pay by other limits from now on; `profile` has the day's budget and whether waiting raises fees."""
        rules = SendRules(fee_cap_wei=fee_cap_wei, bump=profile.bump)
        self._gas.take_budget(profile.daily_gas_budget_wei)
        for sender in self._senders:
            sender.take_rules(rules)
        for signer in (self._keys.miner, self._keys.owner):
            if isinstance(signer, GuardedSigner):
                signer.take_limits(fee_cap_wei, profile.daily_gas_budget_wei)

    async def start(self) -> None:
        """Read head, balances and nonces; send again what a crash left unsent."""
        await self._read_accounts()
        look = await self.watcher.look()
        self.see(look.head)
        for sender in self._senders:
            await sender.start()

    def see(self, head: Head) -> None:
        """Take a head. Its age counts from when this node learnt of it."""
        if self.head is None or head.hash != self.head.hash:
            self.head, self.head_seen_at = head, time.time()
            self._head_seen_s = time.monotonic()

    async def follow(self) -> None:
        """Ask for receipts of what is open, and for balances when they are old."""
        asked = [sender.look() for sender in self._senders]
        is_old = time.monotonic() - self._accounts_read_at > ACCOUNTS_EVERY_S
        if is_old or any(sender.idle_use.is_suspected for sender in self._senders):
            asked.append(self._check_accounts())
        if self._is_registration_due():
            asked.append(self._read_registration())
        await asyncio.gather(*asked)

    @property
    def is_busy(self) -> bool:
        """Tell whether a transaction of ours is under way."""
        return any(sender.is_busy for sender in self._senders)

    async def reread(self) -> None:
        """After a reorganisation, look again for what was mined."""
        final_block = await self._final_block()
        for sender in self._senders:
            await sender.reread(final_block)

    def close(self) -> None:
        """Let go of everybody who waits for a transaction here."""
        for sender in self._senders:
            sender.close()

    async def is_same_chain(self) -> bool:
        """Tell whether the endpoint still serves the chain this link was made for."""
        return await identify_chain(self.rpc, None) == self.identity

    def gas_prices(self) -> GasPrices:
        """Return what the chain asks now."""
        return GasPrices(
            base_fee_wei=self.head.base_fee_wei if self.head else 0,
            priority_fee_wei=self._priority_fee_wei,
            block_number=self.head.number if self.head else None,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what an operator should know of addresses, head and keys."""
        owner = self.owner_sender
        halted = owner.problem if owner is not self.miner_sender else None
        found = [sender.warning for sender in self._senders] + [halted.sentence() if halted else None]
        told = tuple(warning for warning in found if warning)
        return (*self.origin.warnings, *head_warnings(self.profile, self._head_age_s()), *told)

    def _head_age_s(self) -> float | None:
        return None if self._head_seen_s is None else time.monotonic() - self._head_seen_s

    @property
    def miner_key_problem(self) -> Problem | None:
        """Return what keeps the miner's key from signing for now."""
        return self._keys.miner.problem

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
        return self._gas.outlook(self.balances_wei.get(self.miner_sender.address), price_wei)

    def _is_registration_due(self) -> bool:
        read_at_s = self._registration_read_at_s
        return read_at_s is None or time.monotonic() - read_at_s > REGISTRATION_EVERY_S

    async def _read_registration(self) -> None:
        self._registration_read_at_s = time.monotonic()
        with suppress(EndpointError):  # nothing goes by it, and the endpoint's own row tells
            self.registration = await read_registration(self.rpc, self.profile, self.miner_sender.address)

    async def _check_accounts(self) -> None:
        """Read the accounts, and see from their nonces whether another program uses a key."""
        counts = await self._read_accounts()
        for sender, count in zip(self._senders, counts, strict=True):
            if isinstance(count, str):  # an error says nothing
                await sender.idle_use.see(quantity(count, LARGEST_STORED))

    async def _read_accounts(self) -> list[Any]:
        """Read balances and the fee; return the answers to how many transactions each key has on chain."""
        addresses = [sender.address for sender in self._senders]
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
        return counted

    async def _final_block(self) -> int:
        """Return the newest block that no reorganisation takes away, -1 where that is not known."""
        finality = self.profile.finality
        if isinstance(finality, int):
            return quantity(await self.rpc.call("eth_blockNumber"), LARGEST_STORED) - finality
        try:
            block = await self.rpc.call("eth_getBlockByNumber", finality, False)
            return quantity(block["number"], LARGEST_STORED)
        except (RpcError, KeyError, TypeError):  # an endpoint without the tag: look at everything
            return -1

    def _transaction_changed(self, transaction: Transaction) -> None:
        self._gas.changed()
        if transaction.state.is_final:
            self._accounts_read_at = 0.0  # its fee has been paid: read the balance with the next look
        self._on_transaction(transaction)


async def open_link(
    rpc: Rpc,
    settings: Settings,
    database: Database,
    make_keys: Callable[[int], Keys],
    on_transaction: Callable[[Transaction], None],
) -> ChainLink:
    """Find and check the chain and its contracts. Raises `ProblemError` with what to mend."""
    network = await find_network(rpc, settings)
    scope = ChainScope(
        chain_id=network.identity.chain_id,
        genesis_hash=network.identity.genesis_hash,
        queue_address=network.reader.contracts.session_queue_v2,
    )
    journal = Journal(database, scope)
    keys = make_keys(scope.chain_id)
    link = ChainLink(
        rpc,
        network,
        journal,
        guarded_keys(
            keys,
            scope.chain_id,
            network.reader,
            journal.transactions,
            max_fee_wei=settings.max_fee_wei,
            daily_gas_budget_wei=network.profile.daily_gas_budget_wei,
        ),
        settings.max_fee_wei,
        on_transaction,
    )
    await link.start()
    return link
