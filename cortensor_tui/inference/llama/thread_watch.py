"""Feels its way, batch by batch, to the number of threads that is fastest now.

llama.cpp's threads wait for each other at every step of a layer, so one whose processor another program
uses holds up all: on two busy processors, batches of four tokens took 23 ms with two threads on a quiet
machine and 500 ms on a busy one, where a single thread needed 90. One answer alone fell from 105 tokens a
second to 1.4 beside one busy program, and is at 34 to 79 there since it may give a thread back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cortensor_tui.inference.llama.thread_choice import ThreadRange

_FIRST_PAUSE_BATCHES = 4
_LONGEST_PAUSE_BATCHES = 512
_WORTH = 0.9  # of the time: less is noise
_FRESH_WEIGHT = 0.3
_WORSE = 1.5
_BUSY_AFTER_BATCHES = 2  # that are worse: a single one is any program's moment


class Threaded(Protocol):
    """What is needed of a model to set its threads."""

    @property
    def decode_threads(self) -> ThreadRange:
        """Threads for one token at a time."""

    @property
    def prefill_threads(self) -> ThreadRange:
        """Threads for several tokens at once."""

    def use_threads(self, decode: int, prefill: int) -> None:
        """Compute one token with so many threads from now on, and several at once with so many."""


class AdaptiveThreads:
    """Sets the threads of each batch, and learns from the time that it took.

    There is a watch for each kind of batch: so many runs that decode, or about as many tokens with a prompt's
    among them. A batch's time is mostly one reading of the weights, so that a token costs less in a larger
    one, however many threads there are: batches of different sizes say nothing about threads.
    """

    def __init__(self, model: Threaded) -> None:
        self._model = model
        self._one, self._several = model.decode_threads, model.prefill_threads
        self._in_use = self._settled = (self._one.settled, self._several.settled)
        self._watches: dict[tuple[bool, int], ThreadWatch] = {}
        self._watch: ThreadWatch | None = None

    def settle(self, counts: Sequence[int], *, is_fixed: bool) -> None:
        """Set the threads for a batch that has so many tokens of each run; those of the load where fixed."""
        self._watch = None if is_fixed else self._watch_of(counts)
        if self._watch is None:
            self._use(self._settled)
        elif sum(counts) == 1:
            self._use((self._watch.threads, self._in_use[1]))
        else:
            self._use((self._in_use[0], self._watch.threads))

    def saw(self, tokens: int, took_s: float) -> None:
        """Take how long the batch took for which `settle` was called last."""
        if self._watch is not None:
            self._watch.saw(tokens, took_s)

    def _watch_of(self, counts: Sequence[int]) -> ThreadWatch:
        total = sum(counts)
        is_prompt = max(counts) > 1
        kind = (is_prompt, total.bit_length() if is_prompt else total)
        watch = self._watches.get(kind)
        if watch is None:
            watch = self._watches[kind] = ThreadWatch(self._one if total == 1 else self._several)
        return watch

    def _use(self, threads: tuple[int, int]) -> None:
        if threads != self._in_use:
            self._model.use_threads(*threads)
            self._in_use = threads


class ThreadWatch:
    """Counts threads for one kind of batch, within a range.

    Now and then a batch is computed with one thread more or fewer, seldom while that does not pay, and at
    once where batches have become slow.
    """

    def __init__(self, threads: ThreadRange) -> None:
        self._range = threads
        self._best = threads.settled
        self._s_per_token: dict[int, float] = {}
        self._pause = self._batches_left = _FIRST_PAUSE_BATCHES
        self._worse_in_a_row = 0
        self._is_up_next = False

    @property
    def threads(self) -> int:
        """Return how many threads the next batch is computed with."""
        return self._best if self._batches_left > 0 else self._neighbour()

    def saw(self, tokens: int, took_s: float) -> None:
        """Take how long the batch took that was computed with `threads`."""
        threads, seen = self.threads, took_s / max(1, tokens)
        if threads == self._best:
            self._saw_best(seen)
        else:
            self._saw_other(threads, seen)

    def _saw_best(self, seen: float) -> None:
        self._batches_left -= 1
        known = self._s_per_token.get(self._best, seen)
        if seen <= _WORSE * known:
            self._worse_in_a_row = 0
            self._s_per_token[self._best] = known + (seen - known) * _FRESH_WEIGHT
            return
        self._worse_in_a_row += 1
        if self._worse_in_a_row == _BUSY_AFTER_BATCHES:
            self._worse_in_a_row = 0
            self._s_per_token[self._best] = seen
            self._pause = _FIRST_PAUSE_BATCHES
            self._batches_left = 0
            self._is_up_next = False

    def _saw_other(self, threads: int, seen: float) -> None:
        if seen < _WORTH * self._s_per_token[self._best]:
            self._best = threads
            self._s_per_token[threads] = seen
            self._pause = _FIRST_PAUSE_BATCHES
        else:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE_BATCHES)
        self._batches_left = self._pause
        self._is_up_next = not self._is_up_next

    def _neighbour(self) -> int:
        fewer, more = max(self._range.least, self._best - 1), min(self._range.most, self._best + 1)
        if fewer == self._best or more == self._best:
            return fewer if more == self._best else more
        return more if self._is_up_next else fewer
