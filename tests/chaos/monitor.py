"""Watches a run from outside: the tasks as the chain has them, and how long the node takes to recover."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec

from cortensor_tui.chain.contracts.abi import decode_output, encode_call
from cortensor_tui.devnet.artifacts import load_artifact
from cortensor_tui.devnet.decisions import TaskPhase
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey
from tests.chaos.world import ChaosWorld

LOOK_S = 0.15
_DUE_STEPS = {
    TaskPhase.AWAITING_ACKS: "ack",
    TaskPhase.AWAITING_PRECOMMITS: "precommit",
    TaskPhase.AWAITING_COMMITS: "commit",
}


class TaskProgress(msgspec.Struct, frozen=True):
    """A task as the chain has it; `last_open` is the last phase seen before its end.

    The phase lasted from `open_since` to `open_until`, unix seconds of this machine: the chain's own time
    stands still while it is down.
    """

    phase: TaskPhase
    entered_at: int
    last_open: TaskPhase
    open_since: float
    open_until: float
    is_committed: bool


class Monitor:
    """Looks again and again at every task that was submitted."""

    def __init__(self, world: ChaosWorld) -> None:
        self.tasks: dict[TaskKey, TaskProgress] = {}
        self.recoveries_s: list[float] = []
        self._world = world
        self._progress = load_artifact("SessionQueueV2").function("getTaskProgress")
        self._spans_seen = 0
        self._ended_at: float | None = None
        self._due_then: set[tuple[TaskKey, str]] | None = None
        self.keys: list[TaskKey] = []

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await self._watch_recovery()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Read every task once; nothing changes while the chain is down."""
        keys = list(self.keys)
        queue = self._world.contracts.session_queue_v2
        calls: list[tuple[str, tuple[Any, ...]]] = [
            (
                "eth_call",
                (
                    {"to": queue, "data": encode_call(self._progress, key.session_id, key.task_id)},
                    "latest",
                ),
            )
            for key in keys
        ]
        try:
            answers = await self._world.chain.rpc.batch(calls)
        except ProblemError:
            return
        for key, answer in zip(keys, answers, strict=True):
            if isinstance(answer, str):
                self._see(key, decode_output(self._progress, answer)[0])
            else:
                self.tasks.pop(key, None)  # a reorg has taken it, or it is not there yet

    @property
    def is_settled(self) -> bool:
        """Tell whether every task has ended and the node has recovered from the last fault."""
        ended = [self.tasks.get(key) for key in self.keys]
        is_over = all(task is not None and task.phase is TaskPhase.ENDED for task in ended)
        return is_over and self._ended_at is None and self._spans_seen == len(self._world.spans)

    def give_up(self) -> None:
        """Count a recovery that has not come."""
        if self._ended_at is not None:
            self.recoveries_s.append(time.time() - self._ended_at)

    def _see(self, key: TaskKey, values: Any) -> None:
        phase, entered_at, now = TaskPhase(values[0]), int(values[1]), time.time()
        before = self.tasks.get(key)
        last, since, until = phase, now, now
        if before is not None:
            is_same = (before.phase, before.entered_at) == (phase, entered_at)
            if is_same or phase not in _DUE_STEPS:
                last, since = before.last_open, before.open_since
            if phase not in _DUE_STEPS and before.phase not in _DUE_STEPS:
                until = before.open_until
        self.tasks[key] = TaskProgress(phase, entered_at, last, since, until, values[5] > 0)

    def _due(self) -> set[tuple[TaskKey, str]]:
        return {(key, _DUE_STEPS[task.phase]) for key, task in self.tasks.items() if task.phase in _DUE_STEPS}

    async def _watch_recovery(self) -> None:
        """After the last of overlapping faults: until the node serves and works on what was due."""
        world = self._world
        if world.active:
            self._ended_at = None
            return
        if self._spans_seen < len(world.spans):
            self._spans_seen = len(world.spans)
            self._ended_at = max(span.ended_at for span in world.spans)
            self._due_then = None
        if self._ended_at is None:
            return
        if self._due_then is None:
            self._due_then = self._due()
        if not _is_at_work(self._due_then, self._due()):
            return
        status = await world.node.status()
        if status is not None and status.verdict is Verdict.SERVING and not world.active:
            self.recoveries_s.append(time.time() - self._ended_at)
            self._ended_at = None


def _is_at_work(due_then: set[tuple[TaskKey, str]], due_now: set[tuple[TaskKey, str]]) -> bool:
    """Tell whether every ack and commit that was due is done, and one precommit if any was.

    Precommits wait for the one engine in turn: the second in the queue shows the model's speed, no recovery.
    """
    left = due_then & due_now
    answers = {step for step in due_then if step[1] == "precommit"}
    is_answering = not answers or bool(answers - left)
    return is_answering and left <= answers
