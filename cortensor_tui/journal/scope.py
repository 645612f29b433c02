"""Which chain a row belongs to, and how far that chain has been read."""

from __future__ import annotations

import msgspec

from cortensor_tui.journal.database import Database


class ChainScope(msgspec.Struct, frozen=True, kw_only=True):
    """Names a queue contract on one chain. The genesis hash tells a restarted devnet from its forerunner."""

    chain_id: int
    genesis_hash: str
    queue_address: str


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """The last block whose events have all been handled."""

    block_number: int
    block_hash: str


def scope_row(database: Database, scope: ChainScope) -> int:
    """Return the scope's row number, made if absent."""
    names = (scope.chain_id, scope.genesis_hash, scope.queue_address)
    with database.step("chain known") as connection:
        connection.execute(
            "INSERT OR IGNORE INTO chains (chain_id, genesis_hash, queue_address) VALUES (?, ?, ?)", names
        )
        found = connection.execute(
            "SELECT chain FROM chains WHERE chain_id = ? AND genesis_hash = ? AND queue_address = ?", names
        ).fetchone()
    return int(found["chain"])


def latest_genesis(database: Database, chain_id: int) -> str | None:
    """Return the first block of the chain of this id that was met last, None where none was."""
    row = database.connection.execute(
        "SELECT genesis_hash FROM chains WHERE chain_id = ? ORDER BY chain DESC LIMIT 1", (chain_id,)
    ).fetchone()
    return None if row is None else str(row["genesis_hash"])


class CursorLog:
    """Keeps the cursor of one chain."""

    def __init__(self, database: Database, chain: int) -> None:
        self._database = database
        self._chain = chain

    def read(self) -> Cursor | None:
        """Return how far the chain has been handled, None for a new one."""
        row = self._database.connection.execute(
            "SELECT cursor_block, cursor_hash FROM chains WHERE chain = ?", (self._chain,)
        ).fetchone()
        if row["cursor_block"] is None:
            return None
        return Cursor(block_number=row["cursor_block"], block_hash=row["cursor_hash"])

    def recent_blocks(self) -> bytes | None:
        """Return what `move` was given with the cursor, None before that."""
        row = self._database.connection.execute(
            "SELECT recent_blocks FROM chains WHERE chain = ?", (self._chain,)
        ).fetchone()
        return None if row["recent_blocks"] is None else bytes(row["recent_blocks"])

    def move(self, cursor: Cursor, recent_blocks: bytes | None = None) -> None:
        """Move the cursor, after everything up to it was handled.

        With every block, so the disk is not waited for: what comes again after a power cut is handled again.
        `recent_blocks` is what the watcher wants to know of the last blocks after a restart, in its own form.
        """
        with self._database.unsynced_step("cursor moved") as connection:
            connection.execute(
                "UPDATE chains SET cursor_block = ?, cursor_hash = ?, recent_blocks = ? WHERE chain = ?",
                (cursor.block_number, cursor.block_hash, recent_blocks, self._chain),
            )
