"""Reads long tables a page at a time, from a place on, however far down that is."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

Place = tuple[Any, ...]


class Rows(NamedTuple):
    """Where rows come from and in what order: `led_by` is an index of what `where` fixes, then `order`.

    `condition` is what the index does not know of: it is asked of each row, of `most_asked` rows at most.
    """

    table: str
    led_by: str
    where: str
    order: tuple[str, ...]
    values: dict[str, Any]
    condition: str = "1"
    most_asked: int = 0

    def is_asked_each(self) -> bool:
        """Tell whether rows may be left out for what the index does not know."""
        return self.condition != "1"


class RowPage(NamedTuple):
    """Rows in the order read. `reached` is the place to read on from, None where there is no more."""

    rows: list[sqlite3.Row]
    reached: Place | None


def read_page(
    connection: sqlite3.Connection, source: Rows, start: Place | None, limit: int, *, is_upwards: bool
) -> RowPage:
    """Return the next rows beyond a place, the whole order's end where `start` is None."""
    asked = source.most_asked if source.is_asked_each() else limit + 1
    order, values = _order(source, start, is_upwards)
    values["asked"], values["wanted"] = asked, limit + 1
    inside = f"SELECT * {order} LIMIT :asked"
    rows = connection.execute(
        f"SELECT * FROM ({inside}) WHERE {source.condition} LIMIT :wanted",  # noqa: S608 - our own clauses
        values,
    ).fetchall()
    if len(rows) > limit:
        rows = rows[:limit]
        return RowPage(rows, tuple(rows[-1][name] for name in source.order))
    if not source.is_asked_each():
        return RowPage(rows, None)
    last_asked = connection.execute(
        f"SELECT {', '.join(source.order)} {order} LIMIT 1 OFFSET :asked - 1",
        values,
    ).fetchone()
    return RowPage(rows, None if last_asked is None else tuple(last_asked))


def count_rows(connection: sqlite3.Connection, source: Rows, most: int) -> tuple[int, bool]:
    """Return how many rows were found from the newest on, and whether there may be more than those."""
    order, values = _order(source, None, is_upwards=False)
    if not source.is_asked_each():
        values["asked"] = most + 1
        number = _number(connection, f"SELECT 1 {order} LIMIT :asked", values)
        return min(number, most), number > most
    values["asked"] = source.most_asked
    number = _number(
        connection,
        f"SELECT 1 FROM (SELECT * {order} LIMIT :asked) WHERE {source.condition}",  # noqa: S608
        values,
    )
    beyond = connection.execute(f"SELECT 1 {order} LIMIT 1 OFFSET :asked", values).fetchone()
    return number, beyond is not None


def among(column: str, name: str) -> str:
    """Return the condition that a column is one of the values in the JSON list of this name."""
    return f"{column} IN (SELECT value FROM json_each(:{name}))"  # noqa: S608 - our own names


def begins(column: str, name: str) -> str:
    """Return the condition that a column begins as `text_bounds` of this name say; an index can answer it."""
    return f"({column} >= :{name} AND {column} < :{name}_end)"


def text_bounds(begin: str, name: str) -> dict[str, str]:
    """Return what bounds all texts of letters and digits that begin so."""
    return {name: begin, f"{name}_end": f"{begin}~"}


def of_hash(name: str, columns: str = "transaction_id") -> str:
    """Return the query for the transactions of which an attempt's hash begins so."""
    attempts = f"SELECT transaction_id FROM attempts INDEXED BY attempts_by_hash WHERE {begins('hash', name)}"  # noqa: S608
    own = f"FROM transactions INDEXED BY transactions_by_hash WHERE chain = :chain AND {begins('hash', name)}"
    return (
        f"SELECT {columns} {own} UNION SELECT {columns} FROM transactions"  # noqa: S608 - our own clauses
        f" WHERE chain = :chain AND transaction_id IN ({attempts})"
    )


def _number(connection: sqlite3.Connection, query: str, values: dict[str, Any]) -> int:
    return int(connection.execute(f"SELECT count(*) FROM ({query})", values).fetchone()[0])  # noqa: S608


def _order(source: Rows, start: Place | None, is_upwards: bool) -> tuple[str, dict[str, Any]]:
    sign, word = (">", "ASC") if is_upwards else ("<", "DESC")
    values = dict(source.values)
    clause = f"FROM {source.table} INDEXED BY {source.led_by} WHERE {source.where}"
    if start is not None:
        names = [f"start_{number}" for number in range(len(start))]
        values |= dict(zip(names, start, strict=True))
        marks = ", ".join(f":{name}" for name in names)
        clause += f" AND ({', '.join(source.order)}) {sign} ({marks})"
    return f"{clause} ORDER BY {', '.join(f'{name} {word}' for name in source.order)}", values
