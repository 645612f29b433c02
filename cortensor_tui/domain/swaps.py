"""A swap of nodes on its way: two transactions that belong together, and perhaps a wait before them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.tasks import TaskKey

STILL_NOTED = "swap_still_noted"
"""The problem of a swap that came to nothing, and could not be struck from the journal yet."""


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

    `problem` says why it stands half way, why a wait cannot be judged just now, what holds up a half, or
    (`STILL_NOTED`) that it waits for nothing but to be struck.
    """

    session_id: int
    unbind_address: str
    bind_address: str
    stage: SwapStage
    since: float
    tasks: tuple[TaskKey, ...] = ()
    problem: Problem | None = None
