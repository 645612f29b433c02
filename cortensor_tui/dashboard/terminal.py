"""What to do when the terminal goes away: end politely, and certainly."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable

from textual.app import App

CHECK_INTERVAL_S = 2.0
GRACE_S = 3.0
"""A polite exit writes to the terminal, and without one that may block for ever."""
EXIT_STATUS = 128 + signal.SIGHUP
_SIGNALS = (signal.SIGHUP, signal.SIGTERM)


class TerminalGuard:
    """Ends `app` on SIGHUP, SIGTERM and a lost terminal; after a grace the process ends hard.

    Where SIGHUP is ignored (nohup, some wrappers), Textual's input thread would spin on end-of-file at a
    full core for ever. `last_act` is called before a hard end, so that children can be ended too.
    """

    def __init__(self, app: App[None], last_act: Callable[[], None] | None = None) -> None:
        self._app = app
        self._last_act = last_act
        self._timer: threading.Timer | None = None
        self.was_lost = False

    def start(self) -> None:
        """Begin to watch; call once the app runs, in its loop."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.end)
        self._app.set_interval(CHECK_INTERVAL_S, self._check)

    def stop(self) -> None:
        """The polite exit has succeeded: call off the hard one."""
        if self._timer is not None:
            self._timer.cancel()

    def end(self) -> None:
        """End the app now, and the process after the grace."""
        if self._timer is not None:
            return
        self.was_lost = True
        self._timer = threading.Timer(GRACE_S, self._end_hard)
        self._timer.daemon = True
        self._timer.start()
        self._app.exit(return_code=EXIT_STATUS)

    def _check(self) -> None:
        if not _has_terminal():
            self.end()

    def _end_hard(self) -> None:
        try:
            if self._last_act is not None:
                self._last_act()
        finally:
            os._exit(EXIT_STATUS)


def _has_terminal() -> bool:
    """Tell whether the terminal still answers; a hung-up one is no terminal any more."""
    stdin = sys.__stdin__
    try:
        return stdin is not None and os.isatty(stdin.fileno())
    except (OSError, ValueError):
        return False
