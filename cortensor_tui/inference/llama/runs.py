"""The runs on their way in an engine's child, and what the child sends for each."""

from __future__ import annotations

import asyncio

from cortensor_tui.domain.inference import Admitted, Finished, GenerationEvent
from cortensor_tui.domain.problems import Problem

Sent = tuple[GenerationEvent, ...] | Problem


class Run:
    """One run: what the child sends for it, until a `Problem` or a `Finished`."""

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        self.inbox: asyncio.Queue[Sent] = asyncio.Queue()
        self.is_admitted = False
        self.is_over = False

    def put(self, item: Sent) -> None:
        """Take what was sent for it."""
        self.inbox.put_nowait(item)
        if not isinstance(item, Problem):
            self.is_admitted = self.is_admitted or isinstance(item[0], Admitted)
        self.is_over = isinstance(item, Problem) or isinstance(item[-1], Finished)


class Runs:
    """Those that are not over yet: those going on, those that wait, and those left but not ended."""

    def __init__(self) -> None:
        self._open: dict[int, Run] = {}
        self._last_id = 0

    @property
    def all(self) -> tuple[Run, ...]:
        """Return them, the oldest first."""
        return tuple(self._open.values())

    @property
    def admitted_count(self) -> int:
        """Return how many are worked on, and do not wait in the child."""
        return sum(run.is_admitted for run in self._open.values())

    def new(self) -> Run:
        """Return a run that is not among them until `add`: it may not begin at all."""
        self._last_id += 1
        return Run(self._last_id)

    def add(self, run: Run) -> None:
        """Take a run that has begun."""
        self._open[run.run_id] = run

    def hand_on(self, run_id: int, item: Sent) -> None:
        """Give a run what was sent for it; nothing where it is over."""
        run = self._open.get(run_id)
        if run is None:
            return
        run.put(item)
        if run.is_over:
            del self._open[run_id]
