"""A missed task's cause names the step and the time, as far as they are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from cortensor_tui.chain.networks.profiles import load_profiles
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskOnChain, TaskTimes
from cortensor_tui.inference.params import asked_from_llm_params
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope
from cortensor_tui.journal.tasks import TaskDetails, TaskRecord
from cortensor_tui.miner.causes import CLOCK_WAS_SET, Hindrance, missed_cause, unseen_cause
from cortensor_tui.miner.task_progress import TaskProgress
from tests.support.clock import StandingClock

SCOPE = ChainScope(chain_id=31337, genesis_hash="0x" + "aa" * 32, queue_address="0x" + "11" * 20)
NOON = 1_790_078_400.0  # 12:00:00 UTC
PROFILE = load_profiles()["local"]
ACK_S, PRECOMMIT_S = PROFILE.ack_deadline_s, PROFILE.precommit_deadline_s


def cause(ended_after_s: float, *hindrances: Hindrance, **times: Any) -> str:
    times = {name: NOON + at for name, at in times.items()}
    return missed_cause(TaskTimes(**times), PROFILE, NOON + ended_after_s, hindrances)


def test_an_endpoint_that_was_away() -> None:
    away = Hindrance(
        what="The chain endpoint did not answer", began_at=NOON + 1, lasted_until=NOON + ACK_S + 11
    )
    found = cause(ACK_S + 20, away, seen_at=0, ack_sent_at=ACK_S + 12)
    assert found == (
        f"the task ended at 12:00:{ACK_S + 20:02.0f} UTC before the ack was mined "
        f"(sent at 12:00:{ACK_S + 12:02.0f}, 12 s after the deadline); "
        f"The chain endpoint did not answer from 12:00:01 to 12:00:{ACK_S + 11:02.0f}"
    )


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ({}, "before the ack was sent"),
        ({"seen_at": 0}, "before the ack was sent"),
        ({"seen_at": 0, "ack_mined_at": 1}, "before the precommit was sent (no token was written yet)"),
        (
            {"seen_at": 0, "ack_mined_at": 1, "first_token_at": 2},
            "before the precommit was sent (the answer began at 12:00:02)",
        ),
        (
            {"seen_at": 0, "ack_mined_at": 1, "precommit_mined_at": 5},
            "before the commit was sent (this node did not see that all had precommitted)",
        ),
        (
            {"seen_at": 0, "ack_mined_at": ACK_S + 12},
            f"; acked {12} s after the deadline",
        ),
        ({"seen_at": ACK_S + 30, "assigned_block_at": 0}, f"was seen {ACK_S + 30:.0f} s after its block"),
    ],
)
def test_what_was_missing_or_late_is_named(times: dict[str, float], words: str) -> None:
    assert words in cause(50.0, **times)


def test_what_was_in_time_is_not_called_late() -> None:
    assert "deadline" not in cause(50.0, seen_at=0, ack_mined_at=1, first_token_at=2)


def test_a_delay_that_the_clock_made_is_not_claimed() -> None:
    away = Hindrance(what="The endpoint did not answer", began_at=NOON + 1, lasted_until=NOON + 3_601)
    times = TaskTimes(seen_at=NOON, ack_sent_at=NOON + 3_600)
    found = missed_cause(times, PROFILE, NOON + 3_605, [away], is_clock_steady=False)
    assert "before the ack was mined" in found
    assert CLOCK_WAS_SET in found
    assert "after the deadline" not in found
    assert found.endswith("; The endpoint did not answer")


def test_a_delay_longer_than_the_task_was_open_by_the_chain_is_not_claimed() -> None:
    """The clock was set while the node was down: only the blocks' times tell."""
    times = TaskTimes(
        assigned_block_at=NOON, seen_at=NOON + 1, ack_mined_at=NOON + 2, precommit_sent_at=NOON + 3_600
    )
    found = missed_cause(times, PROFILE, NOON + 3_605, [], finished_at=NOON + 60)
    assert "before the precommit was mined" in found
    assert "after the deadline" not in found


def test_a_delay_that_the_chain_confirms_is_claimed() -> None:
    times = TaskTimes(assigned_block_at=NOON, seen_at=NOON + 1, ack_sent_at=NOON + 1 + ACK_S + 20)
    found = missed_cause(times, PROFILE, NOON + 120, [], finished_at=NOON + 120)
    assert "20 s after the deadline" in found


@pytest.mark.parametrize("jump_s", [3_600.0, -3_600.0])
def test_a_clock_that_was_set_and_set_back_is_remembered(tmp_path: Path, jump_s: float) -> None:
    clock = StandingClock(10.0, wall_ahead_s=NOON)
    record = TaskRecord(
        key=TaskKey(0, 0),
        stage=Stage.ASSIGNED,
        prompt_cid="cid",
        assigned_at=NOON,
        details=TaskDetails(prompt_type=1, prompt_template="", asked=asked_from_llm_params((64,) * 7)),
    )
    database = Database.open(tmp_path / "journal.sqlite")
    progress = TaskProgress(record, Journal(database, SCOPE).tasks, lambda record: None, clock)
    clock.pass_s(100.0)
    progress.save("acked", stage=Stage.ACKED)
    assert progress.is_clock_steady
    clock.wall_ahead_s += jump_s
    progress.save("answer stored")
    clock.wall_ahead_s -= jump_s
    assert not progress.is_clock_steady


def test_a_task_that_nobody_saw_names_when_nobody_looked() -> None:
    task = TaskOnChain(
        key=TaskKey(0, 146),
        global_id=1,
        data="",
        assigned_miners=(),
        is_ended=True,
        status=4,
        created_at=NOON,
        finished_at=NOON + 24,
    )
    away = Hindrance(what="this process stood still", began_at=NOON, lasted_until=NOON + 50)
    assert unseen_cause(task, NOON + 2, PROFILE, [away]) == (
        f"assigned at 12:00:02 UTC, ack due by 12:00:{2 + ACK_S:02.0f}, ended at 12:00:24; "
        "this process stood still from 12:00:00 to 12:00:50"
    )
    assert unseen_cause(task, None, PROFILE, []) == (
        "submitted at 12:00:00 UTC, ended at 12:00:24; this node did not see it in time"
    )


def test_the_log_says_which_trouble_was_noted(tmp_path: Path) -> None:
    record = TaskRecord(
        key=TaskKey(0, 2),
        stage=Stage.ASSIGNED,
        prompt_cid="cid",
        assigned_at=NOON,
        details=TaskDetails(prompt_type=1, prompt_template="", asked=asked_from_llm_params((64,) * 7)),
    )
    tasks = Journal(Database.open(tmp_path / "journal.sqlite"), SCOPE).tasks
    progress = TaskProgress(record, tasks, lambda record: None, StandingClock(10.0, wall_ahead_s=NOON))
    with capture_logs() as lines:
        progress.trouble(Problem(code="no_rpc", what="The endpoint did not answer", why="timeout"))
    assert [one["why"] for one in lines] == ["The endpoint did not answer. Timeout."]
    assert progress.record.note == "The endpoint did not answer. Timeout."
