"""Tells a child that hangs from one that works, without taking a pause of our own for its silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from cortensor_tui.inference.llama.wire import Ping, ToChild
from cortensor_tui.inference.restarts import RestartLimits


class Patience(RestartLimits, frozen=True, kw_only=True):
    """How long a child may take, and how often it may die before it is left dead.

    `answer_s` is for a message, which it reads beside its work; `standstill_s` for a sign that the work
    itself goes on. That is longer, since weights that the system has dropped are read from disk again.
    """

    ping_interval_s: float = 5.0
    answer_s: float = 15.0
    standstill_s: float = 60.0
    load_stall_s: float = 300.0


class Child(Protocol):
    """What is needed of a child process."""

    def send(self, message: ToChild) -> None:
        """Queue a message."""

    def kill(self, because: str) -> None:
        """End it by force."""


async def watch_silence(
    child: Child,
    heard: Callable[[], int],
    limit_s: Callable[[], float],
    interval_s: float,
    on_look: Callable[[float], None] = lambda silent_s: None,
    because: str = "it did not answer",
) -> None:
    """Ping a child every `interval_s` and kill it when nothing was heard for `limit_s()`.

    `heard` counts what is waited for; `on_look` is told after each interval for how long it is silent.
    Silence is added up in intervals that were really waited, never read off a clock: after this process was
    stopped, or its event loop held up, the child's answers lie unread in the pipe, and the clock alone would
    condemn it.
    """
    silent_s = 0.0
    while True:
        before = heard()
        await asyncio.sleep(interval_s)
        silent_s = 0.0 if heard() != before else silent_s + interval_s
        limit = limit_s()
        if silent_s >= limit:
            child.kill(f"{because} for {limit:g} s")
            return
        child.send(Ping())
        on_look(silent_s)
