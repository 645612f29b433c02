"""How far one task is: its record, in the journal before anything follows from it, and what holds it up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.problems import Problem
from cortensor_tui.journal.tasks import TaskLog, TaskRecord
from cortensor_tui.miner.causes import Hindrance

log = structlog.get_logger(__name__)

MOST_HINDRANCES = 20
CLOCK_ERROR_S = 1.0  # a time server's small corrections


class TaskProgress:
    """One task's record as it now stands. `on_change` is told of each one written."""

    def __init__(
        self, record: TaskRecord, tasks: TaskLog, on_change: Callable[[TaskRecord], None], clock: Clock
    ) -> None:
        self.record = record
        self.held_by: Problem | None = None
        self._tasks = tasks
        self._on_change = on_change
        self._clock = clock
        self._hindrances: list[Hindrance] = []
        self._clocks_apart_s = clock.now() - clock.monotonic()
        self._was_clock_set = False

    @property
    def hindrances(self) -> tuple[Hindrance, ...]:
        """Return what has kept the task from moving, oldest first."""
        return tuple(self._hindrances)

    @property
    def is_clock_steady(self) -> bool:
        """Tell whether the wall clock went on as the monotonic one did, from step to step and until now."""
        self._compare_clocks()
        return not self._was_clock_set

    def save(self, step: str, *, is_synced: bool = True, **fields: Any) -> None:
        """Change some fields, in the journal first; see `TaskLog.save` for a step that is not synced."""
        self.keep(msgspec.structs.replace(self.record, **fields), step, is_synced=is_synced)

    def keep(self, record: TaskRecord, step: str, *, is_synced: bool = True, **logged: str) -> None:
        """Take another record, in the journal first; the log's line says also what is `logged`."""
        self._compare_clocks()  # it may be set back before the end
        self._tasks.save(record, step, is_synced=is_synced)
        if record.stage is not self.record.stage:
            self.held_by = None
        self.record = record
        log.info(step, task=str(record.key), stage=record.stage.value, **logged)
        self._on_change(record)

    def note_times(self, **times: Any) -> None:
        """Learn when a step was taken; it is written down with the next step."""
        self.record = msgspec.structs.replace(
            self.record, times=msgspec.structs.replace(self.record.times, **times)
        )

    def trouble(self, problem: Problem) -> None:
        """Show why the task does not move; it is kept. The same kind of trouble is noted once."""
        now = self._clock.now()
        if self.held_by is None or problem.code != self.held_by.code:
            self.held_by = problem
            self._hindrances.append(Hindrance(what=problem.what, began_at=now, lasted_until=now))
            del self._hindrances[:-MOST_HINDRANCES]
            note = problem.sentence()
            self.keep(msgspec.structs.replace(self.record, note=note), "trouble noted", why=note)
        elif self._hindrances:
            self._hindrances[-1] = msgspec.structs.replace(self._hindrances[-1], lasted_until=now)

    def _compare_clocks(self) -> None:
        apart_s = self._clock.now() - self._clock.monotonic()
        self._was_clock_set |= abs(apart_s - self._clocks_apart_s) > CLOCK_ERROR_S
