"""The llama.cpp engine as the node sees it: a child process that is started, asked, watched and restarted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from importlib import metadata
from pathlib import Path

import msgspec

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inference import EngineHealth, EngineState, Generation, GenerationEvent
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.inference import problems
from cortensor_tui.inference.engine import HealthListener
from cortensor_tui.inference.llama.child_process import ChildProcess
from cortensor_tui.inference.llama.cpus import at_most_all
from cortensor_tui.inference.llama.heartbeat import Patience, kill_unless, watch_silence
from cortensor_tui.inference.llama.runs import Run, Runs, Sent
from cortensor_tui.inference.llama.wire import (
    Cancel,
    FrameError,
    FromChild,
    Generate,
    Load,
    LoadFailed,
    Loading,
    Pong,
    Ready,
    RunRefused,
    Streamed,
)
from cortensor_tui.inference.models.examine import examine_model
from cortensor_tui.inference.restarts import Restarts

CHILD_MODULE = "cortensor_tui.inference.llama.child"


class LlamaProcess:
    """An `Engine` that holds llama.cpp in a process of its own.

    The process ends with this one, however this one ends, as long as the thread that runs the event loop
    lives. `context_tokens` 0 is what the model was trained for; `gpu_layers` -1 is all of them. `slots` runs
    are computed at once and share the context. `threads` are both for decode and prefill, where those are
    None; where all are, what is fastest is measured once and kept in `thread_file`, if there is to be one.
    """

    def __init__(
        self,
        model_path: Path,
        *,
        context_tokens: int,
        batch_tokens: int = 512,
        threads: int | None = None,
        decode_threads: int | None = None,
        prefill_threads: int | None = None,
        gpu_layers: int = 0,
        mlock: bool = False,
        slots: int = 1,
        thread_file: Path | None = None,
        on_health: HealthListener | None = None,
        patience: Patience | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._path = model_path
        self._load = Load(
            model_path=str(model_path.absolute()),
            context_tokens=context_tokens,
            batch_tokens=batch_tokens,
            decode_threads=at_most_all(decode_threads or threads),
            prefill_threads=at_most_all(prefill_threads or threads),
            gpu_layers=gpu_layers,
            is_locked=mlock,
            slots=slots,
            thread_file="" if thread_file is None else str(thread_file.absolute()),
        )
        self._on_health = on_health
        self._patience = patience or Patience()
        self._clock = clock
        version = metadata.version("llama-cpp-python")
        self._health = EngineHealth(
            state=EngineState.STOPPED, engine=f"llama.cpp (llama-cpp-python {version})", model=model_path.stem
        )
        self._supervisor: asyncio.Task[None] | None = None
        self._child: ChildProcess | None = None
        self._heard_count = 0
        self._settled = asyncio.Event()  # set while the engine is ready, or has given up
        self._gave_up: Problem | None = None
        self._runs = Runs()
        self._tasks: set[asyncio.Task[None]] = set()  # the event loop itself holds tasks weakly

    # --- what the miner asks ---------------------------------------------------------------------

    @property
    def health(self) -> EngineHealth:
        """What is known of the engine now."""
        return self._health

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return self._child.pid if self._child is not None else None

    async def start(self) -> None:
        """See `Engine.start`. A model file that cannot be one is refused before llama.cpp sees it."""
        if self._supervisor is None or self._supervisor.done():
            self._settled.clear()
            had_died = self._gave_up is not None and self._gave_up.code == problems.GAVE_UP
            restarts = self._health.restarts + had_died
            self._gave_up = None
            self._become(EngineState.STARTING, error="", restarts=restarts)
            self._supervisor = asyncio.create_task(self._supervise())
        try:
            await self._until_ready()
        except asyncio.CancelledError:
            await self.stop()
            raise

    async def generate(self, generation: Generation) -> AsyncGenerator[GenerationEvent, None]:
        """See `Engine.generate`. While the child restarts, this waits for it."""
        child = await self._until_ready()
        run = self._begin(child, generation)
        try:
            while not (run.is_over and run.inbox.empty()):
                item = await run.inbox.get()
                if isinstance(item, Problem):
                    raise ProblemError(item)
                for event in item:
                    yield event
        finally:
            self._cancel(run)  # nothing, where it is over

    async def cancel(self) -> None:
        """See `Engine.cancel`. Returns at once; a child that does not obey in time is killed."""
        for run in self._runs.all:
            self._cancel(run)

    async def stop(self) -> None:
        """See `Engine.stop`."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            supervisor.cancel()
            await asyncio.wait([supervisor])
        for task in self._tasks:
            task.cancel()
        self._give_up(problems.engine_stopped())
        self._become(EngineState.STOPPED, error="", load_progress=None, rss_bytes=None, silent_since=None)

    # --- one run ---------------------------------------------------------------------------------

    def _begin(self, child: ChildProcess, generation: Generation) -> Run:
        run = self._runs.new()
        try:
            child.send(Generate(run_id=run.run_id, generation=generation))
        except FrameError as error:
            raise problems.prompt_too_long(str(error), self._health.context_tokens or 0) from error
        except UnicodeEncodeError as error:
            raise problems.prompt_no_text() from error
        self._runs.add(run)
        self._become(EngineState.BUSY, runs=len(self._runs.all))
        return run

    def _cancel(self, run: Run) -> None:
        child = self._child
        if child is None or run.is_over:
            return
        child.send(Cancel(run.run_id))
        patience = asyncio.create_task(kill_unless(child, lambda: run.is_over, self._patience.answer_s))
        self._tasks.add(patience)
        patience.add_done_callback(self._tasks.discard)

    def _hand_on(self, run_id: int, item: Sent) -> None:
        self._runs.hand_on(run_id, item)
        runs = len(self._runs.all)
        if runs != self._health.runs:
            is_idle = runs == 0 and self._health.state is EngineState.BUSY
            self._become(EngineState.READY if is_idle else self._health.state, runs=runs)

    def _end_runs(self, problem: Problem) -> None:
        for run in self._runs.all:
            self._hand_on(run.run_id, problem)

    # --- the child's life ------------------------------------------------------------------------

    async def _until_ready(self) -> ChildProcess:
        if self._supervisor is None and self._gave_up is None:
            raise ProblemError(problems.engine_stopped())
        while self._child is None or not self._settled.is_set():
            await self._settled.wait()
            if self._gave_up is not None:
                raise ProblemError(self._gave_up)
        return self._child

    async def _supervise(self) -> None:
        """Keep a child alive until stopped, or until it makes no sense any more."""
        patience = self._patience
        restarts = Restarts(
            self._clock,
            deaths=patience.deaths,
            within_s=patience.deaths_within_s,
            first_backoff_s=patience.first_backoff_s,
        )
        try:
            while True:
                await self._examine()
                was_ready, how = await self._live_once()
                await asyncio.sleep(restarts.after_death(how, was_ready=was_ready))
                self._become(EngineState.STARTING, restarts=self._health.restarts + 1)
        except ProblemError as error:
            self._give_up(error.problem)
            self._become(EngineState.FAILED, error=error.problem.sentence())
        except Exception as error:  # whatever it is, those who wait for the engine must hear of it
            problem = problems.engine_failed(f"{type(error).__name__}: {error}")
            self._give_up(problem)
            self._become(EngineState.FAILED, error=problem.sentence())

    async def _examine(self) -> None:
        """Learn what the model file is and whether it fits into memory; raises `ProblemError`.

        Each time before a process is started: the file may be another one by now.
        """
        given_up = threading.Event()
        try:
            model_file = await asyncio.to_thread(
                examine_model, self._path, self._load.context_tokens, self._load.gpu_layers, given_up.is_set
            )
        finally:
            given_up.set()  # the thread would read a large file to its end
        self._become(self._health.state, model_file=model_file)

    async def _live_once(self) -> tuple[bool, str]:
        """Run one child to its end; return whether it was ever ready, and how it ended.

        Raises `ProblemError` where the model cannot be loaded: another child could not either.
        """
        child = self._child = await ChildProcess.spawn(CHILD_MODULE)
        watch = asyncio.create_task(self._watch(child))
        child.send(self._load)
        was_ready = False
        try:
            async for message in child.messages():
                was_ready = was_ready or isinstance(message, Ready)
                self._on_message(message)
        except FrameError as error:
            child.kill(f"it sent {error}")
        finally:
            watch.cancel()
            child.let_go()
            self._child = None
            self._settled.clear()
            how = await child.ended()
            death = problems.engine_died(how)
            self._end_runs(death)
        died = {"died_at": self._clock.now(), "death": how} if was_ready else {}
        self._become(
            EngineState.FAILED,
            error=death.sentence(),
            load_progress=None,
            rss_bytes=None,
            silent_since=None,
            **died,
        )
        return was_ready, how

    def _on_message(self, message: FromChild) -> None:
        if self._settled.is_set() or not isinstance(message, Pong):
            self._heard_count += 1  # a load that hangs still answers pings, so those do not count there
            if self._health.silent_since is not None:
                self._become(self._health.state, silent_since=None)
        match message:
            case Loading(progress):
                self._become(EngineState.LOADING, load_progress=progress)
            case Ready(facts):
                context = facts.context_tokens
                self._become(
                    EngineState.READY, load_progress=1.0, context_tokens=context, facts=facts, error=""
                )
                self._settled.set()
            case LoadFailed(problem):
                raise ProblemError(problem)
            case Streamed(runs):
                for run in runs:
                    self._hand_on(run.run_id, run.events)
            case RunRefused(run_id, problem):
                self._hand_on(run_id, problem)
            case Pong():
                pass

    async def _watch(self, child: ChildProcess) -> None:
        patience = self._patience

        def limit_s() -> float:
            return patience.answer_s if self._settled.is_set() else patience.load_stall_s

        def look(silent_s: float) -> None:
            if self._settled.is_set():
                since = self._silent_since(silent_s)
                self._become(self._health.state, rss_bytes=child.rss_bytes, silent_since=since)

        await watch_silence(child, lambda: self._heard_count, limit_s, patience.ping_interval_s, look)

    def _silent_since(self, silent_s: float) -> float | None:
        """Return since when nothing is heard, None where something was."""
        if silent_s == 0:
            return None
        known = self._health.silent_since
        return self._clock.now() - silent_s if known is None else known

    def _give_up(self, problem: Problem) -> None:
        self._gave_up = problem
        self._settled.set()
        self._end_runs(problem)

    def _become(self, state: EngineState, **changes: object) -> None:
        health = msgspec.structs.replace(self._health, state=state, **changes)
        if health != self._health:
            self._health = health
            if self._on_health is not None:
                self._on_health(health)
