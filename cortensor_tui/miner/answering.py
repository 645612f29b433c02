"""Turns a task's prompt into its answer, many tasks at once: streamed as it goes, stored when it is whole."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Literal

import msgspec
import structlog

from cortensor_tui.chain.networks.resolve import answer_hash
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inference import (
    Admitted,
    EngineFacts,
    EngineHealth,
    Finished,
    FinishReason,
    Generation,
    GenerationEvent,
    LostRun,
    Token,
)
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.inference.engine import Engine
from cortensor_tui.inference.params import fit, with_clamps
from cortensor_tui.inference.prompts import build_messages
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.envelope import envelope_of
from cortensor_tui.miner.patience import RETRY_S
from cortensor_tui.miner.retries import TAKES_RUNS, Retries
from cortensor_tui.miner.session_models import SessionModels
from cortensor_tui.miner.turns import ONE_MODEL, Models, Turns
from cortensor_tui.settings.model import ReproducibleSessions
from cortensor_tui.storage.content_id import content_address
from cortensor_tui.storage.local_store import LocalStore

log = structlog.get_logger(__name__)

# Of an engine that does not tell: servers take several, and keep what is too much for them waiting.
UNKNOWN_SLOTS = 4


class PromptSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How prompts are wrapped, seeded and run; `seed` None draws one for each task.

    A run of a session that is `reproducible` has the engine to itself.
    """

    default_system_prompt: str
    raw_prompt: Literal["chat", "verbatim"]
    seed: int | None
    reproducible: ReproducibleSessions = ReproducibleSessions()


