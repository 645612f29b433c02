"""A problem as lines, alike wherever one is told."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Line, Span, fit, wrap
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem

MOST_CHARS = 2_000
"""Of each part: a revert's reason may be long."""
_INDENT = 3


def problem_lines(problem: Problem, width: int, *, most_lines: int = 0) -> list[Line]:
    """Return what happened, why and what to do, each beginning a line of its own.

    With `most_lines` they are running text in so many lines at most, for where there is no more room.
    """
    room = max(8, width - _INDENT - 1)
    parts = [(problem.what, "bad"), (problem.why, "plain"), (problem.remedy, "plain")]
    if most_lines:
        parts = [(problem.sentence(), "bad")]
    pieces = [(piece, role) for text, role in parts if text for piece in wrap(inert(text, MOST_CHARS), room)]
    if most_lines and len(pieces) > most_lines:
        rest = " ".join(piece for piece, _ in pieces[most_lines - 1 :])
        pieces[most_lines - 1 :] = [(fit(rest, room), "bad")]
    return [
        (Span(" ✖ " if index == 0 else " " * _INDENT, "bad"), Span(piece, role))
        for index, (piece, role) in enumerate(pieces)
    ]
