"""What a verification of one task found: a line a check, and the verdict."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cortensor_tui.domain.tasks import TaskKey


class Finding(StrEnum):
    """How a check came out. `unknown` is never a pass; `noted` decides nothing and is only told."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"
    NOTED = "noted"


class ProofVerdict(StrEnum):
    """`proven` takes every check; one that fails refutes; anything else is not proven."""

    PROVEN = "proven"
    REFUTED = "refuted"
    NOT_PROVEN = "not proven"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where on the chain; `block_at` is the block's timestamp, unix seconds. None where unknown."""

    transaction_hash: str | None = None
    block_number: int | None = None
    block_hash: str | None = None
    block_at: float | None = None


class ProofCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One check. `name` is stable; `expected` is what this node has, `found` what was found, both whole.

    `is_hidden`: both were left out, since they lead to the texts of a private session that was not asked for.
    """

    name: str
    title: str
    finding: Finding
    expected: str = ""
    found: str = ""
    detail: str = ""
    place: Place | None = None
    is_hidden: bool = False


class Verification(msgspec.Struct, frozen=True, kw_only=True, tag="verification"):
    """The proof of one task's way. `summary` says what decided the verdict.

    `is_hidden`: what leads to the task's texts was left out, since its session is private.
    """

    key: TaskKey
    node_address: str
    chain_id: int
    queue_address: str
    verdict: ProofVerdict
    summary: str
    checks: tuple[ProofCheck, ...]
    is_hidden: bool = False
