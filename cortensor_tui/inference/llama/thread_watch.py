"""Feels its way, batch by batch, to the number of threads that is fastest now.

llama.cpp's threads wait for each other at every step of a layer, so one whose processor another program
uses holds up all: on two busy processors, batches of four tokens took 23 ms with two threads on a quiet
machine and 500 ms on a busy one, where a single thread needed 90.
"""

from __future__ import annotations

_FIRST_PAUSE_BATCHES = 4
_LONGEST_PAUSE_BATCHES = 512
_WORTH = 0.9  # of the time: less is noise
_FRESH_WEIGHT = 0.3
_WORSE = 1.5


class ThreadWatches:
    """One watch for each kind of batch: a prompt's or not, and of about as many tokens.

    A batch's time is mostly one reading of the weights, so that a token costs less in a larger one, however
    many threads there are: batches of different sizes say nothing about threads.
    """

    def __init__(self, first: int, most: int) -> None:
        self._first = first
        self._most = most
        self._watches: dict[tuple[bool, int], ThreadWatch] = {}

    def of(self, tokens: int, *, is_prompt: bool) -> ThreadWatch:
        """Return the watch for a batch of so many tokens."""
        kind = (is_prompt, tokens.bit_length())
        return self._watches.setdefault(kind, ThreadWatch(self._first, self._most))


class ThreadWatch:
    """Counts threads for one kind of batch, at most `most`.

    Now and then a batch is computed with one thread more or fewer, seldom while that does not pay, and soon
    again where batches have become slow.
    """

    def __init__(self, first: int, most: int) -> None:
        self._most = max(first, most)
        self._best = first
        self._s_per_token: dict[int, float] = {}
        self._pause = self._batches_left = _FIRST_PAUSE_BATCHES
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
        known = self._s_per_token.get(self._best, seen)
        if seen > _WORSE * known:
            self._pause = _FIRST_PAUSE_BATCHES
            self._batches_left = min(self._batches_left, self._pause)
        self._s_per_token[self._best] = known + (seen - known) * _FRESH_WEIGHT
        self._batches_left -= 1

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
        fewer, more = max(1, self._best - 1), min(self._most, self._best + 1)
        if fewer == self._best or more == self._best:
            return fewer if more == self._best else more
        return more if self._is_up_next else fewer
