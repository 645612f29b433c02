"""Opens the journal's file and defines its tables."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cortensor_tui.domain.problems import problem_error

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE chains (
    chain INTEGER PRIMARY KEY,
    chain_id INTEGER NOT NULL, genesis_hash TEXT NOT NULL, queue_address TEXT NOT NULL,
    cursor_block INTEGER, cursor_hash TEXT,
    UNIQUE (chain_id, genesis_hash, queue_address)
) STRICT;

CREATE TABLE tasks (
    chain INTEGER NOT NULL REFERENCES chains, session_id INTEGER NOT NULL, task_id INTEGER NOT NULL,
    stage TEXT NOT NULL,
    prompt_cid TEXT NOT NULL, answer_cid TEXT, answer_hash TEXT,
    details BLOB NOT NULL,
    assigned_at REAL, acked_at REAL, precommitted_at REAL, committed_at REAL, ended_at REAL,
    deadline_at REAL, note TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (chain, session_id, task_id)
) STRICT;
CREATE INDEX tasks_by_stage ON tasks (chain, stage);
CREATE INDEX tasks_by_time ON tasks (chain, assigned_at);

CREATE TABLE transactions (
    transaction_id INTEGER PRIMARY KEY,
    chain INTEGER NOT NULL REFERENCES chains,
    kind TEXT NOT NULL, state TEXT NOT NULL, sender TEXT NOT NULL, nonce INTEGER NOT NULL,
    hash TEXT NOT NULL, raw BLOB NOT NULL,
    session_id INTEGER, task_id INTEGER,
    created_at REAL NOT NULL, sent_at REAL, mined_at REAL,
    block_number INTEGER, gas_used INTEGER, fee_wei TEXT, error TEXT NOT NULL DEFAULT '',
    UNIQUE (chain, hash)
) STRICT;
CREATE INDEX transactions_open ON transactions (chain, sender, nonce)
    WHERE state NOT IN ('mined', 'reverted', 'rejected');
CREATE INDEX transactions_of_task ON transactions (chain, session_id, task_id, kind);

CREATE TABLE commitments (
    chain_id INTEGER NOT NULL, genesis_hash TEXT NOT NULL, contract TEXT NOT NULL,
    session_id INTEGER NOT NULL, task_id INTEGER NOT NULL, node TEXT NOT NULL, stage TEXT NOT NULL,
    payload_hash TEXT NOT NULL, first_signed_at REAL NOT NULL,
    PRIMARY KEY (chain_id, genesis_hash, contract, session_id, task_id, node, stage)
) STRICT, WITHOUT ROWID;
"""


class Database:
    """One SQLite file, one connection, one writer."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open or create the journal, mode 0600 in a 0700 folder.

        Raises `ProblemError` when the file is not a journal, is damaged, or comes from a newer version.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(path, isolation_level=None, timeout=5)
            database = cls(connection)
            database._prepare(path)
        except (OSError, sqlite3.Error) as error:
            raise problem_error(
                "journal_unusable",
                f"The journal {path} cannot be used",
                str(error),
                "Check the disk and the folder's rights; restore the file from a backup if it is damaged",
            ) from error
        return database

    def _prepare(self, path: Path) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.row_factory = sqlite3.Row
        version = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self.connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise problem_error(
                "journal_version",
                f"The journal {path} was written by another version of this program",
                f"its format is {version}, this program reads {SCHEMA_VERSION}",
                "Update the program, or set CORTENSOR_TUI_DATA_DIR to another folder",
            )

    @contextmanager
    def step(self, name: str) -> Iterator[sqlite3.Connection]:
        """Write one named step: all of it is on disk when the block is left, or none of it.

        The name is for people and for tests that kill the node after a given step. Raises `ProblemError`
        "journal_unwritable" when the disk refuses.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            yield self.connection
            self.connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise problem_error(
                "journal_unwritable",
                "The journal cannot be written, so nothing is sent",
                str(error),
                "Free disk space or mend the rights of the data folder; the node goes on by itself",
            ) from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self.connection.in_transaction:  # on a full disk SQLite has done it already
            self.connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self.connection.close()