class InferenceFeed(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told how a run goes, from when the engine works on it: nothing of one that only waits there."""

    on_start: Callable[[TaskKey, str], None]
    on_event: Callable[[TaskKey, GenerationEvent], None]
    on_stop: Callable[[TaskKey, str], None]


class _Told(msgspec.Struct, frozen=True):
    """Who is told how one run begins: it has its place in the engine, gives its first token."""

    on_admitted: Callable[[], None]
    on_start: Callable[[TaskRecord], None]
    on_first_token: Callable[[float], None]


class _Run:
    """One run of a task: its record, and what the engine has given so far."""

    def __init__(self, record: TaskRecord) -> None:
        self.record = record
        self.is_begun = False
        self.pieces: list[str] = []
        self.last_token_at: float | None = None
        self.finished: Finished | None = None

    def note_times(self, **times: float | None) -> None:
        """Put times into its record, unix seconds."""
        known = msgspec.structs.replace(self.record.times, **times)
        self.record = msgspec.structs.replace(self.record, times=known)


class Answering:
    """Holds the engine: as many tasks run at once as it takes, the others wait for their turn."""

    def __init__(
        self,
        engine: Engine,
        store: LocalStore,
        prompts: PromptSettings,
        feed: InferenceFeed,
        clock: Clock = SYSTEM_CLOCK,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        models: Models = ONE_MODEL,
        session_models: SessionModels | None = None,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._session_models = session_models
        self._engine = engine
        self._store = store
        self._prompts = prompts
        self._feed = feed
        self._turns = Turns(lambda: _slots(engine.health.facts), clock, models)
        self._is_ready = asyncio.Event()
        self.on_health(engine.health)

    def take_prompts(self, prompts: PromptSettings) -> None:
        """Wrap and seed the prompts of later runs this way."""
        self._prompts = prompts

    def on_health(self, health: EngineHealth) -> None:
        """Take the engine's health whenever it changes."""
        if health.state in TAKES_RUNS:
            self._is_ready.set()
            self._turns.review()  # it may have come back with more slots
        elif health.loading_for is not None:
            self._is_ready.set()  # a task may be promised: whichever model comes, one comes
        else:
            self._is_ready.clear()

    async def ready(self, on_trouble: Callable[[Problem], None] = lambda _: None) -> None:
        """Wait until the engine can take a run; a failed one may still come back.

        `on_trouble` is told again and again why it is down, as long as it is.
        """
        while not self._is_ready.is_set():  # it may be gone again before this goes on
            if (failure := self._engine.health.failure) is not None:
                on_trouble(failure)
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S):
                    await self._is_ready.wait()

    async def _context_tokens(self) -> int:
        """Return how large the context of the engine is, once it can take a run."""
        while True:
            await self.ready()
            health = self._engine.health
            if health.context_tokens is not None:
                return health.context_tokens
            if health.state in TAKES_RUNS:
                raise problem_error("engine_unready", "The engine does not say how large its context is")
            self._is_ready.clear()  # it is gone, and that is still to be told: as is when it comes back

    async def answer(
        self,
        record: TaskRecord,
        on_start: Callable[[TaskRecord], None],
        on_first_token: Callable[[float], None] = lambda at: None,
        on_lost: Callable[[TaskRecord], None] = lambda record: None,
    ) -> TaskRecord:
        """Return the record with its answer stored and hashed.

        `on_start` journals seed, params and the time once the engine works on the run: before that it would
        hold up all that begin together. `on_first_token` is given the time, unix seconds. `on_lost` is told
        of a run that gave nothing, before the next one waits for its engine.
        """
        prompt = self._store.get(record.prompt_cid).decode("utf-8")
        session_id = record.key.session_id
        is_alone = self._prompts.reproducible.has(session_id)
        wish = None if self._session_models is None else await self._session_models.wish(session_id)
        retries = Retries(record.deadline_at, self._clock)
        while True:
            async with self._turns.taken(record.deadline_at, is_alone=is_alone, wish=wish) as admitted:
                prepared = self._prepared(record, await self._context_tokens())
                told = _Told(admitted, on_start, on_first_token)
                try:
                    return await self._run(prepared, prompt, told)
                except ProblemError as error:
                    pause_s = retries.pause_s(error.problem, self._engine.health)
                    if pause_s is None:
                        raise
                    lost = LostRun(at=self._clock.now(), why=error.problem.why or error.problem.what)
            is_alone = True  # it may be what ended the run, and must not end others again
            record = _without_answer(record, lost)
            on_lost(record)
            log.warning(
                "run lost, the task is run again",
                task=str(record.key),
                lost_runs=retries.lost_runs,
                why=lost.why,
            )
            await self._sleep(pause_s)

    def _prepared(self, record: TaskRecord, context: int) -> TaskRecord:
        details = record.details
        applied, clamps = fit(details.asked, context, None)
        seed = details.seed if details.seed is not None else self._prompts.seed
        seed = secrets.randbelow(2**31) if seed is None else seed
        return msgspec.structs.replace(
            record, details=msgspec.structs.replace(details, applied=applied, clamps=clamps, seed=seed)
        )

    async def _run(self, record: TaskRecord, prompt: str, told: _Told) -> TaskRecord:
        generation = self._generation(record, prompt)
        run = _Run(record)
        run.note_times(run_began_at=self._clock.now())  # journaled once the engine has room for it
        problem = "stopped"
        try:
            async with aclosing(
                self._engine.generate(generation)
            ) as events:  # a task that ends frees the engine
                async for event in events:
                    self._take(event, run, prompt, told)
            if run.finished is None or run.finished.reason is FinishReason.CANCELLED:
                raise problem_error("engine_died", "The engine stopped in the middle of an answer")
            problem = ""
        except ProblemError as error:
            problem = error.problem.sentence()
            raise
        finally:
            if run.is_begun:
                self._feed.on_stop(record.key, problem)
        return self._answered(run.record, generation, "".join(run.pieces), run.finished)

    def _take(self, event: GenerationEvent, run: _Run, prompt: str, told: _Told) -> None:
        now = self._clock.now()
        if isinstance(event, Admitted):
            told.on_admitted()
            told.on_start(run.record)
            self._feed.on_start(run.record.key, prompt)
            run.is_begun = True
        elif isinstance(event, Token):
            if not run.pieces:
                run.note_times(first_token_at=now)
                told.on_first_token(now)
            run.pieces.append(event.text)
            run.last_token_at = now
        elif isinstance(event, Finished):
            run.note_times(last_token_at=run.last_token_at)
            run.finished = event
        if run.is_begun:
            self._feed.on_event(run.record.key, event)

    def _generation(self, record: TaskRecord, prompt: str) -> Generation:
        details = record.details
        messages = build_messages(
            details.prompt_type,
            details.prompt_template,
            prompt,
            self._prompts.default_system_prompt,
            self._prompts.raw_prompt,
        )
        session_id = record.key.session_id
        return Generation(
            messages=messages,
            params=details.applied or details.asked,
            seed=details.seed or 0,
            deadline_at=record.deadline_at,
            session_id=session_id,
            is_reproducible=self._prompts.reproducible.has(session_id),
        )

    def _answered(
        self, record: TaskRecord, generation: Generation, text: str, finished: Finished
    ) -> TaskRecord:
        health = self._engine.health
        context = health.context_tokens
        applied, clamps = record.details.applied, record.details.clamps
        if context is not None:  # with the prompt's length known, the room for the answer is exact
            applied, clamps = fit(record.details.asked, context, finished.prompt_tokens)
        if applied is not None:
            applied, clamps = with_clamps(applied, clamps, finished.clamps)
        details = msgspec.structs.replace(
            record.details,
            applied=applied,
            clamps=clamps,
            prompt_tokens=finished.prompt_tokens,
            answer_tokens=finished.answer_tokens,
            first_token_ms=finished.first_token_ms,
            prefill_tokens_per_s=finished.prefill_tokens_per_s,
            decode_tokens_per_s=finished.decode_tokens_per_s,
        )
        answer_cid = self._store.put(text.encode("utf-8"))
        on_chain = content_address(answer_cid) if details.is_answer_addressed else text
        return msgspec.structs.replace(
            record,
            answer_cid=answer_cid,
            answer_hash=answer_hash(on_chain),
            details=details,
            times=msgspec.structs.replace(record.times, answer_stored_at=self._clock.now()),
            envelope=envelope_of(generation, details.applied or details.asked, finished, health),
        )


def _slots(facts: EngineFacts | None) -> int:
    """Return how many runs an engine takes at once; one that tells nothing of itself takes one."""
    if facts is None:
        return 1
    return UNKNOWN_SLOTS if facts.slots is None else max(1, facts.slots)


def _without_answer(record: TaskRecord, lost: LostRun) -> TaskRecord:
    """Return a record that knows of one run more that gave nothing."""
    details = record.details
    return msgspec.structs.replace(
        record, details=msgspec.structs.replace(details, lost_runs=(*details.lost_runs, lost))
    )
