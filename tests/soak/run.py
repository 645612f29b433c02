"""Answering with a real engine: tasks join and are cancelled at random, between two tokens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil

from cortensor_tui.domain.clock import SYSTEM_CLOCK
from cortensor_tui.domain.inference import GenerationEvent, Token
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.inference.llama.process import LlamaProcess
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.answering import Answering, InferenceFeed, PromptSettings
from cortensor_tui.settings.model import ReproducibleSessions
from cortensor_tui.storage.local_store import LocalStore
from tests.soak.tasks import REPRODUCIBLE, Draw, SoakTask, fault_of

CONTEXT_TOKENS = 2_048
SLOTS = 4
IN_FLIGHT = 7
"""More than there are slots, so that some wait."""
CANCELLED_ONE_IN = 5
MOST_TOKENS_BETWEEN = 40
MOST_TIMES_THE_TOKENS = 10
"""So long a soak goes on for what chance has not yet brought: every slot taken, a reproducible answer."""
PROMPTS = PromptSettings(
    default_system_prompt="",
    raw_prompt="verbatim",
    seed=1,
    reproducible=ReproducibleSessions(frozenset({REPRODUCIBLE})),
)


class Memory(msgspec.Struct, frozen=True):
    """What engine and miner hold, in bytes, after so many tokens."""

    tokens: int
    engine_bytes: int
    miner_bytes: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a soak. `faults` has a sentence for each wrong answer."""

    seed: int
    tokens: int
    answered: int
    reproduced: int
    cancelled: int
    most_at_once: int
    faults: tuple[str, ...]
    memory: tuple[Memory, ...]


class Soak:
    """One soak of so many tokens, drawn from its seed. It acts whenever some tokens have come."""

    def __init__(
        self,
        engine: LlamaProcess,
        folder: Path,
        seed: int,
        tokens: int,
        on_memory: Callable[[Memory], None],
    ) -> None:
        self._engine = engine
        self._on_memory = on_memory
        self._store = LocalStore(folder / "payloads")
        feed = InferenceFeed(on_start=self._started, on_event=self._told, on_stop=self._stopped)
        self._answering = Answering(engine, self._store, PROMPTS, feed)
        self._rng = random.Random(seed)
        self._draw = Draw(self._rng)
        self._seed = seed
        self._tokens_wanted = tokens
        self._tokens = 0
        self._next_act_at_tokens = 0
        self._may_act = asyncio.Event()
        self._in_flight: dict[asyncio.Task[TaskRecord], SoakTask] = {}
        self._running: set[TaskKey] = set()
        self._alone: dict[str, str] = {}
        self._memory: list[Memory] = []
        self._answered = self._reproduced = self._cancelled = self._most_at_once = 0
        self._faults: list[str] = []

    def on_health(self) -> None:
        """Hear that the engine's health has changed."""
        self._answering.on_health(self._engine.health)

    async def run(self) -> Outcome:
        """Go on until the tokens have come, and what chance owes, and the last task is answered."""
        await self._learn_alone()
        self._tokens = 0
        for task in self._draw.all_prose():  # once each at least, whatever is drawn
            self._join(task)
        while not self._has_enough():
            self._act()
            self._may_act.clear()
            await self._may_act.wait()
            self._take_done()
        await asyncio.gather(*self._in_flight, return_exceptions=True)
        self._take_done()
        self._note_memory()
        return Outcome(
            seed=self._seed,
            tokens=self._tokens,
            answered=self._answered,
            reproduced=self._reproduced,
            cancelled=self._cancelled,
            most_at_once=self._most_at_once,
            faults=tuple(self._faults),
            memory=tuple(self._memory),
        )

    def _has_enough(self) -> bool:
        has_met_all = self._most_at_once == SLOTS and self._reproduced > 0
        return self._tokens >= self._tokens_wanted * (1 if has_met_all else MOST_TIMES_THE_TOKENS)

    async def _learn_alone(self) -> None:
        for task in self._draw.all_prose():
            self._alone[task.prompt] = self._text(await self._begin(task))

    def _join(self, task: SoakTask) -> None:
        answer = self._begin(task)
        answer.add_done_callback(lambda answer: self._may_act.set())  # one cancelled before its turn, too
        self._in_flight[answer] = task

    def _begin(self, task: SoakTask) -> asyncio.Task[TaskRecord]:
        record = task.record(self._store.put(task.prompt.encode()), SYSTEM_CLOCK.now())
        return asyncio.create_task(self._answering.answer(record, lambda record: None))

    def _act(self) -> None:
        """Have tasks join or one cancelled, and say after how many tokens more that is to be done again."""
        if self._in_flight and self._rng.random() < 1 / CANCELLED_ONE_IN:
            [*self._in_flight][self._rng.randrange(len(self._in_flight))].cancel()
        for _ in range(self._rng.randint(0 if self._in_flight else 1, IN_FLIGHT - len(self._in_flight))):
            self._join(self._draw.task())
        self._next_act_at_tokens = self._tokens + self._rng.randint(1, MOST_TOKENS_BETWEEN)

    def _take_done(self) -> None:
        for answer in [one for one in self._in_flight if one.done()]:
            task = self._in_flight.pop(answer)
            if answer.cancelled():
                self._cancelled += 1
                continue
            self._answered += 1
            self._reproduced += task.is_reproducible
            fault = fault_of(task, self._text(answer.result()), self._alone)
            if fault:
                self._faults.append(f"task {task.key}: {fault}")

    def _text(self, record: TaskRecord) -> str:
        assert record.answer_cid is not None
        return self._store.get(record.answer_cid).decode()

    # --- what the runs say ---------------------------------------------------------------------------

    def _started(self, key: TaskKey, prompt: str) -> None:
        self._running.add(key)
        self._most_at_once = max(self._most_at_once, len(self._running))

    def _stopped(self, key: TaskKey, problem: str) -> None:
        self._running.discard(key)

    def _told(self, key: TaskKey, event: GenerationEvent) -> None:
        if not isinstance(event, Token):
            return
        self._tokens += 1
        if self._tokens >= self._next_act_at_tokens:
            self._may_act.set()
        if self._tokens % max(1, self._tokens_wanted // 24) == 0:
            self._note_memory()

    def _note_memory(self) -> None:
        pid = self._engine.pid
        engine_bytes = 0 if pid is None else psutil.Process(pid).memory_info().rss
        self._memory.append(Memory(self._tokens, engine_bytes, psutil.Process().memory_info().rss))
        self._on_memory(self._memory[-1])


async def soak(
    model: Path,
    folder: Path,
    seed: int,
    tokens: int,
    on_memory: Callable[[Memory], None] = lambda memory: None,
) -> Outcome:
    """Soak an engine with a model for so many tokens; what is held meanwhile is told some 24 times."""
    engine = LlamaProcess(
        model, context_tokens=CONTEXT_TOKENS, slots=SLOTS, on_health=lambda health: running.on_health()
    )
    running = Soak(engine, folder, seed, tokens, on_memory)
    await engine.start()
    try:
        return await running.run()
    finally:
        await engine.stop()
