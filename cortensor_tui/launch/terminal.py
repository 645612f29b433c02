"""What the dashboard is drawn on."""

from __future__ import annotations

import sys

from cortensor_tui.domain.problems import problem_error


def require_terminal() -> None:
    """Raise `ProblemError` "no_terminal" where nothing can be drawn."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise problem_error(
            "no_terminal",
            "The dashboard needs a terminal",
            "standard input or output is not one",
            "Run it in a terminal, or use the commands: cortensor-tui status --json",
        )
