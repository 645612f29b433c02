"""How far the tasks that ended were gone through for texts that are kept no longer."""

from __future__ import annotations

import msgspec

from cortensor_tui.journal.database import Database
from cortensor_tui.journal.uploads import WAITING

_AT_ONCE = 500


class EndedPayloads(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of a task that ended, by their content ids."""

    chain: int
    ended_at: float
    cids: tuple[str, ...]


class SweepLog:
    """The sweeps of every chain in one journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, ended_before: float) -> list[EndedPayloads]:
        """Return tasks that ended before then and were not gone through, of each chain its oldest ones."""
        found: list[EndedPayloads] = []
        for chain in self._database.connection.execute("SELECT chain, swept_until FROM chains").fetchall():
            rows = self._database.connection.execute(
                "SELECT ended_at, prompt_cid, answer_cid FROM tasks WHERE chain = ? AND ended_at > ?"
                " AND ended_at <= ? ORDER BY ended_at LIMIT ?",
                (chain["chain"], chain["swept_until"] or 0.0, ended_before, _AT_ONCE),
            )
            found += [
                EndedPayloads(
                    chain=chain["chain"],
                    ended_at=row["ended_at"],
                    cids=tuple(cid for cid in (row["prompt_cid"], row["answer_cid"]) if cid),
                )
                for row in rows
            ]
        return found

    def delivered_late(self, ended_before: float, keep_s: float) -> list[str]:
        """Return answers that still waited for an IPFS node when their tasks were gone through."""
        rows = self._database.connection.execute(
            "SELECT u.cid FROM uploads u JOIN tasks t ON t.chain = u.chain AND t.session_id = u.session_id"
            " AND t.task_id = u.task_id WHERE t.ended_at <= ? AND u.delivered_at > t.ended_at + ?",
            (ended_before, keep_s),
        )
        return [row["cid"] for row in rows]

    def needed(self) -> frozenset[str]:
        """Return the texts of tasks that go on, and the answers that wait for an IPFS node."""
        rows = self._database.connection.execute(
            "SELECT prompt_cid AS cid FROM tasks WHERE stage NOT IN ('ended', 'missed')"  # noqa: S608 - our own
            " UNION SELECT answer_cid FROM tasks WHERE stage NOT IN ('ended', 'missed')"
            f" UNION SELECT u.cid FROM uploads u WHERE {WAITING}"
        )
        return frozenset(row["cid"] for row in rows if row["cid"])

    def swept(self, chain: int, until: float) -> None:
        """Write down that the tasks of a chain that ended until then were gone through.

        Going through them again does no harm, so the disk is not waited for.
        """
        with self._database.unsynced_step("payloads swept") as connection:
            connection.execute("UPDATE chains SET swept_until = ? WHERE chain = ?", (until, chain))
