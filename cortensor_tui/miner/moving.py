"""What a reorganisation makes of a task's record: an earlier stage, why, and the answer kept."""

from __future__ import annotations

import msgspec

from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.deadlines import deadline_at

_REORGANISED = "the chain was reorganised"
_AGAIN = {
    Stage.QUEUED: "its assignment is gone",
    Stage.ASSIGNED: "the ack is sent again",
    Stage.ACKED: "the precommit is sent again",
    Stage.PRECOMMITTED: "the commit is sent again",
    Stage.COMMITTED: "its end was taken back",
}
ASSIGNED_AGAIN = f"{_REORGANISED}: it was assigned again"
ANOTHER_PROMPT = (
    f"{_REORGANISED}: these ids now belong to another prompt, and an answer to the earlier one was signed;"
    " a second answer is never signed"
)
NEVER_ASSIGNED_AGAIN = f"{_REORGANISED}: its assignment is gone, and it was not assigned again"


def moved_back(record: TaskRecord, stage: Stage, profile: NetworkProfile) -> TaskRecord:
    """Return the record at an earlier stage; what came after is taken back, and the answer stays."""
    was_beyond = record.stage is not Stage.MISSED
    word = _AGAIN[stage] if was_beyond or stage is Stage.QUEUED else "it goes on"
    place = stage.place
    return msgspec.structs.replace(
        record,
        stage=stage,
        note=f"{_REORGANISED}: {word}",
        acked_at=record.acked_at if place >= Stage.ACKED.place else None,
        precommitted_at=record.precommitted_at if place >= Stage.PRECOMMITTED.place else None,
        committed_at=record.committed_at if place >= Stage.COMMITTED.place else None,
        ended_at=None,
        deadline_at=deadline_at(record, stage, profile),
        times=msgspec.structs.replace(
            record.times,
            all_precommitted_at=None
            if place <= Stage.PRECOMMITTED.place
            else record.times.all_precommitted_at,
        ),
    )


def assigned_again(record: TaskRecord, stage: Stage, now: float, profile: NetworkProfile) -> TaskRecord:
    """Return a record that stood at queued, at the stage the contract has it now; `now` in unix seconds."""
    moved = msgspec.structs.replace(
        record,
        stage=stage,
        assigned_at=now,
        note=ASSIGNED_AGAIN,
        times=msgspec.structs.replace(record.times, seen_at=now),
    )
    return msgspec.structs.replace(moved, deadline_at=deadline_at(moved, stage, profile))
