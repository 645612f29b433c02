"""A model server as the node sees it: asked, watched, and taken up again when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec
import structlog

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inference import (
    Admitted,
    EngineFacts,
    EngineHealth,
    EngineState,
    Generation,
    GenerationEvent,
)
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.inference import problems
from cortensor_tui.inference.engine import HealthListener
from cortensor_tui.inference.openai_http.asking import ask
from cortensor_tui.inference.openai_http.exchange import Exchange, base_of
from cortensor_tui.inference.openai_http.faults import Fault, ServerError
from cortensor_tui.inference.openai_http.patience import Patience
from cortensor_tui.inference.openai_http.probing import find_server, look_again, runs_on
from cortensor_tui.inference.openai_http.problems import run_failed, server_failed, takes_no_run
from cortensor_tui.inference.openai_http.run import Run
from cortensor_tui.inference.openai_http.servers import Server, ServerKind
from cortensor_tui.inference.openai_http.turns import Turns
from cortensor_tui.inference.told_health import ToldHealth
from cortensor_tui.settings import mask_url

log = structlog.get_logger(__name__)
TAKES_RUNS = (EngineState.READY, EngineState.BUSY)


class OpenAiHttp:
    """An `Engine` that is a server somewhere, not ours to start or stop.

    When it is lost, `health` says so and why, and `start` is to be called again until it is back. `token` is
    read at each start. `context_tokens` counts where the server does not tell its own; `model` "" is the
    first that it lists.
    """

    def __init__(
        self,
        url: str,
        *,
        context_tokens: int,
        token: Callable[[], str] = lambda: "",
        model: str = "",
        on_health: HealthListener | None = None,
        patience: Patience | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._name = mask_url(base_of(url))
        self._exchange = Exchange(url, token)
        self._assumed_context_tokens = context_tokens
        self._wanted_model = model
        self._patience = patience or Patience()
        self._clock = clock
        unstarted = EngineHealth(
            state=EngineState.STOPPED,
            engine=f"{ServerKind.OTHER} at {self._name}",
            model=model,
            is_ours=False,
        )
        self._health = ToldHealth(unstarted, on_health)
        self._server: Server | None = None
        self._was_heard = False
        self._watch: asyncio.Task[None] | None = None
        self._turns = Turns(clock=clock)
        self._runs: dict[Run, asyncio.Task[None]] = {}

    # --- what the miner asks ---------------------------------------------------------------------

    @property
    def health(self) -> EngineHealth:
        """What is known of the engine now."""
        return self._health.now

    async def start(self) -> None:
        """See `Engine.start`. A server that loads its model is waited for."""
        if self._watch is not None and not self._watch.done():
            return
        self._health.become(EngineState.STARTING)  # why it was lost stays to be seen until it is back
        try:
            await self._exchange.open()
            await self._until_found()
        except ServerError as error:
            raise self._failed(server_failed(self._name, error)) from error
        except ProblemError as error:
            raise self._failed(error.problem) from error
        except asyncio.CancelledError:
            await self.stop()
            raise
        self._watch = asyncio.create_task(self._keep_looking())

    async def generate(self, generation: Generation) -> AsyncGenerator[GenerationEvent, None]:
        """See `Engine.generate`. A run that waits for its turn, or for a busy server, costs nothing there."""
        run = Run()
        self._runs[run] = asyncio.create_task(self._work_on(run, generation))
        try:
            while not (run.is_over and run.inbox.empty()):
                item = await run.inbox.get()
                if isinstance(item, Problem):
                    raise ProblemError(item)
                yield item
        finally:
            reading = self._runs.pop(run)
            run.end()
            reading.cancel()
            await asyncio.wait([reading])
            self._count_runs()

    async def cancel(self) -> None:
        """See `Engine.cancel`. Dropping the connections is what tells the server."""
        for run, reading in tuple(self._runs.items()):
            run.cancel()
            reading.cancel()

    async def stop(self) -> None:
        """See `Engine.stop`. The server goes on without this node."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.wait([watch])
        self._end_runs(problems.engine_stopped())
        await self._exchange.close()
        self._health.become(EngineState.STOPPED, error="", silent_since=None, runs=0)

    # --- one run ---------------------------------------------------------------------------------

    async def _work_on(self, run: Run, generation: Generation) -> None:
        try:
            async with self._turns.turn(generation.deadline_at, alone=generation.is_reproducible):
                await self._ask(run, generation)
        except ProblemError as error:
            run.put(error.problem)
        except Exception as error:  # whatever it is, whoever waits for the answer must hear of it
            run.put(problems.engine_failed(f"{type(error).__name__}: {error}"))

    async def _ask(self, run: Run, generation: Generation) -> None:
        server = self._server
        if server is None or self.health.state not in TAKES_RUNS:
            raise ProblemError(self._why_not())
        if generation.is_reproducible and server.kind is not ServerKind.LLAMA_SERVER:
            log.warning("this server cannot promise the same answer again", server=server.title)
        run.is_working = True
        self._count_runs()
        run.put(Admitted())  # whether it waits inside the server is not told
        try:
            events = ask(self._exchange, server, generation, self._patience, self._clock)
            async with aclosing(events):
                async for event in events:
                    self._was_heard = True
                    run.put(event)
        except ServerError as error:
            await self._learn_from(error)
            texts = [text for _, text in generation.messages]
            raise run_failed(error, texts, self.health.context_tokens or 0) from error

    def _count_runs(self) -> None:
        working = [run for run in self._runs if run.is_working]
        for run in working:
            run.beside(len(working))
        if self.health.state in TAKES_RUNS:
            self._health.become(EngineState.BUSY if working else EngineState.READY, runs=len(working))

    def _end_runs(self, problem: Problem) -> None:
        for run, reading in tuple(self._runs.items()):
            run.put(problem)
            reading.cancel()

    # --- the server's life -----------------------------------------------------------------------

    async def _until_found(self) -> None:
        while True:
            try:
                server = await find_server(
                    self._exchange, self._name, self._wanted_model, self._patience.answer_s
                )
            except ServerError as error:
                if error.fault is not Fault.LOADING:
                    raise
                self._health.become(EngineState.LOADING, error="")
                await asyncio.sleep(self._patience.poll_interval_s)
                continue
            self._take(server)
            return

    async def _keep_looking(self) -> None:
        """Look at the server now and then until it is lost. What a stream tells spares a look."""
        misses, heard_at = 0, self._clock.now()
        while True:
            await asyncio.sleep(self._patience.poll_interval_s)
            was_heard, self._was_heard = self._was_heard, False
            try:
                if not was_heard:
                    await self._look()
            except ServerError as error:
                misses += 1
                if error.fault is Fault.UNREACHED or misses >= self._patience.misses:
                    self._lose(server_failed(self._name, error))
                    return
                self._health.become(self.health.state, silent_since=heard_at)
            except ProblemError as error:
                self._lose(error.problem)
                return
            except Exception as error:  # whatever it is, nobody would look any more
                self._lose(problems.engine_failed(f"{type(error).__name__}: {error}"))
                return
            else:
                misses, heard_at = 0, self._clock.now()
                self._health.become(self.health.state, silent_since=None)

    async def _look(self) -> None:
        """Read how the server is. Raises `ServerError` unless it answers, loads its model or is busy."""
        answer_s, known = self._patience.answer_s, self._server
        if known is None:
            return
        try:
            server = await look_again(self._exchange, self._name, known, answer_s)
        except ServerError as error:
            if error.fault is Fault.LOADING:
                self._health.become(EngineState.LOADING, error="", runs=0)
            elif error.fault is not Fault.BUSY:  # that one is there, and asked too often by whomever
                raise
            return
        self._take(server)
        if not self._runs and (busy := await runs_on(self._exchange, server, answer_s)) is not None:
            self._health.become(self.health.state, runs=busy)

    async def _learn_from(self, error: ServerError) -> None:
        """Look at once after a run failed, so that it is not asked again of a server that is gone."""
        try:
            await self._look()
        except ServerError as found:
            if found.fault is Fault.UNREACHED:
                self._lose(server_failed(self._name, found), because=error.why)
        except ProblemError as found:
            self._lose(found.problem)

    def _take(self, server: Server) -> None:
        """Work with a server as it is now."""
        self._server = server
        self._turns.allow(server.slots)
        context_tokens = server.context_tokens or self._assumed_context_tokens
        working = sum(run.is_working for run in self._runs)
        self._health.become(
            EngineState.BUSY if working else EngineState.READY,
            engine=f"{server.title} at {self._name}",
            model=server.model_name,
            context_tokens=context_tokens,
            facts=EngineFacts(
                build=server.version,
                context_tokens=server.context_tokens,
                slots=server.slots,
                template_sha256=server.template_sha256,
            ),
            error="",
        )

    def _lose(self, problem: Problem, because: str = "") -> None:
        if self.health.state is EngineState.FAILED:
            return
        watch, self._watch = self._watch, None
        if watch is not None and watch is not asyncio.current_task():
            watch.cancel()
        death = because or problem.why or problem.what
        self._end_runs(msgspec.structs.replace(problem, code="engine_died"))
        lost = self.health.restarts + 1
        self._health.fail(problem, died_at=self._clock.now(), death=death, restarts=lost)

    def _failed(self, problem: Problem) -> ProblemError:
        self._health.fail(problem)
        return ProblemError(problem)

    def _why_not(self) -> Problem:
        if self.health.state is EngineState.STOPPED:
            return problems.engine_stopped()
        return takes_no_run(self._name, self.health.state)
