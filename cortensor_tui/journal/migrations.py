"""The journal's tables as an ordered list of steps. A new step goes to the end; none is ever changed.

Step n takes a file of version n - 1 to version n; a new file takes all of them. Forward only: an older
program refuses a newer file.
"""

from __future__ import annotations

import sqlite3

_FIRST_TABLES = """
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

# One transaction may be signed several times, with the same nonce and call and higher fees.
_ATTEMPTS = """
CREATE TABLE attempts (
    transaction_id INTEGER NOT NULL REFERENCES transactions, number INTEGER NOT NULL,
    hash TEXT NOT NULL, raw BLOB NOT NULL,
    max_fee_wei TEXT, priority_fee_wei TEXT,
    signed_at REAL NOT NULL, sent_at REAL, error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (transaction_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO attempts (transaction_id, number, hash, raw, signed_at, sent_at, error)
    SELECT transaction_id, 1, hash, raw, created_at, sent_at, '' FROM transactions;

ALTER TABLE transactions DROP COLUMN raw;
ALTER TABLE transactions ADD COLUMN target TEXT;
ALTER TABLE transactions ADD COLUMN calldata TEXT;
ALTER TABLE transactions ADD COLUMN call TEXT NOT NULL DEFAULT '';
ALTER TABLE transactions ADD COLUMN gas_limit INTEGER;
ALTER TABLE transactions ADD COLUMN deadline_at REAL;
ALTER TABLE transactions ADD COLUMN block_hash TEXT;
ALTER TABLE transactions ADD COLUMN waiting_for TEXT NOT NULL DEFAULT '';

DROP INDEX transactions_open;
CREATE INDEX transactions_open ON transactions (chain, sender, nonce)
    WHERE state NOT IN ('mined', 'reverted', 'rejected', 'replaced');
CREATE INDEX transactions_by_nonce ON transactions (chain, sender, nonce);
"""

# What was delivered from the last blocks, to tell a reorganisation; when each step of a task was taken.
_RECENT_BLOCKS_AND_TIMES = """
ALTER TABLE chains ADD COLUMN recent_blocks BLOB;
ALTER TABLE tasks ADD COLUMN times BLOB NOT NULL DEFAULT x'7b7d';
"""

# The gas budget adds up a day's fees before each signature; the index has all that it needs.
_FEES_BY_TIME = """
CREATE INDEX transactions_fees ON transactions (chain, sender, mined_at, fee_wei, state)
    WHERE mined_at IS NOT NULL;
"""

# History is read a page at a time, newest first, from a place on. What most rows are is left out of the
# indexes that lead to the rare ones. Those of transactions end with their id, as every index does.
_HISTORY = """
UPDATE tasks SET assigned_at = 0 WHERE assigned_at IS NULL;
DROP INDEX tasks_by_time;
CREATE INDEX tasks_by_place ON tasks (chain, assigned_at, session_id, task_id);
CREATE INDEX tasks_of_session ON tasks (chain, session_id, assigned_at, task_id);
CREATE INDEX tasks_not_ended ON tasks (chain, assigned_at, session_id, task_id) WHERE stage != 'ended';
CREATE INDEX tasks_open ON tasks (chain, assigned_at, session_id, task_id)
    WHERE stage NOT IN ('ended', 'missed');
CREATE INDEX transactions_by_id ON transactions (chain);
CREATE INDEX transactions_of_session ON transactions (chain, session_id);
CREATE INDEX transactions_not_mined ON transactions (chain) WHERE state != 'mined';
CREATE INDEX transactions_not_answering ON transactions (chain)
    WHERE kind NOT IN ('ack', 'precommit', 'commit');
"""

# Throughput is counted from the tasks that ended lately.
_ENDS = """
CREATE INDEX tasks_by_end ON tasks (chain, ended_at) WHERE ended_at IS NOT NULL;
"""

# After a reorganisation, what was mined in the last blocks is looked at again.
_MINED_BLOCKS = """
CREATE INDEX transactions_by_block ON transactions (chain, sender, block_number)
    WHERE block_number IS NOT NULL;
"""

# Lists are sorted by more than time. The numbers are those of domain.list_orders, kept in the indexes only.
_LIST_ORDERS = """
ALTER TABLE tasks ADD COLUMN due REAL GENERATED ALWAYS AS (
    CASE WHEN stage IN ('ended', 'missed') OR deadline_at IS NULL THEN 1e11 - assigned_at
        ELSE deadline_at END) VIRTUAL;
ALTER TABLE tasks ADD COLUMN took_s REAL GENERATED ALWAYS AS (
    CASE WHEN ended_at IS NOT NULL THEN ended_at - assigned_at
        WHEN stage IN ('ended', 'missed') THEN -1.0 ELSE 1e10 - assigned_at END) VIRTUAL;
ALTER TABLE tasks ADD COLUMN answer_tokens INTEGER GENERATED ALWAYS AS (
    coalesce(json_extract(CAST(details AS TEXT), '$.answer_tokens'), -1)) VIRTUAL;
CREATE INDEX tasks_by_due ON tasks (chain, due, session_id, task_id);
CREATE INDEX tasks_by_took ON tasks (chain, took_s, session_id, task_id);
CREATE INDEX tasks_by_tokens ON tasks (chain, answer_tokens, session_id, task_id);
ALTER TABLE transactions ADD COLUMN fee INTEGER GENERATED ALWAYS AS (
    coalesce(CAST(fee_wei AS INTEGER), -1)) VIRTUAL;
ALTER TABLE transactions ADD COLUMN wait_s REAL GENERATED ALWAYS AS (
    CASE WHEN mined_at IS NOT NULL AND sent_at IS NOT NULL THEN mined_at - sent_at
        WHEN mined_at IS NOT NULL OR state IN ('rejected', 'replaced') THEN -1.0
        ELSE 1e10 - created_at END) VIRTUAL;
CREATE INDEX transactions_by_fee ON transactions (chain, fee);
CREATE INDEX transactions_by_wait ON transactions (chain, wait_s);
"""

# Before a chain answers, the past of the one that was read last is told.
_READ_AT = """
ALTER TABLE chains ADD COLUMN read_at REAL;
"""

# A swap of nodes is two transactions: what stops between them is taken up again. A number is never
# given twice: one that is still to be struck must not name a later swap.
_SWAPS = """
CREATE TABLE swaps (
    swap_id INTEGER PRIMARY KEY AUTOINCREMENT,
    chain INTEGER NOT NULL REFERENCES chains, owner TEXT NOT NULL, session_id INTEGER NOT NULL,
    unbind_address TEXT NOT NULL, bind_address TEXT NOT NULL, when_busy TEXT NOT NULL,
    asked_at REAL NOT NULL,
    unbind_id INTEGER REFERENCES transactions, bind_id INTEGER REFERENCES transactions,
    problem BLOB,
    UNIQUE (chain, owner, session_id)
) STRICT;
"""

# A transaction is looked up by any hash that it had, a task by its answer's.
_HASHES = """
CREATE INDEX transactions_by_hash ON transactions (chain, hash);
CREATE INDEX attempts_by_hash ON attempts (hash);
CREATE INDEX tasks_by_answer_hash ON tasks (chain, answer_hash) WHERE answer_hash IS NOT NULL;
"""

# What made an answer. Those stored before have nothing to tell.
_ENVELOPES = """
ALTER TABLE tasks ADD COLUMN envelope BLOB;
"""

# Answers that are to be on IPFS, until they are there, and then until they may be forgotten; how far the
# tasks that ended have been gone through for texts that are kept no longer.
_UPLOADS = """
CREATE TABLE uploads (
    chain INTEGER NOT NULL REFERENCES chains, session_id INTEGER NOT NULL, task_id INTEGER NOT NULL,
    cid TEXT NOT NULL,
    asked_at REAL NOT NULL, delivered_at REAL, unpinned_at REAL,
    PRIMARY KEY (chain, session_id, task_id, cid)
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_waiting ON uploads (asked_at) WHERE delivered_at IS NULL;
CREATE INDEX uploads_pinned ON uploads (delivered_at) WHERE delivered_at IS NOT NULL AND unpinned_at IS NULL;
CREATE INDEX uploads_by_id ON uploads (cid, asked_at);
ALTER TABLE chains ADD COLUMN swept_until REAL;
"""

STEPS: tuple[str, ...] = (
    _FIRST_TABLES,
    _ATTEMPTS,
    _RECENT_BLOCKS_AND_TIMES,
    _FEES_BY_TIME,
    _HISTORY,
    _ENDS,
    _MINED_BLOCKS,
    _LIST_ORDERS,
    _READ_AT,
    _SWAPS,
    _HASHES,
    _ENVELOPES,
    _UPLOADS,
)
SCHEMA_VERSION = len(STEPS)


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring a file from its version to this program's, each step whole or not at all."""
    for step, statements in enumerate(STEPS[version:], version + 1):
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {statements} PRAGMA user_version={step}; COMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
