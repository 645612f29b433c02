"""Swaps of nodes on their way: what was asked, and which transactions are its two halves."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from cortensor_tui.domain.problems import Problem, problem_error
from cortensor_tui.domain.swaps import WhenBusy
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.journal.database import Database

_HALVES = {TransactionKind.UNBIND: "unbind_id", TransactionKind.BIND: "bind_id"}


class SavedSwap(msgspec.Struct, frozen=True, kw_only=True):
    """A swap that is not over. `unbind_id` and `bind_id` are its transactions, None before each is signed.

    With a `problem` it stands half way, and goes on no more by itself.
    """

    swap_id: int
    session_id: int
    unbind_address: str
    bind_address: str
    when_busy: WhenBusy
    asked_at: float
    unbind_id: int | None = None
    bind_id: int | None = None
    problem: Problem | None = None


class SwapLog:
    """The swaps of one chain, at most one an owner and session; what is over is struck out."""

    def __init__(self, database: Database, chain: int) -> None:
        self._database = database
        self._chain = chain

    def save(
        self,
        owner: str,
        session_id: int,
        unbind_address: str,
        bind_address: str,
        when_busy: WhenBusy,
        now: float,
    ) -> SavedSwap:
        """Save what is asked, before anything is sent for it, in the place of one that stands half way."""
        values = (self._chain, owner, session_id, unbind_address, bind_address, when_busy.value, now)
        with self._database.step("swap asked") as connection:
            connection.execute(
                "DELETE FROM swaps WHERE chain = ? AND owner = ? AND session_id = ?", values[:3]
            )
            row = connection.execute(
                "INSERT INTO swaps (chain, owner, session_id, unbind_address, bind_address, when_busy,"
                " asked_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *",
                values,
            ).fetchone()
        return _swap_from(row)

    def of_owner(self, owner: str) -> list[SavedSwap]:
        """Return an owner's swaps that are not over."""
        rows = self._database.connection.execute(
            "SELECT * FROM swaps WHERE chain = ? AND owner = ? ORDER BY swap_id", (self._chain, owner)
        )
        return [_swap_from(row) for row in rows]

    def get(self, swap_id: int) -> SavedSwap:
        """Return a swap as it stands, with the transactions signed for it by now. Raises "no_swap"."""
        row = self._database.connection.execute(
            "SELECT * FROM swaps WHERE swap_id = ?", (swap_id,)
        ).fetchone()
        if row is None:
            raise problem_error(
                "no_swap", "The swap is not in the journal any more", "it was given up, or is over"
            )
        return _swap_from(row)

    def stand_half_way(self, swap_id: int, problem: Problem) -> None:
        """Save why the second half came to nothing."""
        with self._database.step("swap half way") as connection:
            connection.execute(
                "UPDATE swaps SET problem = ? WHERE swap_id = ?", (msgspec.json.encode(problem), swap_id)
            )

    def strike(self, swap_id: int) -> None:
        """Forget a swap: it is done, has come to nothing or is given up."""
        with self._database.step("swap over") as connection:
            connection.execute("DELETE FROM swaps WHERE swap_id = ?", (swap_id,))


def record_half(
    connection: sqlite3.Connection, swap_id: int, kind: TransactionKind, transaction_id: int
) -> None:
    """Write inside the caller's step, the one that saves its signed bytes, that these are a swap's half."""
    changed = connection.execute(
        f"UPDATE swaps SET {_HALVES[kind]} = ? WHERE swap_id = ?",  # noqa: S608 - our own columns
        (transaction_id, swap_id),
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"a half of swap {swap_id} is to be signed, which the journal does not have")


def _swap_from(row: sqlite3.Row) -> SavedSwap:
    values: dict[str, Any] = {name: row[name] for name in row.keys() if name not in ("chain", "owner")}  # noqa: SIM118
    problem = values["problem"]
    values["problem"] = None if problem is None else msgspec.json.decode(problem, type=Problem)
    values["when_busy"] = WhenBusy(values["when_busy"])
    return SavedSwap(**values)
