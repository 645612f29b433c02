"""A journal of an older version is brought forward, and everything in it is found after."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.migrations import SCHEMA_VERSION, STEPS
from cortensor_tui.journal.scope import ChainScope, Cursor

SCOPE = ChainScope(chain_id=31337, genesis_hash="0x" + "aa" * 32, queue_address="0x" + "11" * 20)
NODE = "0x" + "22" * 20
KEY = TaskKey(3, 4)
DETAILS = (
    b'{"prompt_type":1,"prompt_template":"","asked":{"max_tokens":8,"temperature":0.5,"top_p":1.0,"top_k":4,'
    b'"repeat_penalty":1.0,"presence_penalty":0.0,"frequency_penalty":0.0}}'
)


@pytest.fixture
def first_journal(tmp_path: Path) -> Path:
    """A version 1 file as that version wrote it, with rows in every table."""
    path = tmp_path / "journal.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(f"BEGIN; {STEPS[0]} PRAGMA user_version=1; COMMIT;")
    connection.execute(
        "INSERT INTO chains VALUES (1, ?, ?, ?, 77, '0xcursor')",
        (SCOPE.chain_id, SCOPE.genesis_hash, SCOPE.queue_address),
    )
    connection.execute(
        "INSERT INTO tasks VALUES (1, 3, 4, 'acked', 'cid', NULL, NULL, ?, 1.0, 2.0, NULL, NULL, NULL, 9.0, '')",  # noqa: E501
        (DETAILS,),
    )
    transaction = (
        "INSERT INTO transactions (chain, kind, state, sender, nonce, hash, raw, session_id, task_id,"
        " created_at, sent_at, mined_at, block_number, gas_used, fee_wei, error)"
        " VALUES (1, ?, ?, ?, ?, ?, ?, 3, 4, 1.5, 1.6, ?, ?, ?, ?, '')"
    )
    connection.execute(transaction, ("ack", "mined", NODE, 6, "0xack", b"ack", 2.0, 70, 21_000, "42000"))
    connection.execute(transaction, ("precommit", "sent", NODE, 7, "0xpre", b"pre", None, None, None, None))
    connection.execute(
        "INSERT INTO commitments VALUES (?, ?, ?, 3, 4, ?, 'precommit', '0xhash', 1.5)",
        (SCOPE.chain_id, SCOPE.genesis_hash, SCOPE.queue_address, NODE),
    )
    connection.close()
    return path


def test_a_first_journal_is_whole_after_its_migration(first_journal: Path) -> None:
    database = Database.open(first_journal)
    assert database.connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    journal = Journal(database, SCOPE)
    assert journal.cursor.read() == Cursor(block_number=77, block_hash="0xcursor")
    task = journal.tasks.get(KEY)
    assert task is not None
    assert (task.stage, task.acked_at, task.deadline_at) == (Stage.ACKED, 2.0, 9.0)

    ack = journal.transactions.of_task(KEY, TransactionKind.ACK)
    assert ack is not None
    assert (ack.state, ack.nonce, ack.fee_wei) == (TransactionState.MINED, 6, "42000")
    assert [(one.number, one.hash, one.sent_at) for one in ack.attempts] == [(1, "0xack", 1.6)]
    (unfinished,) = journal.transactions.unfinished(NODE)
    assert (unfinished.nonce, journal.transactions.raw(unfinished.transaction_id)) == (7, b"pre")
    assert journal.transactions.saved_call(unfinished.transaction_id) is None
    assert journal.transactions.gas_fees([KEY]) == {KEY: 42_000}
    assert database.connection.execute("SELECT payload_hash FROM commitments").fetchone()[0] == "0xhash"
    assert database.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_migration_is_whole_or_not_at_all(first_journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = (*STEPS, "CREATE TABLE half (a INTEGER); CREATE TABLE half (a INTEGER);")
    with monkeypatch.context() as patched:
        patched.setattr("cortensor_tui.journal.migrations.STEPS", broken)
        with pytest.raises(ProblemError) as told:
            Database.open(first_journal)
    assert told.value.problem.code == "journal_unusable"
    database = Database.open(first_journal)
    assert database.connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert (
        database.connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchone() is None
    )


def test_a_new_journal_equals_a_migrated_one(first_journal: Path, tmp_path: Path) -> None:
    def tables(path: Path) -> list[tuple[str, ...]]:
        connection = Database.open(path).connection
        names = [
            row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        columns = [
            (name, *(column["name"] for column in connection.execute(f"PRAGMA table_info({name})")))
            for name in names
        ]
        return sorted(columns)

    assert tables(first_journal) == tables(tmp_path / "new.sqlite")
