"""A missed task's cause names the step and the time, as far as they are known."""

from __future__ import annotations

from typing import Any

import pytest

from cortensor_tui.chain.networks.profiles import load_profiles
from cortensor_tui.domain.tasks import TaskTimes
from cortensor_tui.miner.causes import Hindrance, missed_cause

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
