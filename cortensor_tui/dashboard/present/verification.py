"""The proof of a task: its verdict first, then a line a check."""

from __future__ import annotations

from collections.abc import Iterator

from cortensor_tui.dashboard.cells import Line, line, wrap
from cortensor_tui.dashboard.format import number, short_hash
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


def verification_lines(found: Verification, width: int) -> Iterator[Line]:
    """Yield the verdict and every check, what deviates in full."""
    mark, role = _VERDICTS[found.verdict]
    yield line((f" {mark} {found.verdict.upper()}", f"{role} strong"))
    for piece in wrap(inert(found.summary, 2 * _MAX_CHARS), width - 4):
        yield line((f"   {piece}", "plain"))
    for check in found.checks:
        yield from _check_lines(check, width)


def _check_lines(check: ProofCheck, width: int) -> Iterator[Line]:
    mark, role = _MARKS[check.finding]
    pieces = wrap(inert(check.title, _MAX_CHARS), width - 4)
    for index, piece in enumerate(pieces):
        yield line((f" {mark} " if index == 0 else "   ", role), piece)
    told_role = "muted" if check.finding in (Finding.HOLDS, Finding.NOTED) else role
    for said in (_compared(check), _where(check.place)):
        for piece in wrap(said, width - 6) if said else ():
            yield line((f"     {piece}", told_role))


def _compared(check: ProofCheck) -> str:
    """Return both values, one where they are the same, and what is wrong or not known."""
    expected, found = (_short(value) for value in (check.expected, check.found))
    values = expected or found
    if check.expected and check.found and check.expected != check.found:
        values = f"{expected} here, {found} there"
    detail = inert(check.detail, _MAX_CHARS)
    return f"{values}: {detail}" if values and detail else values or detail


def _short(value: str) -> str:
    """Return a hash, an address or a content id by its ends; other values whole, none as nothing."""
    text = inert(value, _MAX_CHARS)
    return text if " " in text or not text else short_hash(text)


def _where(place: Place | None) -> str:
    if place is None:
        return ""
    parts = [f"tx {_short(place.transaction_hash)}"] if place.transaction_hash else []
    if place.block_number is not None:
        parts.append(f"block {number(place.block_number)}")
    return " ".join(parts)
