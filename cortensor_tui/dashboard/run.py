"""Running the dashboard on a terminal."""

from __future__ import annotations

import gc
import os

# Read by Textual when it is imported. What is live is held back to a few times a second anyway, so that many
# frames cost no bytes; with few, a key that comes just after one waits for the next.
os.environ.setdefault("TEXTUAL_FPS", "60")

from collections.abc import Callable

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.options import wants_mouse
from cortensor_tui.dashboard.terminal import TerminalGuard


async def run_dashboard(dashboard: Dashboard, *, last_act: Callable[[], None] | None = None) -> int:
    """Show the dashboard until it is left, and return the exit status: 0, or 129 for a lost terminal.

    `last_act` runs if the terminal is lost and a polite end fails.
    After leaving a node that goes on, Textual prints that in one line.
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
    return dashboard.return_code or 0
