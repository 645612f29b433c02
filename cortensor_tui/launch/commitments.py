"""Commitments out of a journal and into one, whether the node runs or not.

SQLite keeps both processes apart, and the node asks the journal before each signature, so what is imported
counts at once. While a node has the key, its journal is joined as it is, never brought to another format.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from cortensor_tui.chain.contracts.abi import checksum
from cortensor_tui.chain.signing.keystore import address_of, read_keystore
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.interchange import (
    MOST_BYTES,
    Imported,
    export_commitments,
    import_commitments,
    read_document,
)
from cortensor_tui.node.identity import journal_path, open_journal
from cortensor_tui.node.lease import KeyLease
from cortensor_tui.settings import Settings, load_settings
from cortensor_tui.settings.private_file import write_private_file


def export_to(settings_path: Path, environ: Mapping[str, str], output: Path | None) -> bytes:
    """Return the commitments of the settings' key as one JSON document; with `output`, write it there too."""
    settings = load_settings(settings_path, environ)
    path = journal_path(settings, node_address(settings))
    if not path.exists():
        raise problem_error(
            "no_journal",
            "There is no journal to export from",
            f"{path} is not there",
            "Check the data folder",
        )
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            document = msgspec.json.encode(export_commitments(connection))
        except sqlite3.Error as error:
            raise problem_error(
                "journal_unusable", f"The journal {path} cannot be read", str(error), "Check the disk"
            ) from error
    if output is not None:
        write_private_file(output, msgspec.json.format(document, indent=1) + b"\n", may_replace=False)
    return document


def import_from(
    settings_path: Path, environ: Mapping[str, str], document: Path, *, may_make_journal: bool
) -> Imported:
    """Add the commitments in a file to the journal of the settings' key, all or none."""
    settings = load_settings(settings_path, environ)
    address = node_address(settings)
    found = read_document(_read(document))
    with _journal(settings, address, may_make_journal) as database:
        return import_commitments(database, found, address)


def node_address(settings: Settings) -> str:
    """Return the node's address without unlocking its key."""
    if settings.watch_address is not None:
        raise problem_error(
            "only_watching",
            f"The settings in {settings.path} only watch an address",
            "there is no key that could have signed anything",
            "Name the settings of the node with the key, with --env",
        )
    if settings.node_private_key is not None:
        return address_of(settings.node_private_key)
    if settings.node_keystore is not None and (address := read_keystore(settings.node_keystore).address):
        return address
    if settings.node_address is not None:
        return checksum(settings.node_address)
    raise problem_error(
        "no_address",
        "The node's address is not known without its password",
        "its keystore does not name it",
        "Set NODE_PUBLIC_KEY",
    )


@contextmanager
def _journal(settings: Settings, address: str, may_make: bool) -> Iterator[Database]:
    try:
        lease = KeyLease.take(settings, address)
    except ProblemError as error:
        if error.problem.code != "key_in_use":
            raise
        with closing(Database.join(journal_path(settings, address))) as database:
            yield database
        return
    with closing(lease), closing(open_journal(settings, address, may_make=may_make)) as database:
        yield database


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise problem_error(
            "no_file", f"{path} cannot be read", error.strerror or str(error), "Check the path"
        ) from error
