"""The engine process: `python -m cortensor_tui.inference.llama.child PARENT_PID`, frames on its pipes."""

from __future__ import annotations

import ctypes
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO, NoReturn

from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.inference.llama.computing import Model
from cortensor_tui.inference.llama.serving import Serving
from cortensor_tui.inference.llama.wire import (
    LENGTH_BYTES,
    Cancel,
    FrameError,
    FromChild,
    Generate,
    Load,
    LoadFailed,
    Loading,
    Ping,
    Pong,
    Ready,
    RunRefused,
    Streamed,
    ToChild,
    body_length,
    decode_to_child,
    encode_frame,
)
from cortensor_tui.inference.models.free_memory import free_memory_bytes

_PROGRESS_INTERVAL_S = 0.1
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(parent_pid: int) -> NoReturn:
    """Serve one node until it lets go; ends by `os._exit`, since a C thread may be in the middle of work."""
    _end_with(parent_pid)
    incoming, outgoing = _take_pipes()
    child = _Child(incoming, outgoing)
    threading.Thread(target=child.read_messages, name="reader", daemon=True).start()
    os._exit(child.work())


def _end_with(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies, and end now if it has already.

    The end of the pipe says so too (`read_messages`), and is all there is where prctl is missing.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(0)


def _take_pipes() -> tuple[BinaryIO, int]:
    """Keep the pipes for frames alone: what C code prints goes to standard error, a pipe of the node's."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return incoming, outgoing


class _Child:
    """Two threads: one reads messages at once, one loads and computes."""

    def __init__(self, incoming: BinaryIO, outgoing: int) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._write_lock = threading.Lock()
        self._work: queue.SimpleQueue[Load | Generate] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._signs = 0
        self._is_idle = True

    # --- reader thread ---------------------------------------------------------------------------

    def read_messages(self) -> NoReturn:
        """Hand on what the node sends; when it lets go of the pipe, end the process.

        It ends as well where reading fails, out of memory for one: a process that hears nothing is of no use.
        """
        try:
            self._hand_on_messages()
        except BaseException as error:
            sys.stderr.write(f"engine process: {type(error).__name__}: {error}\n")
            sys.stderr.flush()
            os._exit(os.EX_SOFTWARE)
        os._exit(0)

    def _hand_on_messages(self) -> None:
        while (message := self._next_message()) is not None:
            match message:
                case Ping():
                    self._send(Pong(self._signs + _disk_bytes(), self._is_idle))
                case Cancel(run_id):
                    self._cancelled.add(run_id)
                case Load() | Generate():
                    self._work.put(message)

    def _next_message(self) -> ToChild | None:
        prefix = self._incoming.read(LENGTH_BYTES)
        if len(prefix) < LENGTH_BYTES:
            return None
        try:
            length = body_length(prefix)
            body = self._incoming.read(length)
            return decode_to_child(body) if len(body) == length else None
        except FrameError as error:
            sys.stderr.write(f"engine process: {error}\n")
            sys.stderr.flush()
            os._exit(os.EX_PROTOCOL)

    # --- main thread -----------------------------------------------------------------------------

    def work(self) -> int:
        """Load, then run what is asked; returns an exit status only if loading failed."""
        load = self._work.get()
        if not isinstance(load, Load):
            return os.EX_PROTOCOL
        # Imported late: it takes a moment, and this process must be mortal before that.
        from cortensor_tui.inference.llama.log import LlamaLog
        from cortensor_tui.inference.llama.model import LlamaModel

        log = LlamaLog()
        try:
            model = LlamaModel(load, log, self._progress_sender())
        except ProblemError as error:
            self._send(LoadFailed(error.problem))
            return os.EX_DATAERR
        self._send(Ready(model.facts))
        # Weights that were mapped count as free memory, and are read for every token all the same.
        is_mapped = not (load.is_locked or model.facts.gpu_layers)
        return self._serve(model, os.path.getsize(load.model_path) if is_mapped else 0)

    def _progress_sender(self) -> Callable[[float], None]:
        """Return what llama.cpp tells its progress: some 100 times, however fast it loads."""
        self._send(Loading(0.0))
        sent_at_s = 0.0

        def send(progress: float) -> None:
            nonlocal sent_at_s
            now_s = time.monotonic()
            if now_s - sent_at_s >= _PROGRESS_INTERVAL_S or progress >= 1.0:
                sent_at_s = now_s
                self._send(Loading(progress))

        return send

    def _serve(self, model: Model, mapped_bytes: int) -> NoReturn:
        serving = Serving(
            model,
            lambda runs: self._send(Streamed(runs)),
            self._refuse,
            free_bytes=lambda: free_memory_bytes() - mapped_bytes,
        )
        while True:
            self._signs += 1
            # Read before the work: the runs meant are then known, or over.
            cancelled = self._cancelled.copy()
            for task in self._asked(is_waited=serving.is_idle):
                serving.ask(task.run_id, task.generation)
            serving.cancel(cancelled)
            self._cancelled -= cancelled
            serving.step(cancelled=self._cancelled_now)

    def _cancelled_now(self) -> set[int]:
        """Return which runs are not wanted any more; to be asked is a sign of life in a long batch."""
        self._signs += 1
        return self._cancelled

    def _asked(self, *, is_waited: bool) -> Iterator[Generate]:
        """Yield what was asked meanwhile; wait for it where there is nothing else to do."""
        while is_waited or not self._work.empty():
            self._is_idle = is_waited
            task = self._work.get()
            self._is_idle = is_waited = False
            if isinstance(task, Generate):
                yield task

    def _refuse(self, run_id: int, problem: Problem) -> None:
        self._send(RunRefused(run_id, problem))

    def _send(self, message: FromChild) -> None:
        frame = memoryview(encode_frame(message))
        try:
            with self._write_lock:
                while frame:
                    frame = frame[os.write(self._outgoing, frame) :]
        except OSError:
            os._exit(0)  # nobody reads any more


def _disk_bytes() -> int:
    """Return what this process has read from disks: weights that are paged in show no other sign of life."""
    try:
        with open("/proc/self/io", "rb") as file:
            return next(int(line[11:]) for line in file if line.startswith(b"read_bytes:"))
    except (OSError, StopIteration):
        return 0  # elsewhere than on Linux


if __name__ == "__main__":
    main(int(sys.argv[1]))
