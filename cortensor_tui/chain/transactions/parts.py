"""What those share that work on the transactions of one key."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cortensor_tui.chain.rpc.client import Rpc
from cortensor_tui.chain.signing.signer import TransactionSigner
from cortensor_tui.chain.transactions.book import OpenBook
from cortensor_tui.chain.transactions.broadcasting import Broadcaster
from cortensor_tui.chain.transactions.fees import GasPrices
from cortensor_tui.chain.transactions.gate import Gate
from cortensor_tui.chain.transactions.queue import DeadlineQueue
from cortensor_tui.chain.transactions.resubmission import SendRules
from cortensor_tui.chain.transactions.settling import Settlement
from cortensor_tui.chain.transactions.stream import SignedStream
from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.transactions import TransactionLog


class KeyParts(msgspec.Struct, kw_only=True):
    """One of each for a key; `prices` answers with what the chain asks now.

    All that work on the key share this one, so that other `rules` hold for each of them.
    """

    address: str
    rpc: Rpc
    log: TransactionLog
    book: OpenBook
    stream: SignedStream
    broadcaster: Broadcaster
    settlement: Settlement
    queue: DeadlineQueue
    gate: Gate
    prices: Callable[[], GasPrices]
    rules: SendRules
    clock: Clock


def key_parts(
    rpc: Rpc,
    signer: TransactionSigner,
    transactions: TransactionLog,
    prices: Callable[[], GasPrices],
    on_change: Callable[[Transaction], None],
    rules: SendRules,
    clock: Clock,
) -> KeyParts:
    """Return the parts for the signer's key; `on_change` is told of every transaction that changes."""
    book = OpenBook(transactions, on_change)
    return KeyParts(
        address=signer.address,
        rpc=rpc,
        log=transactions,
        book=book,
        stream=SignedStream(signer, transactions, book, prices, clock),
        broadcaster=Broadcaster(rpc, transactions, book, clock),
        settlement=Settlement(rpc, book, prices, clock),
        queue=DeadlineQueue(),
        gate=Gate(clock),
        prices=prices,
        rules=rules,
        clock=clock,
    )
