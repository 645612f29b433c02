"""An answer that is there is kept, though the chain cannot be read while it is made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from cortensor_tui.domain.clock import SYSTEM_CLOCK
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.journal.tasks import TaskDetails, TaskRecord
from cortensor_tui.miner.pipeline import TaskPipeline
from cortensor_tui.miner.signals import TaskSignals
from tests.inference.engines import GREEDY

KEY = TaskKey(1, 1)
ACKED = TaskRecord(
    key=KEY,
    stage=Stage.ACKED,
    prompt_cid="prompt",
    details=TaskDetails(prompt_type=0, prompt_template="", asked=GREEDY),
    assigned_at=0.0,
)


class Parts:
    """What a pipeline works with: a model that answers at once, and a chain that answers as it is told."""

    def __init__(self, chain: Callable[[], None]) -> None:
        self._chain = chain
        self.clock = SYSTEM_CLOCK
        self.saved: list[tuple[str, str | None]] = []
        self.was_saved = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.first_token_at: float | None = None
        self.given_up: list[BaseException] = []
        self.tasks = self.payloads = self.answering = self.promises = self
        self.on_change = lambda _: None

    def save(self, record: TaskRecord, step: str, **_: Any) -> None:
        self.saved.append((step, record.answer_cid))
        self.first_token_at = record.times.first_token_at
        self.was_saved.set()

    def is_prompt_here(self, cid: str) -> bool:
        return True

    async def answer(
        self,
        record: TaskRecord,
        started: Callable[[TaskRecord], None],
        first_token: Callable[[float], None],
        _: Any,
    ) -> TaskRecord:
        started(record)
        first_token(7.0)
        await self.may_answer.wait()
        return msgspec.structs.replace(record, answer_cid="answer", answer_hash="0x00")

    async def adopt(self, key: TaskKey) -> None:
        self._chain()

    async def until(self, step: str) -> None:
        async with asyncio.timeout(20):
            while step not in [name for name, _ in self.saved]:
                self.was_saved.clear()
                await self.was_saved.wait()


def away() -> None:
    raise problem_error("no_rpc", "no endpoint answers")


async def stop(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_answer_is_kept_while_the_chain_is_silent() -> None:
    parts: Any = Parts(away)
    parts.may_answer.set()
    pipeline = TaskPipeline(parts, ACKED, TaskSignals())
    running = asyncio.create_task(pipeline.run())
    await parts.until("answer stored")
    assert parts.saved[-1] == ("answer stored", "answer")
    assert pipeline.record.stage is Stage.ACKED, "nothing is promised before the chain was read"
    assert pipeline.held_by is not None
    assert not pipeline.is_answering, "it is the chain that it waits for"
    await stop(running)


async def test_a_task_that_has_its_first_token_is_seen_to_decode() -> None:
    parts: Any = Parts(lambda: None)
    running = asyncio.create_task(TaskPipeline(parts, ACKED, TaskSignals()).run())
    await parts.until("first token")
    assert parts.first_token_at == 7.0
    assert parts.saved[-1] == ("first token", None)
    await stop(running)
