"""Both keys' transactions on one chain: each key has one nonce stream, one with both roles has one alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.chain.rpc.client import RpcError, quantity
from cortensor_tui.chain.signing.guard import GuardedSigner
from cortensor_tui.chain.signing.signer import Keys
from cortensor_tui.chain.transactions import SendRules, TransactionSender
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.database import LARGEST_STORED
from cortensor_tui.node.guarding import guarded_keys
from cortensor_tui.node.link import ChainLink
from cortensor_tui.settings import Settings


class KeyStreams:
    """Sends and follows for the miner's key and the owner's."""

    def __init__(
        self, link: ChainLink, keys: Keys, fee_cap_wei: int, on_change: Callable[[Transaction], None]
    ) -> None:
        self._link = link
        self._keys = keys
        self._on_change = on_change
        senders = {
            signer.address: TransactionSender(
                link.rpc,
                signer,
                link.journal.transactions,
                link.gas_prices,
                self._changed,
                SendRules(fee_cap_wei=fee_cap_wei, bump=link.profile.bump),
                is_exclusive=signer.address == keys.miner.address,  # an owner may use a wallet besides
            )
            for signer in (keys.miner, keys.owner)
        }
        self.miner = senders[keys.miner.address]
        self.owner = senders[keys.owner.address]
        self._all = tuple(senders.values())

    async def start(self) -> None:
        """Read the nonces; send again what a crash left unsent."""
        for sender in self._all:
            await sender.start()

    async def follow(self) -> None:
        """Ask for receipts of what is open, and for balances when they are old."""
        asked = [sender.look() for sender in self._all]
        if self._link.is_accounts_due or any(sender.idle_use.is_suspected for sender in self._all):
            asked.append(self._check_accounts())
        await asyncio.gather(*asked, self._link.keep_registration())

    async def reread(self) -> None:
        """After a reorganisation, look again for what was mined."""
        final_block = await self._final_block()
        for sender in self._all:
            await sender.reread(final_block)

    def close(self) -> None:
        """Let go of everybody who waits for a transaction here."""
        for sender in self._all:
            sender.close()

    def take_limits(self, fee_cap_wei: int, profile: NetworkProfile) -> None:
        """Pay by other limits from now on; `profile` has the day's budget and whether waiting raises fees."""
        rules = SendRules(fee_cap_wei=fee_cap_wei, bump=profile.bump)
        for sender in self._all:
            sender.take_rules(rules)
        for signer in (self._keys.miner, self._keys.owner):
            if isinstance(signer, GuardedSigner):
                signer.take_limits(fee_cap_wei, profile.daily_gas_budget_wei)

    @property
    def is_busy(self) -> bool:
        """Tell whether a transaction of ours is under way."""
        return any(sender.is_busy for sender in self._all)

    @property
    def miner_key_problem(self) -> Problem | None:
        """Return what keeps the miner's key from signing for now."""
        return self._keys.miner.problem

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what an operator should know of the keys."""
        halted = self.owner.problem if self.owner is not self.miner else None
        found = [sender.warning for sender in self._all]
        return tuple(warning for warning in (*found, halted and halted.sentence()) if warning)

    async def _check_accounts(self) -> None:
        """Read the accounts, and see from their nonces whether another program uses a key."""
        counts = await self._link.read_accounts()
        for sender in self._all:
            count = counts.get(sender.address)
            if isinstance(count, str):  # an error says nothing
                await sender.idle_use.see(quantity(count, LARGEST_STORED))

    async def _final_block(self) -> int:
        """Return the newest block that no reorganisation takes away, -1 where that is not known."""
        rpc, finality = self._link.rpc, self._link.profile.finality
        if isinstance(finality, int):
            return quantity(await rpc.call("eth_blockNumber"), LARGEST_STORED) - finality
        try:
            block: Any = await rpc.call("eth_getBlockByNumber", finality, False)
            return quantity(block["number"], LARGEST_STORED)
        except (RpcError, KeyError, TypeError):  # an endpoint without the tag: look at everything
            return -1

    def _changed(self, transaction: Transaction) -> None:
        self._link.note(transaction)
        self._on_change(transaction)


async def open_streams(
    link: ChainLink, settings: Settings, keys: Keys, on_change: Callable[[Transaction], None]
) -> KeyStreams:
    """Put the guard before both keys and start their streams. Raises `ProblemError` with what to mend."""
    guarded = guarded_keys(
        keys,
        link.identity.chain_id,
        link.reader,
        link.journal.transactions,
        max_fee_wei=settings.max_fee_wei,
        daily_gas_budget_wei=link.profile.daily_gas_budget_wei,
    )
    streams = KeyStreams(link, guarded, settings.max_fee_wei, on_change)
    await streams.start()
    return streams
