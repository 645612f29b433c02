"""Opens the journal's file and writes it step by step."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.journal.migrations import SCHEMA_VERSION, migrate
from cortensor_tui.settings.private_folder import make_private_folder

LARGEST_STORED = 2**63 - 1  # SQLite's whole numbers


class Database:
    """One SQLite file, one connection, one writer."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open or create the journal, mode 0600 in a 0700 folder.

        Raises `ProblemError` when the file is not a journal, is damaged, or comes from a newer version.
        """
        try:
            make_private_folder(path.parent)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(path, isolation_level=None, timeout=5)
            database = cls(connection, path)
            database._prepare(path)
        except (OSError, sqlite3.Error) as error:
            raise problem_error(
                "journal_unusable",
                f"The journal {path} cannot be used",
                str(error),
                "Check the disk and the folder's rights; restore the file from a backup if it is damaged",
            ) from error
        return database

    @classmethod
    def join(cls, path: Path) -> Database:
        """Open a journal that another process has open, without bringing it to another format.

        Raises `ProblemError` as `open` does, and "journal_version" for any format but this program's.
        """
        try:
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None
            )
            database = cls(connection, path)
            database._set_up()
        except sqlite3.Error as error:
            raise problem_error(
                "journal_unusable", f"The journal {path} cannot be used", str(error), "Check the data folder"
            ) from error
        version = database._version()
        if version != SCHEMA_VERSION:
            database.close()
            raise _other_version(path, version)
        return database

    def _prepare(self, path: Path) -> None:
        self._set_up()
        version = self._version()
        if version > SCHEMA_VERSION:
            raise _other_version(path, version)
        migrate(self.connection, version)

    def _version(self) -> int:
        return int(self.connection.execute("PRAGMA user_version").fetchone()[0])

    def _set_up(self) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.row_factory = sqlite3.Row

    @contextmanager
    def unsynced_step(self, name: str) -> Iterator[sqlite3.Connection]:
        """Write one step that a power cut may take back, without the wait for the disk.

        For what is only written so that less has to be done again. A killed process loses nothing, and steps
        stay in their order: whatever is synced later carries this with it.
        """
        self.connection.execute("PRAGMA synchronous=NORMAL")
        try:
            with self.step(name) as connection:
                yield connection
        finally:
            self.connection.execute("PRAGMA synchronous=FULL")

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


def _other_version(path: Path, version: int) -> ProblemError:
    return problem_error(
        "journal_version",
        f"The journal {path} was written by another version of this program",
        f"its format is {version}, this program reads {SCHEMA_VERSION}",
        "Use one version for the node and its commands, or set CORTENSOR_TUI_DATA_DIR to another folder",
    )
