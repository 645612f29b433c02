"""How many threads suit a model on this machine: measured when it is first loaded, kept in a small file."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from cortensor_tui.inference.llama.batching import Chunk

_MOST_KEPT = 64
_DECODED_TOKENS = 6
_PROMPT_TOKENS = 32
_ROUNDS = 2
_LONG_S = 1.0  # a machine that slow is measured once
_TIE = 1.03  # within this, the fewer threads
_ALL_CORES_WORTH = 1.3


class Threads(msgspec.Struct, frozen=True, kw_only=True):
    """Threads for one token at a time, and for several at once."""

    decode: int
    prefill: int


class ThreadRange(msgspec.Struct, frozen=True, kw_only=True):
    """How many threads were settled on, and the fewest and most that may be tried on a busy machine."""

    settled: int
    least: int
    most: int


class Measured(Protocol):
    """What is needed of a model to measure it."""

    @property
    def batch_tokens(self) -> int:
        """Tokens that may be computed at once."""

    def use_threads(self, decode: int, prefill: int) -> None:
        """Compute with so many."""

    def decode(self, chunks: Sequence[Chunk], is_aborted: Callable[[], bool]) -> bool:
        """Compute a batch."""

    def forget_all(self) -> None:
        """Empty the context."""


class ThreadFile:
    """The choices made so far, by what they depend on. One that cannot be read or written is done without."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, key: str) -> Threads | None:
        """Return what was chosen, None where nothing was."""
        return self._all().get(key)

    def write(self, key: str, threads: Threads) -> None:
        """Keep a choice, and the newest of those made before."""
        others = [(name, kept) for name, kept in self._all().items() if name != key]
        kept = dict([*others, (key, threads)][-_MOST_KEPT:])
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(msgspec.json.format(msgspec.json.encode(kept)))
                os.replace(name, self._path)
            except OSError:
                os.unlink(name)  # a full disk, most likely, that a file at each start would not help

    def _all(self) -> dict[str, Threads]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Threads])
        except (OSError, ValueError):  # of msgspec's kind, or of UTF-8
            return {}


def choice_key(model_path: Path, build: str, processors: int) -> str:
    """Name what a choice depends on: the file as it is now, llama.cpp's build, and the processors."""
    status = model_path.stat()
    return f"{model_path.name} {status.st_size} {status.st_mtime_ns}, {build}, {processors} processors"


def measured_threads(
    model: Measured, physical: int, processors: int, clock: Callable[[], float] = time.monotonic
) -> Threads:
    """Measure and return the fastest. Of counts that are equally fast, the fewest threads win.

    Decode takes all cores only where that is much faster: the node, the dashboard and all else on the
    machine need one, and llama.cpp's threads wait for each other.
    """
    cores = min(physical, processors)
    prefill = _fastest(_timed(model, {cores, max(1, processors - 1), processors}, _prompt, clock))
    decode = _timed(model, {max(1, cores // 2), max(1, cores - 1), cores}, _answer, clock)
    all_cores_s = decode.pop(cores) if len(decode) > 1 else None
    fewer = _fastest(decode)
    is_worth_all = all_cores_s is not None and all_cores_s * _ALL_CORES_WORTH < decode[fewer]
    return Threads(decode=cores if is_worth_all else fewer, prefill=prefill)


def thread_ranges(
    chosen: Threads, decode: int | None, prefill: int | None, physical: int, processors: int
) -> tuple[ThreadRange, ThreadRange]:
    """Return the threads for decode and for prefill: those asked for and no others, or those chosen.

    Decode leaves a core to the rest of the machine, unless all of them were found to be worth it.
    """
    spare = min(physical, processors) - 1
    return _range(decode, chosen.decode, spare), _range(prefill, chosen.prefill, processors)


def _range(asked: int | None, chosen: int, most: int) -> ThreadRange:
    if asked is not None:
        return ThreadRange(settled=asked, least=asked, most=asked)
    return ThreadRange(settled=chosen, least=1, most=max(chosen, most))


def _timed(
    model: Measured,
    counts: set[int],
    compute: Callable[[Measured], None],
    clock: Callable[[], float],
) -> dict[int, float]:
    """Return the best time for each number of threads, in seconds."""
    best: dict[int, float] = {}
    for _ in range(_ROUNDS):
        for count in sorted(counts):
            model.use_threads(count, count)
            model.forget_all()
            began_s = clock()
            compute(model)
            best[count] = min(best.get(count, float("inf")), clock() - began_s)
        if max(best.values()) > _LONG_S:
            break
    model.forget_all()
    return best


def _prompt(model: Measured) -> None:
    tokens = min(_PROMPT_TOKENS, model.batch_tokens)
    model.decode([Chunk(0, 0, [0] * tokens, True)], lambda: False)


def _answer(model: Measured) -> None:
    for position in range(_DECODED_TOKENS):
        model.decode([Chunk(0, position, (0,), True)], lambda: False)


def _fastest(times_s: dict[int, float]) -> int:
    limit_s = min(times_s.values()) * _TIE
    return min(count for count, took_s in times_s.items() if took_s <= limit_s)
