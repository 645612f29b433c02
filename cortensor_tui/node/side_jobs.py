"""Jobs that no task waits for: a fault in one is told, and it begins anew, while the node serves on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inert import inert, without_payload
from cortensor_tui.domain.problems import ProblemError

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0
_MOST_SAID = 200


class SideJobs:
    """Keeps them going; `faults` are those that have stopped and wait to begin anew."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._faults: dict[str, str] = {}

    @property
    def faults(self) -> tuple[str, ...]:
        """Return a sentence for each job that does not run just now."""
        return tuple(self._faults.values())

    async def keep_going(self, name: str, job: Callable[[], Awaitable[None]]) -> None:
        """Run a job until cancelled; after a fault it begins anew, each time later unless it went well."""
        pause_s = FIRST_PAUSE_S
        while True:
            began_s = self._clock.monotonic()
            try:
                await job()
                why = "it came to an end"
            except Exception as error:
                log.error("a side job has failed", job=name, exc_info=True)
                why = _said(error)
            if self._clock.monotonic() - began_s > LONGEST_PAUSE_S:
                pause_s = FIRST_PAUSE_S
            self._faults[name] = (
                f"{name} has failed: {why}; it begins anew in {pause_s:g} s, the log has more"
            )
            await asyncio.sleep(pause_s)
            del self._faults[name]
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _said(error: Exception) -> str:
    """Return what an error says, as far as everybody may see it."""
    words = (
        error.problem.sentence() if isinstance(error, ProblemError) else f"{type(error).__name__}: {error}"
    )
    return without_payload(inert(words, _MOST_SAID))
