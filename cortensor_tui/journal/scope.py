"""Which chain a row belongs to, and how far that chain has been read."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

from cortensor_tui.domain.networks import ServedChain
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


class ReadableChain(Protocol):
    """What reading a chain's past needs: the journal's file, and the chain's row number in it."""

    @property
    def path(self) -> Path:
        """Return the journal's file."""

    @property
    def chain(self) -> int:
        """Return the row number."""


class KnownChain(msgspec.Struct, frozen=True, kw_only=True):
    """A chain that was served before. Nothing can be written on the ground of it."""

    path: Path
    chain: int
    told: ServedChain


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


def last_chain(database: Database, chain_id: int) -> KnownChain | None:
    """Return the chain of this id that was read last, None where none was."""
    row = database.connection.execute(
        "SELECT chain, genesis_hash, queue_address, cursor_block, read_at FROM chains WHERE chain_id = ?"
        " ORDER BY read_at DESC, chain DESC LIMIT 1",  # NULL, of an older version, is the least
        (chain_id,),
    ).fetchone()
    if row is None:
        return None
    told = ServedChain(
        chain_id=chain_id,
        genesis_hash=row["genesis_hash"],
        queue_address=row["queue_address"],
        block_number=row["cursor_block"],
        read_at=row["read_at"],
    )
    return KnownChain(path=database.path, chain=row["chain"], told=told)


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

    def moved_at(self) -> float | None:
        """Return when the cursor was moved last, unix seconds, None where that is not known."""
        row = self._database.connection.execute(
            "SELECT read_at FROM chains WHERE chain = ?", (self._chain,)
        ).fetchone()
        return None if row["read_at"] is None else float(row["read_at"])

    def recent_blocks(self) -> bytes | None:
        """Return what `move` was given with the cursor, None before that."""
        row = self._database.connection.execute(
            "SELECT recent_blocks FROM chains WHERE chain = ?", (self._chain,)
        ).fetchone()
        return None if row["recent_blocks"] is None else bytes(row["recent_blocks"])

    def move(self, cursor: Cursor, now: float, recent_blocks: bytes | None = None) -> None:
        """Move the cursor, after everything up to it was handled.

        With every block, so the disk is not waited for: what comes again after a power cut is handled again.
        `recent_blocks` is what the watcher wants to know of the last blocks after a restart, in its own form.
        """
        with self._database.unsynced_step("cursor moved") as connection:
            connection.execute(
                "UPDATE chains SET cursor_block = ?, cursor_hash = ?, recent_blocks = ?, read_at = ?"
                " WHERE chain = ?",
                (cursor.block_number, cursor.block_hash, recent_blocks, now, self._chain),
            )
