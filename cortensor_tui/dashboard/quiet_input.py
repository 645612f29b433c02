"""Reads the keyboard without looking whether there is anything to read.

Textual 8.2 wakes ten times a second, to see whether it is to end and whether an escape stays alone. That is a
quarter of what a dashboard costs at rest. A terminal that has gone it reads without a pause, at a full core.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Any

from textual.constants import ESCAPE_DELAY
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from cortensor_tui.dashboard.pasted import PastingParser

if TYPE_CHECKING:
    from textual.app import App

TICK_S = 0.1
UNFINISHED_S = ESCAPE_DELAY + 2 * TICK_S
"""For so long after it was typed, what looks like the begin of a sequence may still turn out to be a key."""
_MOST_BYTES = 4096


class WakingEvent(Event):
    """An event that a selector can wait for among files: it is readable while it is set."""

    def __init__(self) -> None:
        super().__init__()
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)

    def fileno(self) -> int:
        """Return what becomes readable."""
        return self._reading

    def set(self) -> None:
        """Set it, and wake who waits."""
        if self.is_set():
            return
        super().set()
        if self._writing >= 0:
            os.write(self._writing, b"!")

    def clear(self) -> None:
        """Let it be waited for again."""
        super().clear()
        if self._reading >= 0:
            with contextlib.suppress(BlockingIOError):
                os.read(self._reading, _MOST_BYTES)

    def close(self) -> None:
        """Give its files back, once; after that it wakes no selector, and `fileno` is -1."""
        if self._reading < 0:  # an application that ends on its way to the shell closes its driver twice
            return
        os.close(self._reading)
        os.close(self._writing)
        self._reading = self._writing = -1


def read_input(
    fileno: int,
    ending: WakingEvent,
    take: Callable[[Message], None],
    parser: PastingParser,
    selector: selectors.BaseSelector,
) -> None:
    """Hand on what is typed until `ending` is set or the terminal goes; bytes that are no UTF-8 as U+FFFD."""
    decode = getincrementaldecoder("utf-8")("replace").decode
    selector.register(fileno, selectors.EVENT_READ)
    selector.register(ending, selectors.EVENT_READ)
    finished_at_s = 0.0
    while not ending.is_set():
        is_unfinished = time.monotonic() < finished_at_s
        ready = selector.select(TICK_S if is_unfinished or parser.is_pasting else None)
        if any(key.fd == fileno for key, _ in ready):
            data = os.read(fileno, _MOST_BYTES)
            if not data:  # the terminal has gone; a thread that stayed could keep the process from ending
                return
            finished_at_s = time.monotonic() + UNFINISHED_S
            if text := decode(data):
                for message in parser.feed(text):
                    take(message)
        for message in parser.tick():
            take(message)


class QuietDriver(LinuxDriver):
    """Textual's driver with an input thread that sleeps while nobody types."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._ending = WakingEvent()
        self.exit_event = self._ending

    def start_application_mode(self) -> None:
        """Take the terminal, for the first time or from the shell."""
        if self._ending.fileno() < 0:
            self.exit_event = self._ending = WakingEvent()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def run_input_thread(self) -> None:
        """Hand on what is typed until the terminal is given back."""
        with selectors.SelectSelector() as selector:  # the one that takes terminals everywhere
            read_input(self.fileno, self._ending, self.process_message, PastingParser(self._debug), selector)

    def close(self) -> None:
        """Let go of the terminal, for good or for the shell."""
        super().close()
        self._ending.close()
