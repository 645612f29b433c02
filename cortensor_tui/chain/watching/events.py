"""From raw logs to events. What concerns others is told by its bytes and passed over before any decoding.

No event parameter of the queue is indexed, so an endpoint can filter by address and topic only. Every event
of the queue begins with the session's and the task's id, and names its miners as plain addresses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import structlog

from cortensor_tui.chain.contracts.abi import Event, checksum, decode_log
from cortensor_tui.chain.contracts.decoding import saturated
from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.database import LARGEST_STORED

log = structlog.get_logger(__name__)

QUEUED = "TaskQueued"
QUEUE_EVENTS = frozenset(
    {
        QUEUED,
        "TaskAssigned",
        "TaskAcked",
        "TaskPrecommitted",
        "TaskAllPrecommitted",
        "TaskPrecommitEnded",
        "TaskCommitted",
        "TaskEnded",
    }
)
SESSION_EVENTS = frozenset(
    {
        "SessionCreated",
        "SessionUpdated",
        "SessionDeactivated",
        "NewNodeAssignedToSession",
        "NodeReleased",
        "DedicatedNodeAdded",
        "DedicatedNodeRemoved",
    }
)
# Submit transactions remembered until their tasks are assigned.
MOST_SUBMISSIONS = 10_000
_HASH_CHARS = 2 + 64


class ContractEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event; ids are None where the event has none.

    `nodes` are the addresses that it names, checksummed. `is_removed` takes an event back that was delivered
    before: its block is no longer part of the chain.
    """

    name: str
    session_id: int | None
    task_id: int | None
    nodes: tuple[str, ...]
    transaction_hash: str
    block_number: int
    block_hash: str
    log_index: int
    is_removed: bool = False

    @property
    def place(self) -> tuple[int, int]:
        """Return what events are ordered by."""
        return self.block_number, self.log_index

    @property
    def identity(self) -> tuple[str, str, int]:
        """Return what tells an event from every other one, on every fork."""
        return self.block_hash, self.transaction_hash, self.log_index


