"""An application that goes to the shell and back, as a program of its own: `python -m` with the way to end.

It prints how many files are open before and after; with "in_the_shell" it then fails while it is away.
"""

from __future__ import annotations

import os
import sys

from textual.app import App
from textual.driver import Driver

from cortensor_tui.dashboard.quiet_input import QuietDriver

TIMES = 5
MISTAKE = "a mistake made in the shell"


class SuspendingApp(App[None]):
    """Suspends and resumes as soon as it is there."""

    def get_driver_class(self) -> type[Driver]:
        """Return what is tried."""
        return QuietDriver

    def on_mount(self) -> None:
        """Go and come back, and end."""
        counts = [_open_files()]
        for _ in range(TIMES):
            with self.suspend():
                pass
            counts.append(_open_files())
        print(*counts, file=sys.__stdout__, flush=True)
        if "in_the_shell" in sys.argv:
            with self.suspend():
                raise ValueError(MISTAKE)
        self.exit()


def _open_files() -> int:
    return len(os.listdir("/dev/fd"))


if __name__ == "__main__":
    app = SuspendingApp()
    app.run()
    sys.exit(app.return_code)
