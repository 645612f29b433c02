"""JSON-RPC methods that find logs, once or as a filter that is polled."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cortensor_tui.devnet.block_index import LogFilter, LogPlace
from cortensor_tui.devnet.embedded_chain import EmbeddedChain
from cortensor_tui.devnet.rpc_methods_errors import LIMIT_EXCEEDED, SERVER_ERROR, RpcFault
from cortensor_tui.devnet.rpc_methods_format import Json, hex_data, log_json
from cortensor_tui.devnet.rpc_methods_params import (
    TAGS,
    Params,
    address_bytes,
    block_reference,
    fixed_bytes,
    refuse,
)
from cortensor_tui.devnet.rpc_methods_table import MethodTable

MAX_LOGS = 10_000
MAX_FILTERS = 1_000
FILTER_LIFE_S = 300.0  # as on other nodes: a filter nobody polls for so long is forgotten
_MAX_TOPICS = 4
_MAX_ALTERNATIVES = 1_000
_FOREVER = (1 << 63) - 1


class _Filter(msgspec.Struct):
    """A polled filter: of blocks when `wanted` is None. `next_block` is the first not yet reported."""

    wanted: LogFilter | None
    next_block: int
    polled_at: float


class LogMethods:
    """Log searches, and the filters clients left behind."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._index = chain.index
        self._filters: dict[str, _Filter] = {}

    def table(self) -> MethodTable:
        """Return the methods by name."""
        return {
            "eth_getLogs": self.get_logs,
            "eth_newFilter": self.new_filter,
            "eth_newBlockFilter": self.new_block_filter,
            "eth_getFilterChanges": self.filter_changes,
            "eth_getFilterLogs": self.filter_logs,
            "eth_uninstallFilter": self.uninstall_filter,
        }

    async def get_logs(self, values: object) -> list[Json]:
        """Return the logs of a range, or of one block by its hash."""
        wanted = Params(values, at_most=1).mapping(0, "the filter")
        return self._search(self._log_filter(wanted, open_end=False))

    async def new_filter(self, values: object) -> str:
        """Remember a log filter and return its id."""
        wanted = Params(values, at_most=1).mapping(0, "the filter")
        log_filter = self._log_filter(wanted, open_end=True)
        return self._remember(log_filter, max(log_filter.from_block, self._index.head.number + 1))

    async def new_block_filter(self, values: object) -> str:
        """Remember a filter that reports the hash of every new block, and return its id."""
        Params(values, at_most=0)
        return self._remember(None, self._index.head.number + 1)

    async def filter_changes(self, values: object) -> list[Any]:
        """Return what is new since the filter was made or last asked."""
        found = self._find(values)
        first, head = found.next_block, self._index.head.number
        found.next_block = max(first, head + 1)
        if found.wanted is None:
            blocks = (self._index.block(number) for number in range(first, head + 1))
            return [hex_data(block.hash) for block in blocks if block is not None]
        last = min(head, found.wanted.to_block)
        return self._search(msgspec.structs.replace(found.wanted, from_block=first, to_block=last))

    async def filter_logs(self, values: object) -> list[Json]:
        """Return all logs of a filter, old and new."""
        found = self._find(values)
        if found.wanted is None:
            raise RpcFault(SERVER_ERROR, "filter not found: it reports blocks, not logs")
        return self._search(found.wanted)

    async def uninstall_filter(self, values: object) -> bool:
        """Forget a filter; tell whether it was there."""
        return self._filters.pop(_filter_id(values), None) is not None

    def _search(self, wanted: LogFilter) -> list[Json]:
        result = self._index.search(wanted, MAX_LOGS)
        if result.is_cut:
            raise RpcFault(LIMIT_EXCEEDED, f"query returned more than {MAX_LOGS} logs; ask for fewer blocks")
        return [self._log(place) for place in result.places]

    def _log(self, place: LogPlace) -> Json:
        block = self._index.block(place.block_number)
        if block is None:
            raise LookupError(f"a log is filed under block {place.block_number}, which is not there")
        return log_json(block, place)

    def _log_filter(self, wanted: Mapping[str, Any], *, open_end: bool) -> LogFilter:
        first, last = self._range(wanted, open_end=open_end)
        return LogFilter(
            from_block=first,
            to_block=last,
            addresses=_addresses(wanted.get("address")),
            topics=_topics(wanted.get("topics")),
        )

    def _range(self, wanted: Mapping[str, Any], *, open_end: bool) -> tuple[int, int]:
        if wanted.get("blockHash") is not None:
            if wanted.get("fromBlock") is not None or wanted.get("toBlock") is not None:
                refuse("blockHash cannot be combined with fromBlock or toBlock")
            block = self._index.block_by_hash(fixed_bytes(wanted["blockHash"], 32, "blockHash"))
            if block is None:
                raise RpcFault(SERVER_ERROR, "unknown block")
            return block.number, block.number
        from_block, to_block = wanted.get("fromBlock"), wanted.get("toBlock")
        first = self._bound(from_block, "fromBlock")
        if open_end and to_block in (None, "latest", "pending"):
            return first, _FOREVER
        last = self._bound(to_block, "toBlock")
        # A poller that asks from the block after the head to "latest" has made no mistake: nothing is new.
        if first > last and to_block is not None and to_block not in TAGS:
            refuse(f"fromBlock {first} is after toBlock {last}")
        return first, last

    def _bound(self, value: object, name: str) -> int:
        """Read one end of a range; the block to come counts as after the head, where no logs are yet."""
        reference = block_reference(value, self._index.head.number, name)
        if reference.number is None:
            return refuse(f"{name} must be a block number or a tag")
        return reference.number + 1 if reference.is_pending else reference.number

    def _remember(self, wanted: LogFilter | None, next_block: int) -> str:
        now = time.monotonic()
        for filter_id, old in list(self._filters.items()):
            if now - old.polled_at > FILTER_LIFE_S:
                del self._filters[filter_id]
        if len(self._filters) >= MAX_FILTERS:
            raise RpcFault(LIMIT_EXCEEDED, f"{MAX_FILTERS} filters exist already; uninstall some")
        filter_id = hex(secrets.randbits(127) | 1 << 127)
        self._filters[filter_id] = _Filter(wanted, next_block, now)
        return filter_id

    def _find(self, values: object) -> _Filter:
        found = self._filters.get(_filter_id(values))
        if found is None:
            raise RpcFault(SERVER_ERROR, "filter not found")
        found.polled_at = time.monotonic()
        return found


def _filter_id(values: object) -> str:
    return hex(Params(values, at_most=1).quantity(0, "filter id"))


def _addresses(value: object) -> frozenset[bytes] | None:
    if value is None or value == []:
        return None
    if isinstance(value, list):
        return frozenset(address_bytes(one, "address") for one in _short(value, "address"))
    return frozenset({address_bytes(value, "address")})


def _topics(value: object) -> tuple[frozenset[bytes] | None, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > _MAX_TOPICS:
        refuse(f"topics must be a list of at most {_MAX_TOPICS}")
    return tuple(_topic(one) for one in value)


def _topic(value: object) -> frozenset[bytes] | None:
    """Read one position: null, one topic, or a list of alternatives in which null means any."""
    if value is None or value == []:
        return None
    if not isinstance(value, list):
        return frozenset({fixed_bytes(value, 32, "topic")})
    if None in value:
        return None
    return frozenset(fixed_bytes(one, 32, "topic") for one in _short(value, "topic"))


def _short(values: list[Any], name: str) -> Sequence[Any]:
    if len(values) > _MAX_ALTERNATIVES:
        refuse(f"{name} lists at most {_MAX_ALTERNATIVES} alternatives")
    return values