class _Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Where an event keeps its ids: as the n-th topic, or as the n-th word of its data."""

    event: Event
    is_of_queue: bool
    session_id: tuple[bool, int] | None
    task_id: tuple[bool, int] | None


class LogDecoder:
    """Picks this node's events from a contract's logs. `node` is the node's address.

    Of the queue's events those are kept that name the node or are about a watched session. `watched` may be
    replaced at any time.
    """

    def __init__(self, reader: ContractReader, node: str) -> None:
        contracts = reader.contracts
        self._layouts: dict[tuple[str, str], _Layout] = {}
        for address, events, wanted in (
            (contracts.session_queue_v2, reader.queue_interface.events, QUEUE_EVENTS),
            (contracts.session_v2, reader.sessions_interface.events, SESSION_EVENTS),
        ):
            for event in events.values():
                if event.name in wanted:
                    layout = _layout(event, is_of_queue=wanted is QUEUE_EVENTS)
                    self._layouts[address.lower(), event.topic0] = layout
        self._filter = {
            "address": [contracts.session_queue_v2, contracts.session_v2],
            "topics": [sorted({topic for _, topic in self._layouts})],
        }
        self._node_hex = node.lower().removeprefix("0x")
        self._watched: frozenset[str] = frozenset()
        self._submissions: dict[str, str] = {}

    def watch(self, session_ids: Iterable[int]) -> None:
        """Keep every event of these sessions from now on."""
        self._watched = frozenset(f"{session_id:064x}" for session_id in session_ids)

    def filter(self, first: int, last: int | str) -> dict[str, Any]:
        """Return the `eth_getLogs` filter for some blocks."""
        return {
            "fromBlock": hex(first),
            "toBlock": last if isinstance(last, str) else hex(last),
        } | self._filter

    def submitted_in(self, key: TaskKey) -> str | None:
        """Return the hash of the transaction that a task came by, None if it was not seen of late."""
        return self._submissions.get(f"{key.session_id:064x}{key.task_id:064x}")

    def events(self, logs: Any) -> list[ContractEvent]:
        """Return what concerns this node, in the order given.

        Whatever a log may hold, it stops nothing: one that is not of these contracts or cannot be read is
        left out, and how many there were is logged.
        """
        if not isinstance(logs, list):
            return []
        found, faults = [], Counter[str]()
        for entry in logs:
            try:
                event = self._event(entry)
            except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
                faults[type(error).__name__] += 1
                continue
            if event is not None:
                found.append(event)
        if faults:
            log.warning("logs that cannot be read were left out", count=faults.total(), kinds=dict(faults))
        return found

    def _event(self, entry: Mapping[str, Any]) -> ContractEvent | None:
        topics, data = entry["topics"], entry["data"]
        layout = self._layouts[entry["address"].lower(), topics[0].lower()]
        if layout.is_of_queue:
            name = layout.event.name
            if name == QUEUED:
                self._remember(data[2:130], entry["transactionHash"])
            if data[2:66] not in self._watched and (name == QUEUED or self._node_hex not in data.lower()):
                return None
        if entry.get("removed") is True:
            return None
        return _whole_event(layout, entry)

    def _remember(self, ids: str, transaction_hash: Any) -> None:
        if len(ids) != 128:
            raise ValueError("a queued task without its ids")
        self._submissions[ids] = _hash(transaction_hash)
        if len(self._submissions) > MOST_SUBMISSIONS:
            self._submissions.pop(next(iter(self._submissions)))


def _layout(event: Event, *, is_of_queue: bool) -> _Layout:
    places: dict[str, tuple[bool, int]] = {}
    topic, word = 1, 0
    for name, indexed in zip(event.names, event.indexed, strict=True):
        places[name] = (True, topic) if indexed else (False, word)
        topic, word = (topic + 1, word) if indexed else (topic, word + 1)
    return _Layout(
        event=event,
        is_of_queue=is_of_queue,
        session_id=places.get("sessionId"),
        task_id=places.get("taskId"),
    )


def _whole_event(layout: _Layout, entry: Mapping[str, Any]) -> ContractEvent:
    topics, data = entry["topics"], entry["data"]
    return ContractEvent(
        name=layout.event.name,
        session_id=_id(layout.session_id, topics, data),
        task_id=_id(layout.task_id, topics, data),
        nodes=_nodes(layout.event, topics, data),
        transaction_hash=_hash(entry["transactionHash"]),
        block_number=_number(entry["blockNumber"]),
        block_hash=_hash(entry["blockHash"]),
        log_index=_number(entry["logIndex"]),
    )


def _nodes(event: Event, topics: list[str], data: str) -> tuple[str, ...]:
    """Return the addresses named. Texts, which strangers write at any length, are not decoded."""
    name = next((name for name in ("miners", "miner", "nodeAddress") if name in event.names), None)
    if name is None or event.name == "SessionCreated":
        return ()
    value = decode_log(event, topics, data)[name]
    return tuple(checksum(one) for one in (value if isinstance(value, tuple | list) else (value,)))


def _id(place: tuple[bool, int] | None, topics: list[str], data: str) -> int | None:
    if place is None:
        return None
    is_topic, index = place
    word = topics[index][2:] if is_topic else data[2 + 64 * index : 66 + 64 * index]
    if len(word) != 64:
        raise ValueError("a log shorter than its event")
    return saturated(int(word, 16))


def _number(value: Any) -> int:
    number = int(value, 16)
    if not 0 <= number <= LARGEST_STORED:
        raise ValueError("a number no block can have")
    return number


def _hash(value: Any) -> str:
    if not isinstance(value, str) or len(value) != _HASH_CHARS:
        raise ValueError("not a hash")
    return value.lower()
