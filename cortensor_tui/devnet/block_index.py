"""The blocks, transactions, receipts and logs of the embedded chain, each found without a scan.

Answers cost what they return: a block, transaction or receipt is one look-up, and a log search walks the
shortest list of logs that share an address or a topic of the filter. Block blooms are not stored; they
are computed when somebody asks for a block.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge

import msgspec
from eth_typing import Address, Hash32


class LogRecord(msgspec.Struct, frozen=True, gc=False):
    """One event as a contract emitted it."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes


class TransactionRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A signed transaction, types 0 to 2. Amounts in wei; `to` is None for a deployment.

    `gas_price` is what a type 0 or 1 transaction names; for it both fee caps hold the same number.
    """

    hash: bytes
    type_id: int
    chain_id: int
    sender: Address
    nonce: int
    to: Address | None
    value: int
    gas_limit: int
    data: bytes
    gas_price: int | None
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    access_list: tuple[tuple[bytes, tuple[int, ...]], ...]
    v: int
    r: int
    s: int

    def effective_tip(self, base_fee: int) -> int:
        """Return what the block's producer gets for each unit of gas; negative when the cap is too low."""
        return min(self.max_priority_fee_per_gas, self.max_fee_per_gas - base_fee)


class ReceiptRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What came of one mined transaction."""

    succeeded: bool
    gas_used: int
    cumulative_gas_used: int
    effective_gas_price: int
    contract_address: Address | None
    logs: tuple[LogRecord, ...]


class BlockRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One mined block. `size` in bytes of RLP; the fields that never change here are not kept."""

    number: int
    hash: Hash32
    parent_hash: Hash32
    timestamp: int
    state_root: Hash32
    transactions_root: Hash32
    receipts_root: Hash32
    gas_limit: int
    gas_used: int
    base_fee_per_gas: int
    size: int
    transactions: tuple[TransactionRecord, ...] = ()
    receipts: tuple[ReceiptRecord, ...] = ()


class LogPlace(msgspec.Struct, frozen=True, gc=False):
    """A log and where it stands. `log_index` counts within the block."""

    block_number: int
    transaction_index: int
    log_index: int
    log: LogRecord


class LogFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which logs are wanted. None accepts anything; a set accepts each of its members.

    A filter with n topic positions matches only logs that have at least n topics, as on every Ethereum
    node: https://ethereum.org/en/developers/docs/apis/json-rpc/#eth_newfilter.
    """

    from_block: int
    to_block: int
    addresses: frozenset[bytes] | None = None
    topics: tuple[frozenset[bytes] | None, ...] = ()

    def accepts(self, log: LogRecord) -> bool:
        """Tell whether a log has the wanted address and topics, whatever its block."""
        if self.addresses is not None and log.address not in self.addresses:
            return False
        if len(log.topics) < len(self.topics):
            return False
        return all(
            wanted is None or topic in wanted for wanted, topic in zip(self.topics, log.topics, strict=False)
        )


class LogSearch(msgspec.Struct, frozen=True):
    """What a search found, in chain order, and how many logs it looked at. `is_cut` at the limit."""

    places: tuple[LogPlace, ...]
    examined: int
    is_cut: bool


# A log is filed under its address (position -1) and under each of its topics (positions 0 to 3).
_PostingKey = tuple[int, bytes]
_ADDRESS = -1


class BlockIndex:
    """Grows by one block at a time; used from one thread."""

    def __init__(self, genesis: BlockRecord) -> None:
        self._blocks: list[BlockRecord] = []
        self._number_by_hash: dict[bytes, int] = {}
        self._place_by_transaction: dict[bytes, tuple[int, int]] = {}
        self._logs: list[LogPlace] = []
        self._log_blocks = array("Q")
        self._postings: dict[_PostingKey, array[int]] = {}
        self.append(genesis)

    @property
    def head(self) -> BlockRecord:
        """Return the newest block."""
        return self._blocks[-1]

    def append(self, block: BlockRecord) -> None:
        """File the next block. Raises ValueError unless it follows the head."""
        if block.number != len(self._blocks) or (self._blocks and block.parent_hash != self.head.hash):
            raise ValueError(f"block {block.number} does not follow the head {len(self._blocks) - 1}")
        self._blocks.append(block)
        self._number_by_hash[block.hash] = block.number
        log_index = 0
        pairs = zip(block.transactions, block.receipts, strict=True)
        for position, (transaction, receipt) in enumerate(pairs):
            self._place_by_transaction[transaction.hash] = (block.number, position)
            for log in receipt.logs:
                self._file(LogPlace(block.number, position, log_index, log))
                log_index += 1

    def _file(self, place: LogPlace) -> None:
        position = len(self._logs)
        self._logs.append(place)
        self._log_blocks.append(place.block_number)
        keys = [(_ADDRESS, place.log.address), *enumerate(place.log.topics)]
        for key in keys:
            self._postings.setdefault(key, array("Q")).append(position)

    def block(self, number: int) -> BlockRecord | None:
        """Return a block by its number."""
        return self._blocks[number] if 0 <= number < len(self._blocks) else None

    def block_by_hash(self, block_hash: bytes) -> BlockRecord | None:
        """Return a block by its hash."""
        number = self._number_by_hash.get(block_hash)
        return None if number is None else self._blocks[number]

    def transaction_place(self, transaction_hash: bytes) -> tuple[BlockRecord, int] | None:
        """Return the block of a mined transaction and its position in it."""
        place = self._place_by_transaction.get(transaction_hash)
        return None if place is None else (self._blocks[place[0]], place[1])

    def search(self, wanted: LogFilter, limit: int) -> LogSearch:
        """Return the matching logs in chain order, at most `limit` of them."""
        first = bisect_left(self._log_blocks, wanted.from_block)
        end = bisect_right(self._log_blocks, wanted.to_block)
        found: list[LogPlace] = []
        examined = 0
        for position in self._candidates(wanted, first, end):
            examined += 1
            place = self._logs[position]
            if not wanted.accepts(place.log):
                continue
            if len(found) == limit:
                return LogSearch(tuple(found), examined, is_cut=True)
            found.append(place)
        return LogSearch(tuple(found), examined, is_cut=False)

    def _candidates(self, wanted: LogFilter, first: int, end: int) -> Iterator[int]:
        """Walk the shortest of: the whole range, the logs of the addresses, those of one topic position."""
        best: list[Sequence[int]] = [range(first, max(first, end))]
        for position, members in _criteria(wanted):
            lists = [self._posting(position, member, first, end) for member in members]
            if sum(map(len, lists)) < sum(map(len, best)):
                best = lists
        return iter(best[0]) if len(best) == 1 else merge(*best)

    def _posting(self, position: int, member: bytes, first: int, end: int) -> Sequence[int]:
        posting = self._postings.get((position, member))
        if posting is None:
            return ()
        return posting[bisect_left(posting, first) : bisect_left(posting, end)]


def _criteria(wanted: LogFilter) -> Iterable[tuple[int, frozenset[bytes]]]:
    if wanted.addresses is not None:
        yield _ADDRESS, wanted.addresses
    for position, members in enumerate(wanted.topics):
        if members is not None:
            yield position, members
