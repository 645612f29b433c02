"""The keys of a screen as a person reads them: named as on the keyboard, grouped, in columns."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

import msgspec
from rich.cells import cell_len

from cortensor_tui.dashboard.cells import Line, Span, pad, width_of, wrap
from cortensor_tui.dashboard.key_names import shown_key

KEY_CELLS = 13
OWN = "*"
"""Stands behind keys that the key file gave."""


class KeyEntry(msgspec.Struct, frozen=True):
    """One thing that keys do; `group` is the heading it stands under, `is_own` that the key file says so."""

    group: str
    keys: tuple[str, ...]
    does: str
    is_own: bool = False


def shown_keys(keys: Iterable[str], *, is_own: bool = False) -> str:
    """Return several keys, as many as there is room for."""
    shown, mark = "", f" {OWN}" if is_own else ""
    for key in keys:
        longer = f"{shown} {shown_key(key)}".strip()
        if shown and cell_len(longer) > KEY_CELLS - 2 - len(mark):
            break
        shown = longer
    return shown + mark


def key_lines(
    groups: Sequence[str],
    entries: Iterable[KeyEntry],
    columns: int,
    width: int,
    *,
    is_dense: bool = False,
    joined: Container[str] = (),
) -> list[Line]:
    """Return the entries under their groups, flowing down `columns` columns of one height.

    `is_dense` leaves out the blank lines between groups, and has several entries of the `joined` ones a line.
    """
    known = list(entries)
    flow: list[Line] = []
    each = max(1, width // columns)
    for group in groups:
        found = [entry for entry in known if entry.group == group]
        if found:
            flow += [(), _title(group, each)] if flow and not is_dense else [_title(group, each)]
            if is_dense and group in joined:
                flow += _beside_each_other(found, each)
            else:
                flow += [one for entry in found for one in _entry(entry, each)]
    height = -(-len(flow) // columns)
    parts = [flow[start : start + height] for start in range(0, len(flow), max(1, height))]
    parts = [part[1:] if part and not part[0] else part for part in parts]
    rows = max((len(part) for part in parts), default=0)
    blank = (Span(" " * each),)
    return [
        tuple(span for part in parts for span in (part[row] if row < len(part) and part[row] else blank))
        for row in range(rows)
    ]


def _title(text: str, cells: int) -> Line:
    return (Span(pad(text, cells), "title"),)


def _entry(entry: KeyEntry, cells: int) -> list[Line]:
    keys = pad(f" {shown_keys(entry.keys, is_own=entry.is_own)}", KEY_CELLS)
    pieces = wrap(entry.does, cells - KEY_CELLS - 1) or [""]
    return [
        (Span(keys if index == 0 else " " * KEY_CELLS, "accent"), Span(pad(piece, cells - KEY_CELLS)))
        for index, piece in enumerate(pieces)
    ]


def _beside_each_other(entries: Iterable[KeyEntry], cells: int) -> list[Line]:
    """Return as many entries a line as there is room for."""
    rows: list[Line] = [()]
    for entry in entries:
        keys = shown_keys(entry.keys, is_own=entry.is_own)
        told = (Span(f" {keys} ", "accent"), Span(f"{entry.does} "))
        if rows[-1] and width_of((*rows[-1], *told)) > cells:
            rows.append(())
        rows[-1] = (*rows[-1], *told)
    return [(*row, Span(" " * (cells - width_of(row)))) for row in rows]
