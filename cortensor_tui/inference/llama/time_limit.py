"""An end for foreign programs that run in this process: a model's chat template may loop for ever."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


@contextmanager
def time_limit(limit_s: float) -> Iterator[None]:
    """Raise `TimeoutError` inside the block when it takes longer; Python code only, of the main thread only.

    Elsewhere there is no limit, since signals come to the main thread alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise TimeoutError(f"it did not end within {limit_s:g} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
