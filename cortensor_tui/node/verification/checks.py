"""What each check is made of: two values compared, or one question answered."""

from __future__ import annotations

from cortensor_tui.domain.verification import Finding, Place, ProofCheck


def holds_if(
    name: str,
    title: str,
    is_met: bool,
    *,
    expected: str = "",
    found: str = "",
    detail: str = "",
    place: Place | None = None,
) -> ProofCheck:
    """Return a check that could be made; `detail` says what is wrong and is told only then."""
    return ProofCheck(
        name=name,
        title=title,
        finding=Finding.HOLDS if is_met else Finding.FAILS,
        expected=expected,
        found=found,
        detail="" if is_met else detail,
        place=place,
    )


def equal(
    name: str, title: str, expected: str, found: str, detail: str, place: Place | None = None
) -> ProofCheck:
    """Return the check that both values are the same; `detail` says whose they are."""
    return holds_if(
        name, title, expected == found, expected=expected, found=found, detail=detail, place=place
    )


def unknown(name: str, title: str, why: str, *, expected: str = "", place: Place | None = None) -> ProofCheck:
    """Return a check that could not be made: no pass."""
    return ProofCheck(
        name=name, title=title, finding=Finding.UNKNOWN, expected=expected, detail=why, place=place
    )


def noted(name: str, title: str, detail: str, place: Place | None = None) -> ProofCheck:
    """Return a line that is only told."""
    return ProofCheck(name=name, title=title, finding=Finding.NOTED, detail=detail, place=place)
