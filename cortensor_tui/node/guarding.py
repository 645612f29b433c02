"""Puts the guard before both keys: each may sign what its role needs on this chain, and nothing else."""

from __future__ import annotations

from cortensor_tui.chain.contracts.call_text import KnownContract
from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.signing.gas_budget import GasBudget
from cortensor_tui.chain.signing.guard import (
    MINER_CALLS,
    OWNER_CALLS,
    Allowance,
    GuardedSigner,
    Limits,
    allowances,
)
from cortensor_tui.chain.signing.signer import Keys, TransactionSigner, WatchedAddress
from cortensor_tui.journal.transactions import TransactionLog


def known_contracts(reader: ContractReader) -> tuple[KnownContract, ...]:
    """Return the contracts that calls are decoded for."""
    return (
        KnownContract(
            title="SessionV2", address=reader.contracts.session_v2, interface=reader.sessions_interface
        ),
        KnownContract(
            title="SessionQueueV2",
            address=reader.contracts.session_queue_v2,
            interface=reader.queue_interface,
        ),
    )


def guarded_keys(
    keys: Keys,
    chain_id: int,
    reader: ContractReader,
    transactions: TransactionLog,
    *,
    max_fee_wei: int,
    daily_gas_budget_wei: int,
) -> Keys:
    """Return the keys behind their limits; one key with both roles may do what both need."""
    miner = allowances(reader.contracts.session_queue_v2, reader.queue_interface, MINER_CALLS)
    owner = allowances(reader.contracts.session_v2, reader.sessions_interface, OWNER_CALLS)

    def guarded(signer: TransactionSigner, allowed: list[Allowance]) -> TransactionSigner:
        limits = Limits(
            chain_id=chain_id,
            allowed=tuple(allowed),
            max_fee_wei=max_fee_wei,
            contracts=known_contracts(reader),
        )
        budget = GasBudget(signer.address, daily_gas_budget_wei, transactions)
        return GuardedSigner(signer, limits, budget)

    if keys.miner.address == keys.owner.address:
        both = guarded(keys.miner, miner + owner)
        return Keys(miner=both, owner=both)
    is_watched = isinstance(keys.owner, WatchedAddress)  # it signs nothing, so there is nothing to guard
    return Keys(
        miner=guarded(keys.miner, miner),
        owner=keys.owner if is_watched else guarded(keys.owner, owner),
    )
