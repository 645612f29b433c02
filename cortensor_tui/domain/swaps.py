"""A swap of nodes on its way: two transactions that belong together, and perhaps a wait before them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import TaskKey


class WhenBusy(StrEnum):
    """What a swap does while tasks of the session are being answered.

    `now` swaps all the same: such a task may end unanswered.
    """

    REFUSE = "refuse"
    WAIT = "wait"
    NOW = "now"


class SwapStage(StrEnum):
    """How far a swap is. At `half way` the first node is out, and the second could not be bound."""

    WAITING = "waiting"
    UNBINDING = "unbinding"
    BINDING = "binding"
    HALF_WAY = "half way"


class SwapProgress(msgspec.Struct, frozen=True, kw_only=True):
    """One swap. `since` is when its stage began, unix seconds; `tasks` are those that it waits for.

    `problem` says why it stands half way, why a wait cannot be judged just now, or what holds up its second
    half.
    """

    session_id: int
    unbind_address: str
    bind_address: str
    stage: SwapStage
    since: float
    tasks: tuple[TaskKey, ...] = ()
    problem: Problem | None = None
