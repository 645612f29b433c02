"""The proof of a task: its verdict first, then a line a check."""

from __future__ import annotations

from collections.abc import Iterator

from cortensor_tui.dashboard.cells import Line, line, wrap
from cortensor_tui.dashboard.format import number, short_hash
from cortensor_tui.dashboard.present.private import HIDDEN
from cortensor_tui.dashboard.stops import ReportLine, stop_at
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.verification import Finding, Place, ProofCheck, ProofVerdict, Verification

_MARKS = {
    Finding.HOLDS: ("✓", "good"),
    Finding.FAILS: ("✖", "bad"),
    Finding.UNKNOWN: ("?", "warn"),
    Finding.NOTED: ("·", "muted"),
}
_VERDICTS = {
    ProofVerdict.PROVEN: ("●", "good"),
    ProofVerdict.REFUTED: ("✖", "bad"),
    ProofVerdict.NOT_PROVEN: ("▲", "warn"),
}
_MAX_CHARS = 400
_MAX_NAME_CHARS = 60
_INDENT, _LEAST_INDENT = 5, 2


def verification_lines(found: Verification, width: int) -> Iterator[ReportLine]:
    """Yield the verdict and every check; the cursor stops at its values and at its transaction."""
    mark, role = _VERDICTS[found.verdict]
    yield line((f" {mark} {found.verdict.upper()}", f"{role} strong"))
    for piece in wrap(inert(found.summary, 2 * _MAX_CHARS), width - 4):
        yield line((f"   {piece}", "plain"))
    for check in found.checks:
        yield from _check_lines(check, width)


def _check_lines(check: ProofCheck, width: int) -> Iterator[ReportLine]:
    mark, role = _MARKS[check.finding]
    pieces = wrap(inert(check.title, _MAX_CHARS), width - 4)
    for index, piece in enumerate(pieces):
        yield line((f" {mark} " if index == 0 else "   ", role), piece)
    told_role = "muted" if check.finding in (Finding.HOLDS, Finding.NOTED) else role
    name = inert(check.title, _MAX_NAME_CHARS)
    for value, side in _values(check):
        shown = f"{_whole_or_short(value, width)}{side}"
        yield from stop_at(_told(shown, told_role, width), name, inert(value))
    yield from _told(inert(check.detail, _MAX_CHARS), told_role, width)
    if check.place is not None:
        shown = _where(check.place, width)
        copied = check.place.transaction_hash or ""
        yield from stop_at(_told(shown, told_role, width), "transaction's hash", inert(copied))


def _values(check: ProofCheck) -> list[tuple[str, str]]:
    """Return both values with where they are, one where they are the same."""
    if check.is_hidden:
        return [(HIDDEN, "")]
    if check.expected and check.found and check.expected != check.found:
        return [(check.expected, " here,"), (check.found, " there")]
    return [(value, "") for value in (check.expected or check.found,) if value]


def _told(text: str, role: str, width: int) -> list[Line]:
    """Return a text below its check; one with a word that would not fit there begins further left."""
    if not text:
        return []
    longest = max(map(len, text.split(" ")))
    indent = _INDENT if longest <= width - _INDENT else _LEAST_INDENT
    return [line((f"{' ' * indent}{piece}", role)) for piece in wrap(text, width - indent)]


def _whole_or_short(value: str, width: int) -> str:
    """Return a hash, an address or a content id whole where it fits, else its ends; other values whole."""
    text = inert(value, _MAX_CHARS)
    return text if " " in text or len(text) <= width - _LEAST_INDENT else short_hash(text)


def _where(place: Place, width: int) -> str:
    parts = [] if place.block_number is None else [f"block {number(place.block_number)}"]
    if place.transaction_hash:
        parts.append(f"tx {_whole_or_short(place.transaction_hash, width)}")
    return " ".join(parts)
