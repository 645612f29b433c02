"""The verdict: the first precondition that is not met, in the order an operator would mend them."""

from __future__ import annotations

from collections.abc import Sequence

from cortensor_tui.domain.health import NodeStatus, Verdict
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.sessions import Service, SessionView
from cortensor_tui.node.preconditions import Step, numbered


def judge(steps: Sequence[Step], sessions: Sequence[SessionView]) -> tuple[Verdict, str, Problem | None]:
    """Return the verdict, its reason in one phrase, and the problem when there is one to mend.

    A problem comes before what will come by itself, and what is not known holds nothing up.
    """
    problem = next((step.problem for step in steps if step.problem is not None), None)
    if problem is not None:
        return Verdict.BLOCKED, problem.what, problem
    waits_for = next((step.waits_for for step in steps if step.waits_for), None)
    if waits_for is not None:
        return Verdict.WAITING, waits_for, None
    return Verdict.SERVING, numbered([view for view in sessions if view.service is Service.SERVED]), None


def verdict_line(status: NodeStatus) -> str:
    """Return the verdict as one line of the log."""
    if status.verdict is Verdict.BLOCKED and status.problem is not None:
        return f"{status.verdict.value}: {status.problem.sentence()}"
    return f"{status.verdict.value}: {status.reason}"
