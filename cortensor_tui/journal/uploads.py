"""Answers that are to be on IPFS: written down before they are sent, until nobody has to keep them."""

from __future__ import annotations

import sqlite3

import msgspec

from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.database import Database

WAITING = """
u.delivered_at IS NULL AND NOT EXISTS (SELECT 1 FROM tasks t
    WHERE t.chain = u.chain AND t.session_id = u.session_id AND t.task_id = u.task_id AND t.stage = 'missed')
"""
"""Which uploads `u` are still to be delivered: not those of tasks that were missed."""


class SavedUpload(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, by its content id. `chain` is the row number of the chain that the task is of."""

    chain: int
    key: TaskKey
    cid: str


class UploadLog:
    """The uploads of every chain in one journal: a payload does not become useless with its chain."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, upload: SavedUpload, now: float) -> None:
        """Write down that a payload is to be delivered, unless it is written already."""
        with self._database.step("upload asked") as connection:
            connection.execute(
                "INSERT OR IGNORE INTO uploads (chain, session_id, task_id, cid, asked_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (*_place(upload), now),
            )

    def delivered(self, upload: SavedUpload, now: float) -> None:
        """Write down that a node has the payload and gave it back unchanged."""
        self._set("delivered_at", upload, now, "upload delivered")

    def unpinned(self, upload: SavedUpload, now: float) -> None:
        """Write down that no node has to keep the payload any more."""
        self._set("unpinned_at", upload, now, "upload unpinned")

    def waiting(self) -> list[SavedUpload]:
        """Return what is still to be delivered, oldest first; not for tasks that were missed."""
        return self._select(f"{WAITING} ORDER BY u.asked_at")

    def count_waiting(self) -> int:
        """Return how many are still to be delivered."""
        counted = self._database.connection.execute(
            f"SELECT count(*) FROM uploads u WHERE {WAITING}"  # noqa: S608 - our own clause
        )
        return int(counted.fetchone()[0])

    def expired(self, ended_before: float) -> list[SavedUpload]:
        """Return what nodes may forget: its task ended before then, and so did every other with that id."""
        return self._select(
            "u.delivered_at IS NOT NULL AND u.unpinned_at IS NULL AND EXISTS (SELECT 1 FROM tasks t"
            " WHERE t.chain = u.chain AND t.session_id = u.session_id AND t.task_id = u.task_id"
            " AND t.ended_at <= ?) AND NOT EXISTS (SELECT 1 FROM uploads o WHERE o.cid = u.cid"
            " AND o.asked_at > ?)",
            ended_before,
            ended_before,
        )

    def _set(self, column: str, upload: SavedUpload, now: float, step: str) -> None:
        with self._database.step(step) as connection:
            connection.execute(
                f"UPDATE uploads SET {column} = ?"  # noqa: S608 - our own columns
                " WHERE chain = ? AND session_id = ? AND task_id = ? AND cid = ?",
                (now, *_place(upload)),
            )

    def _select(self, where: str, *values: float) -> list[SavedUpload]:
        rows = self._database.connection.execute(
            f"SELECT u.* FROM uploads u WHERE {where}",  # noqa: S608 - our own clauses
            values,
        )
        return [_upload_from(row) for row in rows]


def _place(upload: SavedUpload) -> tuple[int, int, int, str]:
    return upload.chain, upload.key.session_id, upload.key.task_id, upload.cid


def _upload_from(row: sqlite3.Row) -> SavedUpload:
    return SavedUpload(chain=row["chain"], key=TaskKey(row["session_id"], row["task_id"]), cid=row["cid"])
