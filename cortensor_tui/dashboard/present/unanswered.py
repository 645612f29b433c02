"""What it means for who asked the node that it gave no answer: whether anything can have come of it."""

from __future__ import annotations

from cortensor_tui.dashboard.feed import NOT_ASKED
from cortensor_tui.domain.problems import Problem

_UNANSWERED = frozenset({"node_gone", "node_timeout", "no_answer"})
"""The codes of a client that has asked and got no answer."""


def is_unanswered(problem: Problem) -> bool:
    """Tell whether the node said nothing at all, rather than no."""
    return problem.code == NOT_ASKED or problem.code in _UNANSWERED


def of_check(problem: Problem) -> Problem:
    """Return why there is no result of a check, which sends nothing."""
    if not is_unanswered(problem):
        return problem
    return Problem(
        code=problem.code,
        what="The node does not answer yet",
        why="nothing was sent: it was only asked what would come of this",
        remedy="It is asked again as soon as it answers",
    )


def of_act(problem: Problem) -> Problem:
    """Return why there is no answer to what was to be done, and whether it may have been done."""
    if problem.code == NOT_ASKED:
        return Problem(
            code=problem.code,
            what="Nothing was sent",
            why="there is no node that answers",
            remedy="Send it when the node is back",
        )
    if problem.code not in _UNANSWERED:
        return problem
    return Problem(
        code=problem.code,
        what="It is not known whether this was sent",
        why="the node was asked to, and has not answered",
        remedy="Look at its transactions (4) when it is back, before you send this again",
    )
