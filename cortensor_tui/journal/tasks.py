"""Tasks and the steps they have taken."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from cortensor_tui.domain.envelope import Envelope
from cortensor_tui.domain.inference import Clamp, LostRun, SamplingParams
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskTimes
from cortensor_tui.journal.database import Database


class TaskDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of the model and how the run went; kept as one JSON value.

    `is_prompt_addressed`: on chain is where the prompt is, not its text. `is_answer_addressed`: so it is for
    the answer, whose hash is then that of its address.
    """

    prompt_type: int
    prompt_template: str
    asked: SamplingParams
    applied: SamplingParams | None = None
    clamps: tuple[Clamp, ...] = ()
    seed: int | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    first_token_ms: float | None = None
    prefill_tokens_per_s: float | None = None
    decode_tokens_per_s: float | None = None
    lost_runs: tuple[LostRun, ...] = ()
    is_prompt_addressed: bool = False
    is_answer_addressed: bool = False


class TaskRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One task as the journal has it. Texts are in the store, under their content ids.

    `times` leaves out those of its transactions, which the journal keeps with these: see `task_times`.
    `envelope` is what made the answer, None where there is none or where it was stored by an older program.
    """

    key: TaskKey
    stage: Stage
    prompt_cid: str
    details: TaskDetails
    assigned_at: float
    answer_cid: str | None = None
    answer_hash: str | None = None
    acked_at: float | None = None
    precommitted_at: float | None = None
    committed_at: float | None = None
    ended_at: float | None = None
    deadline_at: float | None = None
    note: str = ""
    times: TaskTimes = TaskTimes()
    envelope: Envelope | None = None

    @property
    def answer_tokens(self) -> int | None:
        """Return the tokens of the answer, None before there is one."""
        return self.details.answer_tokens


_PLAIN_COLUMNS = (
    "prompt_cid",
    "answer_cid",
    "answer_hash",
    "assigned_at",
    "acked_at",
    "precommitted_at",
    "committed_at",
    "ended_at",
    "deadline_at",
    "note",
)


class TaskLog:
    """The tasks of one chain."""

    def __init__(self, database: Database, chain: int) -> None:
        self._database = database
        self._chain = chain

    def save(self, record: TaskRecord, step: str, *, is_synced: bool = True) -> None:
        """Write the record as it now stands, in one step, synced or as `Database.unsynced_step` does."""
        values: dict[str, Any] = {name: getattr(record, name) for name in _PLAIN_COLUMNS}
        values |= {
            "chain": self._chain,
            "session_id": record.key.session_id,
            "task_id": record.key.task_id,
            "stage": record.stage.value,
            "details": msgspec.json.encode(record.details),
            "times": msgspec.json.encode(record.times),
            "envelope": None if record.envelope is None else msgspec.json.encode(record.envelope),
        }
        columns = ", ".join(values)
        marks = ", ".join("?" * len(values))
        steps = self._database.step if is_synced else self._database.unsynced_step
        with steps(step) as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO tasks ({columns}) VALUES ({marks})",  # noqa: S608 - our own column names
                tuple(values.values()),
            )

    def get(self, key: TaskKey) -> TaskRecord | None:
        """Return one task, or None."""
        rows = self._select("session_id = ? AND task_id = ?", key.session_id, key.task_id)
        return rows[0] if rows else None

    def unfinished(self) -> list[TaskRecord]:
        """Return every task that has not ended, oldest first."""
        return self._select("stage NOT IN ('ended', 'missed') ORDER BY assigned_at")

    def recent(self, limit: int) -> list[TaskRecord]:
        """Return the newest tasks, newest first."""
        return self._select("1 ORDER BY assigned_at DESC LIMIT ?", limit)

    def _select(self, where: str, *values: Any) -> list[TaskRecord]:
        rows = self._database.connection.execute(
            f"SELECT * FROM tasks WHERE chain = ? AND {where}",  # noqa: S608 - our own clauses
            (self._chain, *values),
        )
        return [record_from(row) for row in rows]


def record_from(row: sqlite3.Row) -> TaskRecord:
    """Return what a row says."""
    envelope = row["envelope"]
    return TaskRecord(
        key=TaskKey(row["session_id"], row["task_id"]),
        stage=Stage(row["stage"]),
        details=msgspec.json.decode(row["details"], type=TaskDetails),
        times=msgspec.json.decode(row["times"], type=TaskTimes),
        envelope=None if envelope is None else msgspec.json.decode(envelope, type=Envelope),
        **{name: row[name] for name in _PLAIN_COLUMNS},
    )
