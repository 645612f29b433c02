"""Never two answers: what a node has put its name to, one row a task and stage (modelled on EIP-3076)."""

from __future__ import annotations

import sqlite3

import msgspec

from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.scope import ChainScope


class Commitment(msgspec.Struct, frozen=True, kw_only=True):
    """A promise about one task: `stage` is precommit or commit, `payload_hash` the answer's, 0x hex."""

    scope: ChainScope
    key: TaskKey
    node: str
    stage: str
    payload_hash: str


def recorded_payload_hash(
    connection: sqlite3.Connection, scope: ChainScope, key: TaskKey, node: str, stage: str
) -> str | None:
    """Return what the node has put its name to at this stage, None where nothing."""
    found = connection.execute(
        "SELECT payload_hash FROM commitments WHERE chain_id = ? AND genesis_hash = ? AND contract = ?"
        " AND session_id = ? AND task_id = ? AND node = ? AND stage = ?",
        (
            scope.chain_id,
            scope.genesis_hash,
            scope.queue_address,
            key.session_id,
            key.task_id,
            node,
            stage,
        ),
    ).fetchone()
    return None if found is None else str(found["payload_hash"])


def record_commitment(connection: sqlite3.Connection, commitment: Commitment, now: float) -> None:
    """Write the row inside the caller's step, or find the same promise there.

    Raises `ProblemError` with code "two_answers" when another hash stands there: nothing may be signed.
    """
    _, standing = insert_commitment(connection, commitment, now)
    refuse_another(commitment, standing)


def refuse_another(commitment: Commitment, standing: str | None) -> None:
    """Raise "two_answers" when another hash stands where this one is to be signed; None is nothing."""
    if standing is not None and standing != commitment.payload_hash:
        raise problem_error(
            "two_answers",
            f"Refused to sign a second answer for task {commitment.key}",
            f"signed before: {standing}, now: {commitment.payload_hash}",
            "Nothing was sent; the first answer stands",
        )


def insert_commitment(connection: sqlite3.Connection, commitment: Commitment, now: float) -> tuple[bool, str]:
    """Write the row where there is none; return whether it is new, and the hash that stands there."""
    scope, key = commitment.scope, commitment.key
    place = (scope.chain_id, scope.genesis_hash, scope.queue_address)
    cursor = connection.execute(
        "INSERT OR IGNORE INTO commitments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *place,
            key.session_id,
            key.task_id,
            commitment.node,
            commitment.stage,
            commitment.payload_hash,
            now,
        ),
    )
    if cursor.rowcount:
        return True, commitment.payload_hash
    standing = recorded_payload_hash(connection, scope, key, commitment.node, commitment.stage)
    if standing is None:
        raise RuntimeError("a commitment was neither written nor found")
    return False, standing
