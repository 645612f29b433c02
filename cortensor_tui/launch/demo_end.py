"""How the end of the demo is told, by whichever of its processes sees it."""

from __future__ import annotations

from cortensor_tui.dashboard.feed import DEMO_ENDED
from cortensor_tui.domain.problems import Problem


def demo_ended(why: str, what: str = "The demo has ended") -> Problem:
    """Return the problem that nothing of the demo is left that could be started or asked again."""
    return Problem(code=DEMO_ENDED, what=what, why=why, remedy="q leaves")
