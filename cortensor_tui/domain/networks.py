"""What a node found out about its network: where the contracts are, and of which generation."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Generation(StrEnum):
    """The three public generations of SessionV2 and SessionQueueV2."""

    OLD = "old"
    MID = "mid"
    NEW = "new"


class Standing(StrEnum):
    """How far an address may be trusted."""

    STATED = "stated"  # in the network's own files
    SEEN = "seen"  # in a public client that works with it
    UNVERIFIED = "unverified"  # in a public client that is wrong about other things


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """One call made at start, what came back, and what that says."""

    call: str
    answer: str
    meaning: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Where a contract is, and how that was found out. `address` is checksummed.

    `setting` is the one that would change it.
    """

    name: str
    address: str
    source: str
    setting: str = ""


class ContractOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """How the contracts that a node works with were found, and how their generation was told.

    `probes` is empty where the generation was set. `warnings` are sentences for people.
    """

    generation: Generation
    is_probed: bool
    probes: tuple[Probe, ...] = ()
    addresses: tuple[Found, ...] = ()
    warnings: tuple[str, ...] = ()


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the network has registered this node; None where that is not known or cannot be read.

    `detail` says who told it, or why nobody does.
    """

    is_registered: bool | None = None
    detail: str = "not read yet"


class ServedChain(msgspec.Struct, frozen=True, kw_only=True):
    """A chain that the journal knows: the one that this node read last, up to `block_number` at `read_at`.

    `read_at` is unix seconds; both are None where an older version did not keep them.
    """

    chain_id: int
    genesis_hash: str
    queue_address: str
    block_number: int | None = None
    read_at: float | None = None


class ReplacedChain(msgspec.Struct, frozen=True, kw_only=True):
    """A chain whose place another one of the same id has taken, as the node found at `at`, unix seconds.

    `genesis_hash` is that of the chain before: what it knew of sessions and tasks is gone with it.
    """

    chain_id: int
    genesis_hash: str
    at: float
