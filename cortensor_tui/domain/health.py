"""Whether the node serves, and what each thing it depends on says."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cortensor_tui.domain.endpoints import EndpointHealth
from cortensor_tui.domain.gas import GasOutlook
from cortensor_tui.domain.gpus import GpuReading
from cortensor_tui.domain.inference import EngineHealth
from cortensor_tui.domain.networks import ContractOrigin, Registration, ReplacedChain, ServedChain
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.swaps import SwapProgress


class Verdict(StrEnum):
    """The one word an operator wants; a node without a key is `watching` at best."""

    SERVING = "serving"
    WAITING = "waiting"
    BLOCKED = "blocked"
    WATCHING = "watching"


class ChainHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The chain as last seen. `head_seen_at` is when this node learnt of the head, unix seconds.

    `unread_since` is when the chain answered last, where it does not now; None while it does. What was read
    of it is the past then. `head_alarm_s` is the age from which a head is late, None where blocks come with
    traffic only.
    `endpoint` is the one in use; `endpoints` are all of them in the order of the settings.
    `origin` says how the contracts were found; None until they are.
    `head_feed` is how the WebSocket stands that tells of news, empty where none is followed.
    `replaced` is the chain in whose place this one was found since the node started, None for none.
    `explorer` is where people look transactions up, empty where the network has no known place for it.
    """

    network: str
    endpoint: str
    chain_id: int | None = None
    head_number: int | None = None
    head_at: float | None = None
    head_seen_at: float | None = None
    latency_ms: float | None = None
    queue_address: str = ""
    session_address: str = ""
    error: str = ""
    endpoints: tuple[EndpointHealth, ...] = ()
    origin: ContractOrigin | None = None
    head_feed: str = ""
    explorer: str = ""
    replaced: ReplacedChain | None = None
    unread_since: float | None = None
    head_alarm_s: float | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A key's public side; `balance_wei` is None while unknown. Wei travels as text: JSON has no 256 bits.

    `unlocked_from` says in words where the key was had from, empty where none is here.
    """

    address: str
    balance_wei: str | None = None
    read_at: float | None = None
    unlocked_from: str = ""


class IpfsHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The IPFS nodes that this node uses. What is told of one is the first of them that answers.

    `out` says how many of the `count` endpoints do not answer; None until they were asked. `waiting` are
    payloads that are still to be delivered. `error` is the last one met, empty once all is well again.
    `peers` is None where it is not known, as of a node that keeps to itself. `asked_at` is in unix seconds.
    """

    endpoint: str
    count: int = 1
    out: int | None = None
    version: str = ""
    peers: int | None = None
    repo_bytes: int | None = None
    repo_limit_bytes: int | None = None
    waiting: int = 0
    error: str = ""
    asked_at: float | None = None


class StoreHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Where payloads are kept; `error` is also the journal's beside them, since both need the same disk.

    `ipfs` is None where no IPFS node is set.
    """

    kind: str
    location: str
    is_writable: bool
    error: str = ""
    ipfs: IpfsHealth | None = None


BOUND = "bound to an active session"
ENOUGH_NODES = "a served session has the nodes it asks for"
"""Names of preconditions that the front ends know, to say which of their keys or commands meets them."""


class Precondition(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must be so before tasks are answered; `is_met` is None where it is not known.

    `detail` says how it is, or why it is not known; `remedy` what to do where it is not met.
    """

    name: str
    is_met: bool | None
    detail: str
    remedy: str = ""


class NodeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the status pane and `status` say. `problem` is the first failed precondition.

    `preconditions` are all of them, in the order in which they are mended.
    `owner_key_problem` says why this node signs nothing for the owner; None where it does.
    `is_watching`: it has no key, and tells what the address `node` does on chain.
    `past` is set as long as no chain has answered: tasks, transactions, their numbers and the throughput are
    then what the journal has of that chain.
    `are_sessions_read`: before that, that there are none means nothing; an older node does not tell.
    `swaps` are those on their way, and those that stand half way.
    `theme` is the one that the settings name for dashboards.
    `gpus` is read while somebody looks; None where this machine tells of none.
    """

    verdict: Verdict
    reason: str
    problem: Problem | None
    node: Account
    owner: Account
    chain: ChainHealth
    engine: EngineHealth
    store: StoreHealth
    started_at: float
    version: str
    settings_path: str
    answered_tasks: int | None = None  # unknown until the chain is, whose tasks they are
    missed_tasks: int | None = None
    warnings: tuple[str, ...] = ()
    preconditions: tuple[Precondition, ...] = ()
    gas: GasOutlook = GasOutlook()
    registration: Registration = Registration()
    owner_key_problem: Problem | None = None
    is_watching: bool = False
    past: ServedChain | None = None
    are_sessions_read: bool = True
    swaps: tuple[SwapProgress, ...] = ()
    theme: str | None = None
    gpus: GpuReading | None = None
