"""The llama.cpp engine as the node sees it: a child process that is started, asked, watched and restarted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from importlib import metadata
from pathlib import Path

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inference import EngineHealth, EngineState, Generation, GenerationEvent
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.inference import problems
from cortensor_tui.inference.engine import HealthListener
from cortensor_tui.inference.llama.child_process import ChildProcess
from cortensor_tui.inference.llama.cpus import at_most_all
from cortensor_tui.inference.llama.heartbeat import Patience, watch_silence
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
from cortensor_tui.inference.supervisor import Supervisor
from cortensor_tui.inference.told_health import ToldHealth

CHILD_MODULE = "cortensor_tui.inference.llama.child"
MOST_BATCH_TOKENS = 2048
"""More take memory that nobody counts: 200 MiB for a model of 93 MiB at 8,192."""


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
        checks_memory: bool = True,
        thread_file: Path | None = None,
        on_health: HealthListener | None = None,
        patience: Patience | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._path = model_path
        self._load = Load(
            model_path=str(model_path.absolute()),
            context_tokens=context_tokens,
            batch_tokens=min(batch_tokens, MOST_BATCH_TOKENS),
            decode_threads=at_most_all(decode_threads or threads),
            prefill_threads=at_most_all(prefill_threads or threads),
            gpu_layers=gpu_layers,
            is_locked=mlock,
            slots=slots,
            checks_memory=checks_memory,
            thread_file="" if thread_file is None else str(thread_file.absolute()),
        )
        self._patience = patience or Patience()
        self._clock = clock
        version = metadata.version("llama-cpp-python")
        unstarted = EngineHealth(
            state=EngineState.STOPPED, engine=f"llama.cpp (llama-cpp-python {version})", model=model_path.stem
        )
        self._health = ToldHealth(unstarted, on_health)
        self._supervisor: Supervisor[ChildProcess] = Supervisor(
            self._live_once, self._health, self._patience, clock, on_give_up=self._end_runs
        )
        self._child: ChildProcess | None = None
        self._heard_count = 0
        self._signs = 0
        self._progress_count = 0
        self._runs = Runs()

    # --- what the miner asks ---------------------------------------------------------------------

    @property
    def health(self) -> EngineHealth:
        """What is known of the engine now."""
        return self._health.now

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return self._child.pid if self._child is not None else None

    async def start(self) -> None:
        """See `Engine.start`. A model file that cannot be one is refused before llama.cpp sees it."""
        self._supervisor.start()
        try:
            await self._supervisor.until_ready()
        except asyncio.CancelledError:
            await self.stop()
            raise

    async def generate(self, generation: Generation) -> AsyncGenerator[GenerationEvent, None]:
        """See `Engine.generate`. While the child restarts, this waits for it."""
        child = await self._supervisor.until_ready()
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
        """See `Engine.cancel`. Returns at once; the child obeys after a batch at most."""
        for run in self._runs.all:
            self._cancel(run)

    async def stop(self) -> None:
        """See `Engine.stop`."""
        await self._supervisor.stop()

    # --- one run ---------------------------------------------------------------------------------

    def _begin(self, child: ChildProcess, generation: Generation) -> Run:
        run = self._runs.new()
        try:
            child.send(Generate(run_id=run.run_id, generation=generation))
        except FrameError as error:
            raise problems.prompt_too_long(str(error), self.health.context_tokens or 0) from error
        except UnicodeEncodeError as error:
            raise problems.prompt_no_text() from error
        self._runs.add(run)
        self._health.become(EngineState.BUSY)
        return run

    def _cancel(self, run: Run) -> None:
        child = self._child
        if child is None or run.is_over:
            return
        child.send(Cancel(run.run_id))

    def _hand_on(self, run_id: int, item: Sent) -> None:
        self._runs.hand_on(run_id, item)
        is_idle = not self._runs.all and self._supervisor.is_ready and self.health.state is EngineState.BUSY
        if is_idle or self._runs.admitted_count != self.health.runs:
            state = EngineState.READY if is_idle else self.health.state
            self._health.become(state, runs=self._runs.admitted_count)

    def _end_runs(self, problem: Problem) -> None:
        for run in self._runs.all:
            self._hand_on(run.run_id, problem)

    # --- the child's life ------------------------------------------------------------------------

    async def _examine(self) -> None:
        """Learn what the model file is and whether it fits into memory; raises `ProblemError`.

        Each time before a process is started: the file may be another one by now.
        """
        given_up = threading.Event()
        try:
            model_file = await asyncio.to_thread(
                examine_model,
                self._path,
                self._load.context_tokens,
                self._load.gpu_layers,
                given_up.is_set,
                checks_memory=self._load.checks_memory,
            )
        finally:
            given_up.set()  # the thread would read a large file to its end
        self._health.become(self.health.state, model_file=model_file)

    async def _live_once(self) -> Problem:
        """Run one child to its end; return how it ended.

        Raises `ProblemError` where the model cannot be loaded: another child could not either.
        """
        await self._examine()
        child = self._child = await ChildProcess.spawn(CHILD_MODULE)
        watches = [asyncio.create_task(watch) for watch in (self._watch(child), self._watch_work(child))]
        try:
            child.send(self._load)
            async for message in child.messages():
                self._on_message(child, message)
        except FrameError as error:
            child.kill(f"it sent {error}")
        finally:
            for watch in watches:
                watch.cancel()
            child.let_go()
            self._child = None
            self._supervisor.lost()
            death = problems.engine_died(await child.ended())
            self._end_runs(death)
        return death

    def _on_message(self, child: ChildProcess, message: FromChild) -> None:
        self._hear(message)
        match message:
            case Loading(progress):
                self._health.become(EngineState.LOADING, load_progress=progress, error="")
            case Ready(facts):
                file = self.health.model_file
                trained = None if file is None else file.trained_tokens
                self._health.become(
                    EngineState.READY,
                    load_progress=1.0,
                    context_tokens=facts.context_tokens,
                    facts=facts,
                    error="",
                    warning=problems.no_gpu() if self._load.gpu_layers and not facts.gpu_layers else None,
                    context_warning=problems.context_cut(self._load.context_tokens, trained),
                )
                self._supervisor.ready(child)
            case LoadFailed(problem):
                raise ProblemError(problem)
            case Streamed(runs):
                for run in runs:
                    self._hand_on(run.run_id, run.events)
            case RunRefused(run_id, problem):
                self._hand_on(run_id, problem)
            case Pong():
                pass

    def _hear(self, message: FromChild) -> None:
        """Count what shows that the child is well, for those that watch it."""
        has_progressed = True
        is_ready = self._supervisor.is_ready
        if isinstance(message, Pong):
            has_progressed = (is_ready and message.is_idle) or message.signs != self._signs
            self._signs = message.signs
        self._progress_count += has_progressed
        if is_ready or has_progressed:
            self._heard_count += 1  # a load that hangs still answers pings, so those alone do not count there
            if self.health.silent_since is not None:
                self._health.become(self.health.state, silent_since=None)

    async def _watch(self, child: ChildProcess) -> None:
        patience = self._patience

        def limit_s() -> float:
            return patience.answer_s if self._supervisor.is_ready else patience.load_stall_s

        def look(silent_s: float) -> None:
            if self._supervisor.is_ready:
                since = self._silent_since(silent_s)
                self._health.become(self.health.state, rss_bytes=child.look(), silent_since=since)

        await watch_silence(child, lambda: self._heard_count, limit_s, patience.ping_interval_s, look)

    async def _watch_work(self, child: ChildProcess) -> None:
        """End a child that reads its messages while what it computes stands still."""
        patience = self._patience
        await watch_silence(
            child,
            lambda: self._progress_count,
            lambda: patience.standstill_s if self._supervisor.is_ready else patience.load_stall_s,
            patience.ping_interval_s,
            because="nothing it computes has moved",
        )

    def _silent_since(self, silent_s: float) -> float | None:
        """Return since when nothing is heard, None where something was."""
        if silent_s == 0:
            return None
        known = self.health.silent_since
        return self._clock.now() - silent_s if known is None else known
