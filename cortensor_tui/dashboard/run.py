"""Running the dashboard on a terminal."""

from __future__ import annotations

import gc
import os
import sys

# Read by Textual when it is imported. What is live is held back to a few times a second anyway, so that many
# frames cost no bytes; with few, a key that comes just after one waits for the next.
os.environ.setdefault("TEXTUAL_FPS", "60")

from collections.abc import Callable
from contextlib import suppress

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.options import wants_mouse
from cortensor_tui.dashboard.terminal import TerminalGuard


async def run_dashboard(dashboard: Dashboard, *, last_act: Callable[[], None] | None = None) -> int:
    """Show the dashboard until it is left, and return the exit status: 0, or 129 for a lost terminal.

    `last_act` runs if the terminal is lost and a polite end fails.
    After leaving a node that goes on, that is said, with the command to come back on a line of its own.
    """
    guard = TerminalGuard(dashboard, last_act)

    def begin() -> None:
        guard.start()
        gc.freeze()  # what was loaded stays; to look at it in each full collection takes several frames
        gc.enable()

    dashboard.on_ready_call(begin)
    try:
        await dashboard.run_async(mouse=wants_mouse(dashboard.options.mouse, os.environ))
    finally:
        guard.stop()
    say_farewell(dashboard)
    return dashboard.return_code or 0


def say_farewell(dashboard: Dashboard) -> None:
    """Write what is left to be said to the terminal, each line whole so that it can be copied."""
    with suppress(OSError):  # the terminal went meanwhile
        sys.stderr.write(dashboard.last_words)
        sys.stderr.flush()
