"""A task that cannot be taken keeps no other waiting, and the node not for ever."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.tasks import TaskKey, TaskOnChain
from cortensor_tui.miner.assignments import LONGEST_AWAITED_S, Assignments
from tests.support.clock import StandingClock

NODE = "0x" + "11" * 20
GOOD, BAD = TaskKey(1, 1), TaskKey(1, 2)


class Reader:
    """Has every task, assigned to the node."""

    async def tasks(self, keys: Sequence[TaskKey]) -> list[TaskOnChain]:
        return [
            TaskOnChain(
                key=key,
                global_id=key.task_id,
                data="",
                assigned_miners=(NODE,),
                is_ended=False,
                status=1,
                created_at=1.0,
            )
            for key in keys
        ]


async def test_one_that_cannot_be_taken_is_tried_for_a_minute() -> None:
    clock = StandingClock()
    taken: list[tuple[TaskKey, int]] = []

    async def take(task: TaskOnChain, seen_at: float, block_number: int) -> None:
        if task.key == BAD:
            raise problem_error("read_refused", "The contract refused getTaskDecoration")
        taken.append((task.key, block_number))

    assignments = Assignments(Reader(), NODE, clock)  # type: ignore[arg-type]
    assignments.see(BAD, 7)
    assignments.see(GOOD, 8)
    with pytest.raises(ProblemError):
        await assignments.hand_on(take)
    assert taken == [(GOOD, 8)]
    clock.pass_s(LONGEST_AWAITED_S)
    assignments.see(BAD, 7)  # the look is repeated, so it is seen again
    await assignments.hand_on(take)
    assert len(assignments) == 0
    assert taken == [(GOOD, 8)]
