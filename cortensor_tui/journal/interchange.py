"""Commitments as a JSON document, to take a key to another machine; modelled on EIP-3076's interchange.

Reading one may only make a journal stricter: rows are added, none is changed, and one entry that says
otherwise than the journal refuses the whole document.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated, Final

import msgspec
from eth_utils.address import to_checksum_address
from msgspec import Meta

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.commitments import Commitment, insert_commitment
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.scope import ChainScope

FORMAT: Final = "cortensor-commitments"
FORMAT_VERSION: Final = 1
MOST_BYTES: Final = 64 * 1024 * 1024
STAGES: Final = ("precommit", "commit")

_Id = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Hash = Annotated[str, Meta(pattern="^0x[0-9a-fA-F]{64}$")]
_Address = Annotated[str, Meta(pattern="^0x[0-9a-fA-F]{40}$")]


class Metadata(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Says what the document is."""

    interchange_format: str
    interchange_format_version: int


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One commitment; `first_signed_at` in unix seconds."""

    node: _Address
    session: _Id
    task: _Id
    stage: Annotated[str, Meta(pattern="^(precommit|commit)$")]
    payload_hash: _Hash
    first_signed_at: Annotated[float, Meta(ge=0, le=1e12)]


class Chain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The commitments to one queue contract on one chain."""

    chain_id: _Id
    genesis_hash: _Hash
    contract: _Address
    commitments: tuple[Entry, ...]


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole interchange document."""

    metadata: Metadata
    data: tuple[Chain, ...]


class _AnyMetadata(msgspec.Struct):
    interchange_format: str
    interchange_format_version: int


class _AnyDocument(msgspec.Struct):
    metadata: _AnyMetadata


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries were new to the journal, and how many it had already."""

    added: int
    known: int


def export_commitments(connection: sqlite3.Connection) -> Document:
    """Return every commitment of a journal."""
    rows = connection.execute(
        "SELECT * FROM commitments"
        " ORDER BY chain_id, genesis_hash, contract, session_id, task_id, stage, node"
    ).fetchall()
    chains: dict[tuple[int, str, str], list[Entry]] = {}
    for row in rows:
        place = (row["chain_id"], row["genesis_hash"], row["contract"])
        entry = Entry(
            node=row["node"],
            session=row["session_id"],
            task=row["task_id"],
            stage=row["stage"],
            payload_hash=row["payload_hash"],
            first_signed_at=row["first_signed_at"],
        )
        chains.setdefault(place, []).append(entry)
    return Document(
        metadata=Metadata(interchange_format=FORMAT, interchange_format_version=FORMAT_VERSION),
        data=tuple(
            Chain(chain_id=chain_id, genesis_hash=genesis, contract=contract, commitments=tuple(entries))
            for (chain_id, genesis, contract), entries in chains.items()
        ),
    )


def read_document(raw: bytes) -> Document:
    """Return the document in these bytes. Raises `ProblemError` "bad_commitments" with the place."""
    if len(raw) > MOST_BYTES:
        raise _bad(f"it is bigger than {MOST_BYTES} bytes")
    try:
        metadata = msgspec.json.decode(raw, type=_AnyDocument).metadata
        if metadata.interchange_format != FORMAT:
            raise _bad(
                f"its interchange_format is {inert(metadata.interchange_format, 40)!r}, not {FORMAT!r}"
            )
        if metadata.interchange_format_version != FORMAT_VERSION:
            raise _bad(
                f"its format is of version {metadata.interchange_format_version}, this program reads "
                f"{FORMAT_VERSION}",
                "Use the version of the program that wrote it",
            )
        return msgspec.json.decode(raw, type=Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _bad(inert(str(error), 200)) from error


def import_commitments(database: Database, document: Document, node: str) -> Imported:
    """Add a document's entries to the journal of a node, all or none.

    Raises `ProblemError` "commitments_conflict" when the journal or another entry has another hash for one,
    and "bad_commitments" for an entry of another node.
    """
    _require_agreement(document)
    added = known = 0
    with database.step("commitments imported") as connection:
        for chain in document.data:
            scope = _scope(chain)
            for entry in chain.commitments:
                if entry.node.lower() != node.lower():
                    raise _bad(f"{_name(entry)} is of the node {entry.node}, this journal is {node}'s")
                if _add(connection, scope, entry):
                    added += 1
                else:
                    known += 1
    return Imported(added=added, known=known)


def _require_agreement(document: Document) -> None:
    """Raise "commitments_conflict" where two entries of the document have different hashes for one."""
    seen: dict[tuple[ChainScope, str, int, int, str], tuple[str, str]] = {}
    for chain_number, chain in enumerate(document.data):
        scope = _scope(chain)
        for number, entry in enumerate(chain.commitments):
            payload_hash = entry.payload_hash.lower()
            place = f"$.data[{chain_number}].commitments[{number}]"
            promise = (scope, entry.node.lower(), entry.session, entry.task, entry.stage)
            first_place, first_hash = seen.setdefault(promise, (place, payload_hash))
            if first_hash != payload_hash:
                raise problem_error(
                    "commitments_conflict",
                    f"The file contradicts itself: {_name(entry)} is there twice",
                    f"{first_place} has {first_hash}, {place} has {payload_hash}",
                    "Nothing was imported. Export it anew from the journal it came from; a journal has one",
                )


def _scope(chain: Chain) -> ChainScope:
    return ChainScope(
        chain_id=chain.chain_id,
        genesis_hash=chain.genesis_hash.lower(),
        queue_address=to_checksum_address(chain.contract),
    )


def _add(connection: sqlite3.Connection, scope: ChainScope, entry: Entry) -> bool:
    commitment = Commitment(
        scope=scope,
        key=TaskKey(entry.session, entry.task),
        node=to_checksum_address(entry.node),
        stage=entry.stage,
        payload_hash=entry.payload_hash.lower(),
    )
    is_new, standing = insert_commitment(connection, commitment, entry.first_signed_at)
    if standing.lower() != commitment.payload_hash:
        raise problem_error(
            "commitments_conflict",
            f"{_name(entry)} says otherwise than the journal",
            f"the journal has {standing}, the document {commitment.payload_hash}",
            "Nothing was imported. Find out which node signed the other one before this key answers again",
        )
    return is_new


def _name(entry: Entry) -> str:
    return f"the entry of session {entry.session}, task {entry.task}, {entry.stage}"


def _bad(why: str, remedy: str = "") -> ProblemError:
    return problem_error(
        "bad_commitments",
        "The commitments cannot be imported",
        why,
        remedy or "Give a file that was written by: cortensor-tui commitments export",
    )
