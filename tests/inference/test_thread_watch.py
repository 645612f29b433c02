"""Threads follow what is fastest now, within what was settled, and not where that must not be."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortensor_tui.inference.llama.thread_choice import ThreadRange
from cortensor_tui.inference.llama.thread_watch import AdaptiveThreads, ThreadWatch

QUIET_MS = {1: 10.0, 2: 7.0}
BUSY_MS = {1: 20.0, 2: 500.0}


class Engine:
    """A model that keeps what threads it was told to use, and computes batches in the time they take."""

    def __init__(self, decode: ThreadRange, prefill: ThreadRange) -> None:
        self.decode_threads = decode
        self.prefill_threads = prefill
        self.in_use = (decode.settled, prefill.settled)
        self._adaptive = AdaptiveThreads(self)

    def use_threads(self, decode: int, prefill: int) -> None:
        self.in_use = (decode, prefill)

    def batch(
        self, counts: Sequence[int], time: Callable[[int], float], *, is_fixed: bool = False
    ) -> tuple[int, int]:
        """Compute a batch whose time depends on its threads; return the threads, for decode and prefill."""
        self._adaptive.settle(counts, is_fixed=is_fixed)
        used = self.in_use
        self._adaptive.saw(sum(counts), time(used[0] if sum(counts) == 1 else used[1]))
        return used


def up_to(most: int, settled: int | None = None) -> ThreadRange:
    return ThreadRange(settled=settled or most, least=1, most=most)


@given(settled=st.integers(1, 8), more=st.integers(0, 8), times=st.lists(st.floats(1e-6, 10), max_size=200))
def test_threads_stay_between_one_and_all(settled: int, more: int, times: list[float]) -> None:
    watch = ThreadWatch(up_to(settled + more, settled))
    for took_s in times:
        assert 1 <= watch.threads <= settled + more
        watch.saw(4, took_s)


def run(watch: ThreadWatch, time_s: Callable[[int], float], batches: int) -> list[int]:
    """Compute batches whose time depends on the threads; return the threads of each."""
    used = []
    for _ in range(batches):
        used.append(watch.threads)
        watch.saw(4, time_s(watch.threads))
    return used


@settings(max_examples=30, deadline=None)
@given(most=st.integers(2, 8), best=st.data())
def test_it_finds_the_fastest_and_stays_there(most: int, best: st.DataObject) -> None:
    fastest = best.draw(st.integers(1, most))
    watch = ThreadWatch(up_to(most))
    used = run(watch, lambda threads: 1.0 + abs(threads - fastest), 2_000)
    assert used[200:].count(fastest) > 0.97 * len(used[200:])


@pytest.mark.parametrize(("least", "most"), [(2, 64), (33, 512)], ids=["answers", "prompts"])
def test_batches_of_many_sizes_do_not_mislead_it(least: int, most: int) -> None:
    engine, sizes = Engine(up_to(8), up_to(8)), random.Random(1)
    used, tokens = [], 0

    def time(threads: int) -> float:
        return (20 + tokens) / threads  # the weights are read once a batch

    for _ in range(4_000):
        tokens = sizes.randint(least, most)
        used.append(engine.batch([tokens] if least > 2 else [1] * tokens, time)[1])
    assert used[-2_000:].count(8) > 0.9 * 2_000


def test_runs_that_come_and_go_on_a_quiet_machine_are_no_busy_one() -> None:
    engine, used = Engine(up_to(2), up_to(2)), []
    for number in range(2_000):
        runs = 7 if number % 2 else 4
        used.append(engine.batch([1] * runs, {1: 33.0, 2: 23.0}.__getitem__)[1])
    assert used.count(1) < 20


def test_a_machine_that_gets_busy_is_noticed_at_once_and_so_is_the_end_of_it() -> None:
    watch = ThreadWatch(up_to(2))
    run(watch, lambda threads: {1: 35, 2: 23}[threads], 2_000)
    busy = run(watch, lambda threads: {1: 90, 2: 500}[threads], 100)
    assert busy.count(2) < 20
    quiet = run(watch, lambda threads: {1: 35, 2: 23}[threads], 1_000)
    assert quiet[-200:].count(1) < 10


def test_one_answer_on_a_machine_that_gets_busy_gives_a_thread_back_within_three_tokens() -> None:
    engine = Engine(up_to(2), up_to(2))
    quiet = [engine.batch([1], QUIET_MS.__getitem__)[0] for _ in range(1_000)]
    assert quiet.count(1) < 10
    busy = [engine.batch([1], BUSY_MS.__getitem__)[0] for _ in range(1_000)]
    assert busy[:3] == [2, 2, 1]
    assert busy.count(2) < 15
    after = [engine.batch([1], QUIET_MS.__getitem__)[0] for _ in range(1_000)]
    assert after[-400:].count(2) > 395


def test_a_slow_token_now_and_then_is_no_busy_machine() -> None:
    def time(threads: int) -> float:
        return 30.0 if len(used) % 20 == 19 else QUIET_MS[threads]

    engine, used = Engine(up_to(2), up_to(2)), list[int]()
    while len(used) < 1_000:
        used.append(engine.batch([1], time)[0])
    assert used.count(1) < 10


def test_an_engine_that_starts_on_a_busy_machine_does_not_wait_for_a_quiet_moment() -> None:
    engine = Engine(up_to(2), up_to(2))
    assert [engine.batch([1], BUSY_MS.__getitem__)[0] for _ in range(8)] == [2, 2, 2, 2, 1, 1, 1, 1]


def test_one_answer_never_takes_more_threads_than_were_settled_on() -> None:
    engine = Engine(ThreadRange(settled=1, least=1, most=1), up_to(8))
    assert {engine.batch([1], lambda threads: 9 / threads)[0] for _ in range(1_000)} == {1}


def test_reproducible_runs_keep_to_what_was_settled_whatever_others_found() -> None:
    engine = Engine(up_to(2), up_to(2))
    for _ in range(20):
        engine.batch([1], BUSY_MS.__getitem__)
        engine.batch([1, 1], BUSY_MS.__getitem__)
    assert engine.in_use == (1, 1)
    used = {engine.batch(counts, BUSY_MS.__getitem__, is_fixed=True) for counts in ([64], *([[1]] * 40))}
    assert used == {(2, 2)}
    assert engine.batch([1], BUSY_MS.__getitem__)[0] == 1  # and the others know what they knew


def test_threads_that_somebody_asked_for_are_kept() -> None:
    asked = ThreadRange(settled=2, least=2, most=2)
    engine = Engine(asked, asked)
    for counts in ([1], [1, 1], [64]):
        assert {engine.batch(counts, BUSY_MS.__getitem__) for _ in range(40)} == {(2, 2)}
